#pragma once
// The policy texts that guard.yaml names: shipped roles, "libguard:baseline", files, and globs of one folder.

#include <string>
#include <vector>

#include "guard/yaml.h"
#include "policy/decider.h"

namespace libguard {

// Throws Error(configuration, "config.*"): a pattern that matches nothing can never apply.
[[nodiscard]] std::vector<policy::PolicySource> read_policies(const Section& root, const std::string& directory);

}  // namespace libguard
