#pragma once
// Cedar's JSON form of policies, read back. As strict as the text: what no text could say is refused.

#include "policy/cedar/library.h"

namespace libguard::policy::cedar {

namespace limits {
// Levels of JSON in a policy set. A chain of operators is two levels an operator; no reader of ours recurses over it.
inline constexpr int kEstNestingMax = 60'000;
}  // namespace limits

// A policy set, `{"staticPolicies", "templates", "templateLinks"}`, or one policy alone, which is then "policy0".
// Policies come in the natural order of their ids, so that "policy10" stands behind "policy9".
[[nodiscard]] std::optional<Complaint> library_of_est(const Json& json, Names& names, Heap& heap, Library& out);
// The same for text of any bytes.
[[nodiscard]] std::optional<Complaint> library_of_est(std::string_view text, Names& names, Heap& heap, Library& out);

}  // namespace libguard::policy::cedar
