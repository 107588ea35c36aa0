#pragma once
// The entities of a request: attributes, tags and parents. Ancestors are the whole closure, never capped; a parent that
// has no entry of its own still is one.

#include <span>
#include <unordered_map>
#include <vector>

#include "policy/cedar/value.h"

namespace libguard::policy::cedar {

struct Entity {
  const Record* attributes = nullptr;  // nullptr: none
  const Record* tags = nullptr;
  std::vector<EntityIndex> parents;
};

class Entities {
 public:
  // False when it is there already.
  bool add(EntityIndex index, Entity entity) { return entities_.emplace(index, std::move(entity)).second; }
  [[nodiscard]] const Entity* find(EntityIndex index) const {
    auto found = entities_.find(index);
    return found == entities_.end() ? nullptr : &found->second;
  }
  // Every entity above `index`, sorted, without itself.
  [[nodiscard]] std::vector<EntityIndex> ancestors(EntityIndex index) const;
  [[nodiscard]] std::vector<EntityIndex> indexes() const;  // of all, ascending
  // Nothing may be its own ancestor.
  [[nodiscard]] bool has_cycle() const;

 private:
  std::unordered_map<EntityIndex, Entity> entities_;
};

// Ancestors as one evaluation asks for them. Not thread-safe.
class Hierarchy {
 public:
  explicit Hierarchy(const Entities& entities) : entities_(&entities) {}
  [[nodiscard]] std::span<const EntityIndex> ancestors(EntityIndex index);
  [[nodiscard]] const Entities& entities() const { return *entities_; }

 private:
  const Entities* entities_;
  std::unordered_map<EntityIndex, std::vector<EntityIndex>> known_;
};

}  // namespace libguard::policy::cedar
