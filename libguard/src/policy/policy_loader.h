#pragma once
// Policy files as one set, with everything that is refused before it can do harm: syntax, ids, unknown words, remedies,
// and a permit that reads what only the process says.

#include <optional>
#include <string>
#include <vector>

#include "policy/cedar/policy_set.h"
#include "policy/decider.h"
#include "policy/remedy.h"
#include "policy/vocabulary.h"

namespace libguard::policy {

// What belongs to a policy beside its Cedar meaning; the same index as in the set.
struct PolicyNote {
  std::string where;   // "policies/support.cedar:6"
  std::string reason;  // @reason or @advice, may be empty
  Remedy remedy;
};

struct LoadedPolicies {
  cedar::Heap heap;
  cedar::PolicySet set;
  std::vector<PolicyNote> notes;
  std::vector<bool> context_used;  // by symbol: some policy may look at it
};

// Throws Error(configuration, "policy.*"); the sentence begins with file, line and column.
[[nodiscard]] LoadedPolicies load_policies(const std::vector<PolicySource>& sources, Vocabulary& vocabulary);

}  // namespace libguard::policy
