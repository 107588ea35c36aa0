#include "policy/cedar/policy_set.h"

#include <algorithm>

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

void PolicySet::freeze() { index_.build(policies_); }

void PolicySet::ask(const EvalRequest& request, const Names& names, Machine& machine, Answer& answer, bool scan) const {
  answer.clear();
  thread_local std::vector<std::uint32_t> candidates;
  candidates.clear();
  if (scan) {
    for (std::uint32_t i = 0; i < policies_.size(); ++i) candidates.push_back(i);
  } else {
    index_.candidates(request, candidates);
    // An action list can file one policy under several of the request's actions.
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  }
  for (PolicyIndex index : candidates) {
    const Policy& policy = policies_[index];
    if (!scope_matches(policy, request, names)) continue;
    bool holds = true;
    EvalError error = EvalError::none;
    if (policy.condition) error = machine.holds(*policy.condition, request, holds);
    if (error != EvalError::none)
      answer.errors.emplace_back(index, error);
    else if (holds)
      (policy.permit ? answer.permits : answer.forbids).push_back(index);
  }
  machine.reset();
}

}  // namespace libguard::policy::cedar
