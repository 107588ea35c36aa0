#pragma once
// What is wrong, or likely wrong, with a policy set, found without running anything: `libguard policy check`. Codes are
// stable; docs/POLICY_TOOLS.md has the table.

#include <memory>
#include <string>
#include <vector>

#include "model/frame.h"
#include "policy/lint/universe.h"

namespace libguard::policy {

enum class Severity { note, warning, error };
[[nodiscard]] const char* to_string(Severity severity) noexcept;

struct Finding {
  std::string code;
  Severity severity = Severity::warning;
  std::string policy;  // id, "" when it is about a file or the set
  std::string file;
  std::size_t line = 0, column = 0;
  std::string message, fix;
  std::string excerpt = {};  // the line with a caret below, made safe to show; "" without a place
};

// Sorted by file and place. `catalogues` may lack a connection: what hangs on it is a `not_decided` note then.
[[nodiscard]] std::vector<Finding> lint(const std::vector<PolicySource>& sources, std::shared_ptr<const Frame> frame,
                                        const Catalogues& catalogues);

}  // namespace libguard::policy
