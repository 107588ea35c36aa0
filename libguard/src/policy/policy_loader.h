#pragma once
// Policy files as one set, with everything that is refused before it can do harm: syntax, ids, unknown words, remedies,
// and a permit that reads what only the process says.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/cedar/policy_set.h"
#include "policy/decider.h"
#include "policy/remedy.h"
#include "policy/vocabulary.h"

namespace libguard::policy {

// A condition compares a counter with a number: `context.session_rows >= 1000` in a forbid.
struct BudgetTest {
  Counter counter;
  std::int64_t limit = 0;  // the first count that is too much
};

// What belongs to a policy beside its Cedar meaning; the same index as in the set.
struct PolicyNote {
  std::string where;   // "policies/support.cedar:6"
  std::string reason;  // @reason or @advice, may be empty
  Remedy remedy;
  std::set<std::string> masks;  // remedy.classes as classes of the frame, those below them included
  std::vector<BudgetTest> budgets;
};

struct LoadedPolicies {
  cedar::Heap heap;
  cedar::PolicySet set;
  std::vector<PolicyNote> notes;
  std::vector<bool> context_used;  // by symbol: some policy may look at it
  std::int64_t reason_min = 0;     // the longest reason that any remedy asks for
};

// Throws Error(configuration, "policy.*"); the sentence begins with file, line and column.
[[nodiscard]] LoadedPolicies load_policies(const std::vector<PolicySource>& sources, Vocabulary& vocabulary);

}  // namespace libguard::policy
