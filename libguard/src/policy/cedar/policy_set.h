#pragma once
// Policies ready to be asked: immutable once frozen, indexed by the anchors of their scopes. The index is sound (it
// never leaves out a policy whose scope matches) and takes every ancestor into account.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/cedar/ast.h"
#include "policy/cedar/machine.h"
#include "policy/cedar/scope_index.h"

namespace libguard::policy::cedar {

using PolicyIndex = std::uint32_t;

struct Policy {
  std::string id;
  bool permit = false;
  Scope principal;
  ActionScope action;
  Scope resource;
  std::shared_ptr<const Program> condition;  // nullptr: none
};

struct Answer {
  std::vector<PolicyIndex> permits;  // satisfied, ascending
  std::vector<PolicyIndex> forbids;
  std::vector<std::pair<PolicyIndex, EvalError>> errors;
  void clear() {
    permits.clear();
    forbids.clear();
    errors.clear();
  }
};

class PolicySet {
 public:
  void add(Policy policy) { policies_.push_back(std::move(policy)); }
  // Builds the index; no policy may be added after it.
  void freeze();

  [[nodiscard]] const std::vector<Policy>& policies() const { return policies_; }
  // `answer` is cleared first. With `scan`, every policy is looked at in turn: the measure of the index in tests.
  void ask(const EvalRequest& request, const Names& names, Machine& machine, Answer& answer, bool scan = false) const;

 private:
  std::vector<Policy> policies_;
  ScopeIndex index_;
};

[[nodiscard]] bool scope_matches(const Policy& policy, const EvalRequest& request, const Names& names);

}  // namespace libguard::policy::cedar
