#pragma once
// What would lift a forbid: `@remedy("approval:group=dba,n=2,ttl=15m; limit_rows:1000")`.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/decision.h"

namespace libguard::policy {

namespace limits {
inline constexpr int kApproversMax = 100;                     // more is a slip of the pen, not a quorum
inline constexpr std::int64_t kApprovalTtlMaxS = 7 * 86'400;  // a yes older than a week was given to another situation
}  // namespace limits

struct Remedy {
  std::vector<Stage> stages;  // asked_by is left empty
  std::optional<std::int64_t> row_limit;
  [[nodiscard]] bool empty() const { return stages.empty() && !row_limit; }
};

// Nullopt, with half a sentence in `error`, for anything that is not a known remedy.
[[nodiscard]] std::optional<Remedy> parse_remedy(std::string_view text, std::string& error);

}  // namespace libguard::policy
