#pragma once
// What would lift a forbid: `@remedy("approval:group=dba,n=2,ttl=15m; limit_rows:1000")`. Several together all apply.
//
//   approval:group=G[,n=N][,ttl=T]   a stage of N distinct people of G; sets approvals and approver_groups
//   limit_rows:N                     the answer stops after N rows; sets row_limit
//   mask[:class,...]                 masks these classes (none named: all) though unmask be permitted; sets masked
//   read_only                        runs where nothing can be written; sets read_only
//   reason_required[:min=N]          the caller says why, in N characters or more; sets reason_given

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/decision.h"

namespace libguard::policy {

namespace limits {
inline constexpr int kApproversMax = 100;                     // more is a slip of the pen, not a quorum
inline constexpr std::int64_t kApprovalTtlMaxS = 7 * 86'400;  // a yes older than a week was given to another situation
inline constexpr std::int64_t kReasonCharsMax = 1'000;        // more would be an essay, not a reason
inline constexpr std::size_t kMaskClassesMax = 100;
}  // namespace limits

struct Remedy {
  std::vector<Stage> stages;  // asked_by is left empty
  std::optional<std::int64_t> row_limit;
  bool mask = false;
  std::set<std::string> classes;  // of mask, as written; empty: all
  bool read_only = false;
  std::int64_t reason_min = 0;  // characters; 0: no reason is asked for
  std::string text;             // as written
  [[nodiscard]] bool empty() const { return stages.empty() && !row_limit && !mask && !read_only && reason_min == 0; }
  // Good for reads only: each makes an answer smaller or harmless, and no write.
  [[nodiscard]] bool for_reads() const { return row_limit || mask || read_only; }
};

// Nullopt, with half a sentence in `error`, for anything that is not a known remedy.
[[nodiscard]] std::optional<Remedy> parse_remedy(std::string_view text, std::string& error);

}  // namespace libguard::policy
