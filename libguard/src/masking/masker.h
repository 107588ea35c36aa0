#pragma once
// What may be seen. Column rules first (lineage that is safe rather than clever), then value detectors on whatever
// text is left. If anything here fails, nothing leaves (promise 4). The only maker of a MaskedResult.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "masking/detector.h"
#include "masking/operator.h"
#include "model/command.h"
#include "model/frame.h"
#include "model/result.h"

namespace libguard::masking {

struct ColumnRule;

// What one result column is masked with; made from the decision before anything runs.
struct ColumnPlan {
  bool mask = false;
  std::string data_class;  // the class; several: joined by '+', the strictest operator applies
  std::string show;        // operator spec
  bool permitted = false;  // every source has classes, and all of them may be seen: detectors hide nothing of it
};

struct MaskPlan {
  std::vector<ColumnPlan> columns;       // by position, from command.reveals
  std::set<std::string> masked_classes;  // classes that were not permitted
  bool mask_everything = false;          // lineage unknown
};

// `masked`: the classes whose unmask was not permitted (Decision::masked_classes). Throws
// Error(configuration, "masking.operator") when a class has a show spec that is not supported.
[[nodiscard]] MaskPlan plan_for(const Command& command, const std::set<std::string>& masked, const Frame& frame);

// Thread-safe.
class Masker {
 public:
  // `detectors` in order; the default set is builtin_detectors(). `detect_show`: operator for detected spans ("label").
  Masker(std::shared_ptr<const Frame> frame, std::vector<std::shared_ptr<const Detector>> detectors,
         const std::string& detect_show);

  // Consumes the result. A column is masked when the plan says so, or when the server's own word (origin) names a
  // column of a masked class or a table that the parser did not see, or when the number of columns differs from the
  // plan (then every column is masked). Detectors judge the rest, but not a column whose every source is classified and
  // permitted.
  [[nodiscard]] MaskedResult mask(RawResult&& raw, const Command& command, const MaskPlan& plan) const;
  // Values that only detectors judge: tool answers, and what goes into records (arguments, explanations).
  [[nodiscard]] MaskedResult mask_text(RawResult&& raw) const;
  [[nodiscard]] std::string scrub(std::string_view text) const;
  // Of no other masker of this process, alive or gone.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

 private:
  [[nodiscard]] MaskedResult run(RawResult&& raw, const std::vector<ColumnRule>& rules) const;

  std::shared_ptr<const Frame> frame_;
  std::vector<std::shared_ptr<const Detector>> detectors_;
  Operator detect_show_;
  std::uint64_t id_ = 0;
};

// One line of `libguard mask --batch`: {id, text} -> {id, masked, spans}; never throws.
[[nodiscard]] std::string mask_line(std::string_view line, std::string_view operator_spec);

}  // namespace libguard::masking
