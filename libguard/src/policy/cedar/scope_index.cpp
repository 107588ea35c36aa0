#include "policy/cedar/scope_index.h"

#include "policy/cedar/policy_set.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kLeafMax = 8;
constexpr int kDepths = 3;

bool anchored(const Scope& scope) {
  return scope.kind == ScopeKind::equal || scope.kind == ScopeKind::in || scope.kind == ScopeKind::is_in;
}

// The keys under which a policy is filed at this depth; `any` when it has none there. An action list files it under
// each of its members, an empty one nowhere: `action in []` matches nothing.
std::vector<EntityIndex> keys_of(const Policy& policy, int depth, bool& any) {
  any = false;
  if (depth == 2) {
    any = policy.action.kind == ScopeKind::any;
    return policy.action.entities;
  }
  const Scope& scope = depth == 0 ? policy.principal : policy.resource;
  if (anchored(scope)) return {scope.entity};
  any = true;
  return {};
}

const Anchored& part_of(const EvalRequest& request, int depth) {
  return depth == 0 ? request.principal : depth == 1 ? request.resource : request.action;
}

}  // namespace

void ScopeIndex::build(const std::vector<Policy>& policies) {
  root_ = Level{};
  for (std::uint32_t i = 0; i < policies.size(); ++i) root_.list.push_back(i);
  split(root_, policies, 0);
}

void ScopeIndex::split(Level& level, const std::vector<Policy>& policies, int depth) {
  if (level.list.size() <= kLeafMax || depth == kDepths) return;
  level.leaf = false;
  for (std::uint32_t policy : level.list) {
    bool any = false;
    for (EntityIndex key : keys_of(policies[policy], depth, any)) {
      std::unique_ptr<Level>& child = level.children[key];
      if (!child) child = std::make_unique<Level>();
      if (child->list.empty() || child->list.back() != policy) child->list.push_back(policy);
    }
    if (!any) continue;
    if (!level.unanchored) level.unanchored = std::make_unique<Level>();
    level.unanchored->list.push_back(policy);
  }
  level.list.clear();
  level.list.shrink_to_fit();
  for (auto& [key, child] : level.children) split(*child, policies, depth + 1);
  if (level.unanchored) split(*level.unanchored, policies, depth + 1);
}

void ScopeIndex::collect(const Level& level, const EvalRequest& request, int depth, std::vector<std::uint32_t>& out) {
  if (level.leaf) {
    out.insert(out.end(), level.list.begin(), level.list.end());
    return;
  }
  if (level.unanchored) collect(*level.unanchored, request, depth + 1, out);
  if (level.children.empty()) return;
  const Anchored& part = part_of(request, depth);
  auto descend = [&](EntityIndex key) {
    auto child = level.children.find(key);
    if (child != level.children.end()) collect(*child->second, request, depth + 1, out);
  };
  descend(part.entity);
  for (EntityIndex ancestor : part.ancestors) {
    if (ancestor != part.entity) descend(ancestor);
  }
}

void ScopeIndex::candidates(const EvalRequest& request, std::vector<std::uint32_t>& out) const {
  collect(root_, request, 0, out);
}

}  // namespace libguard::policy::cedar
