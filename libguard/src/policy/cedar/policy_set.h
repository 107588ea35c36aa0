#pragma once
// Policies ready to be asked: immutable once frozen, indexed by the anchors of their scopes.
//
// The slice of a request is the policies whose scope matches it. A policy outside the slice can neither decide nor err:
// a policy takes part only when its scope matches, matching a scope cannot err, and only a condition reads context and
// entities (Cedar, "sound policy slicing"). So it is enough to find the slice, whatever the context holds, and to run
// the conditions in it; tests/policy/index_test.cpp compares with a scan of all policies.

#include <cstdint>
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

// One policy of a slice.
struct Candidate {
  PolicyIndex policy = 0;
  bool permit = false;
  const Program* condition = nullptr;
};

class PolicySet {
 public:
  void add(Policy policy) { policies_.push_back(std::move(policy)); }
  // Builds the index; no policy may be added after it.
  void freeze();

  [[nodiscard]] const std::vector<Policy>& policies() const { return policies_; }
  // Of no other frozen set of this process, alive or gone.
  [[nodiscard]] std::uint64_t id() const { return id_; }
  // The slice of a request, ascending; `out` is cleared first. The context of the request plays no part in it.
  void slice(const EvalRequest& request, const Names& names, std::vector<Candidate>& out) const;
  // Runs the conditions of a slice. `answer` is cleared first.
  static void ask(std::span<const Candidate> slice, const EvalRequest& request, Machine& machine, Answer& answer);
  // Both. With `scan`, every policy is looked at in turn: the measure of the index in tests.
  void ask(const EvalRequest& request, const Names& names, Machine& machine, Answer& answer, bool scan = false) const;

 private:
  std::vector<Policy> policies_;
  ScopeIndex index_;
  std::uint64_t id_ = 0;
};

[[nodiscard]] bool scope_matches(const Policy& policy, const EvalRequest& request, const Names& names);

}  // namespace libguard::policy::cedar
