#include "policy/cedar/entities.h"

#include <algorithm>
#include <unordered_set>

namespace libguard::policy::cedar {

std::vector<EntityIndex> Entities::ancestors(EntityIndex index) const {
  std::vector<EntityIndex> found;
  std::unordered_set<EntityIndex> seen;
  std::vector<EntityIndex> open{index};
  while (!open.empty()) {
    const Entity* entity = find(open.back());
    open.pop_back();
    if (entity == nullptr) continue;
    for (EntityIndex parent : entity->parents) {
      if (!seen.insert(parent).second) continue;
      found.push_back(parent);
      open.push_back(parent);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<EntityIndex> Entities::indexes() const {
  std::vector<EntityIndex> out;
  out.reserve(entities_.size());
  for (const auto& [index, entity] : entities_) out.push_back(index);
  std::sort(out.begin(), out.end());
  return out;
}

bool Entities::has_cycle() const {
  // Kahn's algorithm: what cannot be taken off from the top is in, or below, a cycle.
  std::unordered_map<EntityIndex, std::size_t> waiting;
  std::unordered_map<EntityIndex, std::vector<EntityIndex>> children;
  std::vector<EntityIndex> ready;
  for (const auto& [index, entity] : entities_) {
    std::size_t known = 0;
    for (EntityIndex parent : entity.parents) {
      if (find(parent) == nullptr) continue;
      children[parent].push_back(index);
      ++known;
    }
    waiting[index] = known;
    if (known == 0) ready.push_back(index);
  }
  std::size_t taken = 0;
  while (!ready.empty()) {
    EntityIndex index = ready.back();
    ready.pop_back();
    ++taken;
    auto below = children.find(index);
    if (below == children.end()) continue;
    for (EntityIndex child : below->second) {
      if (--waiting[child] == 0) ready.push_back(child);
    }
  }
  return taken != entities_.size();
}

std::span<const EntityIndex> Hierarchy::ancestors(EntityIndex index) {
  auto found = known_.find(index);
  if (found == known_.end()) found = known_.emplace(index, entities_->ancestors(index)).first;
  return found->second;
}

}  // namespace libguard::policy::cedar
