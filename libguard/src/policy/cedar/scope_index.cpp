#include "policy/cedar/scope_index.h"

#include <algorithm>
#include <bit>

#include "policy/cedar/policy_set.h"

namespace libguard::policy::cedar {
namespace {

// So few policies are quicker looked at than looked up.
constexpr std::size_t kLeafMax = 8;
constexpr int kDepths = 3;

bool anchored(const Scope& scope) {
  return scope.kind == ScopeKind::equal || scope.kind == ScopeKind::in || scope.kind == ScopeKind::is_in;
}

// Calls `file` with each anchor under which a policy is filed at this depth; false when it has none there. An action
// list files it under each of its members, an empty one nowhere: `action in []` matches nothing.
template <typename File>
bool for_each_anchor(const Policy& policy, int depth, const File& file) {
  if (depth == 2) {
    for (EntityIndex action : policy.action.entities) file(action);
    return policy.action.kind != ScopeKind::any;
  }
  const Scope& scope = depth == 0 ? policy.principal : policy.resource;
  if (!anchored(scope)) return false;
  file(scope.entity);
  return true;
}

const Anchored& part_of(const EvalRequest& request, int depth) {
  return depth == 0 ? request.principal : depth == 1 ? request.resource : request.action;
}

}  // namespace

void ScopeIndex::build(const std::vector<Policy>& policies) {
  *this = ScopeIndex{};
  std::vector<std::uint32_t> all(policies.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  root_ = split(std::move(all), policies, 0);
  hash_edges();
}

// Three calls deep at most.
std::uint32_t ScopeIndex::split(std::vector<std::uint32_t> members, const std::vector<Policy>& policies, int depth) {
  auto at = static_cast<std::uint32_t>(branches_.size());
  branches_.emplace_back();
  if (members.size() <= kLeafMax || depth == kDepths) {
    branches_[at].first = static_cast<std::uint32_t>(policies_.size());
    branches_[at].count = static_cast<std::uint32_t>(members.size());
    policies_.insert(policies_.end(), members.begin(), members.end());
    return at;
  }
  std::vector<std::pair<EntityIndex, std::uint32_t>> filed;
  std::vector<std::uint32_t> unanchored;
  for (std::uint32_t policy : members) {
    auto file = [&](EntityIndex anchor) { filed.emplace_back(anchor, policy); };
    if (!for_each_anchor(policies[policy], depth, file)) unanchored.push_back(policy);
  }
  members = {};
  std::sort(filed.begin(), filed.end());
  filed.erase(std::unique(filed.begin(), filed.end()), filed.end());
  std::vector<Edge> children;
  for (std::size_t i = 0; i < filed.size();) {
    EntityIndex anchor = filed[i].first;
    std::vector<std::uint32_t> below;
    for (; i < filed.size() && filed[i].first == anchor; ++i) below.push_back(filed[i].second);
    children.push_back({anchor, split(std::move(below), policies, depth + 1)});
  }
  std::uint32_t rest = unanchored.empty() ? kNone : split(std::move(unanchored), policies, depth + 1);
  branches_[at] = {static_cast<std::uint32_t>(edges_.size()), static_cast<std::uint32_t>(children.size()), rest, false};
  edges_.insert(edges_.end(), children.begin(), children.end());
  return at;
}

std::size_t ScopeIndex::slot_of(std::uint32_t parent, EntityIndex anchor) const {
  std::uint64_t mixed = (static_cast<std::uint64_t>(parent) << 32 | anchor) * 0x9E3779B97F4A7C15ULL;
  auto at = static_cast<std::size_t>(mixed >> 32) & (slots_.size() - 1);
  while (slots_[at].parent != kNone && (slots_[at].parent != parent || slots_[at].anchor != anchor))
    at = (at + 1) & (slots_.size() - 1);
  return at;
}

void ScopeIndex::hash_edges() {
  slots_.assign(std::bit_ceil(edges_.size() * 2 + 1), Slot{});
  for (std::uint32_t parent = 0; parent < branches_.size(); ++parent) {
    const Branch& branch = branches_[parent];
    for (std::uint32_t i = 0; !branch.leaf && i < branch.count; ++i) {
      const Edge& edge = edges_[branch.first + i];
      slots_[slot_of(parent, edge.anchor)] = {parent, edge.anchor, edge.branch};
    }
  }
}

void ScopeIndex::descend(std::uint32_t at, EntityIndex anchor, const EvalRequest& request, int depth,
                         std::vector<std::uint32_t>& out) const {
  const Slot& slot = slots_[slot_of(at, anchor)];
  if (slot.parent != kNone) collect(slot.branch, request, depth + 1, out);
}

void ScopeIndex::collect(std::uint32_t at, const EvalRequest& request, int depth,
                         std::vector<std::uint32_t>& out) const {
  const Branch& branch = branches_[at];
  if (branch.leaf) {
    auto first = policies_.begin() + branch.first;
    out.insert(out.end(), first, first + branch.count);
    return;
  }
  if (branch.unanchored != kNone) collect(branch.unanchored, request, depth + 1, out);
  const Anchored& part = part_of(request, depth);
  // Whichever are fewer are gone through: the anchors filed here, or what the request is in.
  if (branch.count <= part.ancestors.size()) {
    for (std::uint32_t i = 0; i < branch.count; ++i) {
      const Edge& edge = edges_[branch.first + i];
      if (is_in(part, edge.anchor)) collect(edge.branch, request, depth + 1, out);
    }
    return;
  }
  descend(at, part.entity, request, depth, out);
  for (EntityIndex ancestor : part.ancestors) {
    if (ancestor != part.entity) descend(at, ancestor, request, depth, out);
  }
}

void ScopeIndex::candidates(const EvalRequest& request, std::vector<std::uint32_t>& out) const {
  if (root_ != kNone) collect(root_, request, 0, out);
}

}  // namespace libguard::policy::cedar
