#pragma once
// Whether entities and requests keep to a schema: types, required and unknown attributes, parents, ids of enums, and
// who may do what. What keeps to it can make no valid policy err over a type or a missing attribute.

#include <string>

#include "policy/cedar/entities.h"
#include "policy/cedar/schema.h"

namespace libguard::policy::cedar {

// Values nest at most as deep as the readers of JSON let them. Not thread-safe.
class Conformance {
 public:
  Conformance(const Schema& schema, const Names& names) : schema_(schema), names_(names) {}

  // The actions of the schema with their groups, where `all` does not list them.
  void add_actions(Entities& all) const;

  // Each is empty, or a sentence without a full stop about the first thing that is wrong. Values are not shown.
  [[nodiscard]] std::string entities(const Entities& all) const;
  [[nodiscard]] std::string entity(EntityIndex uid, const Entity& entity, const Entities& all) const;
  [[nodiscard]] std::string request(EntityIndex principal, EntityIndex action, EntityIndex resource,
                                    const Record& context) const;

 private:
  [[nodiscard]] std::string value(const Value& value, TypeIndex type, const std::string& what) const;
  [[nodiscard]] std::string record(const Record& record, TypeIndex type, const std::string& what) const;
  [[nodiscard]] std::string id(EntityIndex uid) const;
  [[nodiscard]] std::string action(EntityIndex uid, const Entity& entity, const Entities& all) const;
  [[nodiscard]] std::string parents(EntityIndex uid, const Entity& entity, const EntityType& declared) const;
  [[nodiscard]] std::string tags(const Entity& entity, const EntityType& declared, const std::string& what) const;

  const Schema& schema_;
  const Names& names_;
};

}  // namespace libguard::policy::cedar
