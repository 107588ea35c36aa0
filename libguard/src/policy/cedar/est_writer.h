#pragma once
// Policies in Cedar's JSON form (docs.cedarpolicy.com, "Policy JSON"), as Cedar itself writes it for a text: operators
// as they were written, `has a.b` as the conditions that it stands for, a list of one action as that action.

#include <optional>
#include <string>

#include "policy/cedar/library.h"

namespace libguard::policy::cedar {

// `{"templates": {...}, "staticPolicies": {...}, "templateLinks": [...]}`; nullopt when it would pass kWrittenBytesMax.
[[nodiscard]] std::optional<std::string> to_est(const Library& library, const Names& names);

}  // namespace libguard::policy::cedar
