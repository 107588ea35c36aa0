#pragma once
// What happens to each column of a result: the plan, corrected by the server's own word.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "masking/masker.h"

namespace libguard::masking {

// The name in records of a column whose lineage nobody could prove.
inline constexpr const char* kUnprovenClass = "unproven";

struct ColumnRule {
  std::string data_class;        // empty: no class masks this column
  std::optional<Operator> hide;  // the whole column
  bool detect = true;            // value detectors on what is shown
  // That a column holds nothing may be seen. That an expression over it gives nothing is an answer to a question about
  // its value: nullif(ssn, '...'), array_position(ARRAY['...'], ssn), substring(ssn from '^5').
  bool hide_null = false;
};

// The plan for a column of these classes, all of them masked; none of them: nothing is masked.
[[nodiscard]] ColumnPlan plan_of(const std::set<std::string>& classes, const Frame& frame);

[[nodiscard]] std::vector<ColumnRule> column_rules(const std::vector<RawColumn>& columns, const Command& command,
                                                   const MaskPlan& plan, const Frame& frame);

}  // namespace libguard::masking
