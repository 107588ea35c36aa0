#include "policy/cedar/policy_set.h"

#include <algorithm>
#include <atomic>

namespace libguard::policy::cedar {
namespace {

bool matches(const Scope& scope, const Anchored& part, const Names& names) {
  switch (scope.kind) {
    case ScopeKind::any:
      return true;
    case ScopeKind::equal:
      return part.entity == scope.entity;
    case ScopeKind::in:
      return is_in(part, scope.entity);
    case ScopeKind::is:
      return names.type_of(part.entity) == scope.type;
    case ScopeKind::is_in:
      return names.type_of(part.entity) == scope.type && is_in(part, scope.entity);
  }
  return false;
}

bool matches(const ActionScope& scope, const Anchored& action) {
  if (scope.kind == ScopeKind::any) return true;
  if (scope.kind == ScopeKind::equal) return action.entity == scope.entities.front();
  return std::any_of(scope.entities.begin(), scope.entities.end(), [&](EntityIndex e) { return is_in(action, e); });
}

}  // namespace

bool scope_matches(const Policy& policy, const EvalRequest& request, const Names& names) {
  return matches(policy.action, request.action) && matches(policy.principal, request.principal, names) &&
         matches(policy.resource, request.resource, names);
}

void PolicySet::freeze() {
  static std::atomic<std::uint64_t> last{0};
  index_.build(policies_);
  id_ = ++last;
}

void PolicySet::slice(const EvalRequest& request, const Names& names, std::vector<Candidate>& out) const {
  thread_local std::vector<std::uint32_t> found;
  found.clear();
  index_.candidates(request, found);
  // An action list files one policy under several actions.
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  out.clear();
  for (PolicyIndex index : found) {
    const Policy& policy = policies_[index];
    if (scope_matches(policy, request, names)) out.push_back({index, policy.permit, policy.condition.get()});
  }
}

void PolicySet::ask(std::span<const Candidate> slice, const EvalRequest& request, Machine& machine, Answer& answer) {
  answer.clear();
  for (const Candidate& candidate : slice) {
    bool holds = true;
    EvalError error = EvalError::none;
    if (candidate.condition != nullptr) error = machine.holds(*candidate.condition, request, holds);
    if (error != EvalError::none)
      answer.errors.emplace_back(candidate.policy, error);
    else if (holds)
      (candidate.permit ? answer.permits : answer.forbids).push_back(candidate.policy);
  }
  machine.reset();
}

void PolicySet::ask(const EvalRequest& request, const Names& names, Machine& machine, Answer& answer, bool scan) const {
  thread_local std::vector<Candidate> candidates;
  candidates.clear();
  if (!scan) slice(request, names, candidates);
  for (PolicyIndex i = 0; scan && i < policies_.size(); ++i) {
    const Policy& policy = policies_[i];
    if (scope_matches(policy, request, names)) candidates.push_back({i, policy.permit, policy.condition.get()});
  }
  ask(candidates, request, machine, answer);
}

}  // namespace libguard::policy::cedar
