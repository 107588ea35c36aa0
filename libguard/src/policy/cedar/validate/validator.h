#pragma once
// Cedar's strict validator: whether a policy can be evaluated without a type error, whatever the entities and requests
// are, as long as they keep to the schema. Over Cedar it refuses only what is too deep or takes too long.

#include <optional>
#include <vector>

#include "policy/cedar/ast.h"
#include "policy/cedar/validate/checker.h"

namespace libguard::policy::cedar {

// What a link fills into a template.
struct SlotValues {
  std::optional<EntityIndex> principal;
  std::optional<EntityIndex> resource;
};

// Not thread-safe. `schema` and `names` must outlive it; `names` are those of the schema and of the policies.
class Validator {
 public:
  Validator(const Schema& schema, Names& names);

  // A policy or template; no finding that is an error: it is valid.
  [[nodiscard]] std::vector<Finding> check(const ParsedPolicy& policy);
  [[nodiscard]] std::vector<Finding> check_link(const ParsedPolicy& policy, const SlotValues& values);

 private:
  enum class Truth { no, maybe, yes };

  void check_names(const ParsedPolicy& policy, Findings& findings);
  void check_type(Symbol type, std::size_t offset, Findings& findings);
  void check_entity(EntityIndex entity, std::size_t offset, Findings& findings);
  void check_application(const ParsedPolicy& policy, Findings& findings);
  void check_environments(const ParsedPolicy& policy, Findings& findings);

  [[nodiscard]] std::vector<const ActionType*> actions_of(const ActionScope& scope) const;
  [[nodiscard]] std::vector<Symbol> types_of(const Scope& scope) const;
  [[nodiscard]] Truth truth_of(const Scope& scope, Symbol type) const;
  [[nodiscard]] Truth truth_of(const ActionScope& scope, EntityIndex action) const;
  [[nodiscard]] std::vector<const ActionType*> candidates(const ActionScope& scope) const;
  void check_action_list(const ActionScope& scope, Findings& findings);
  [[nodiscard]] bool may_be_in(Symbol type, Symbol container) const;
  [[nodiscard]] std::string nearest_type(Symbol type) const;
  [[nodiscard]] std::string nearest_action(EntityIndex action) const;

  CheckedSchema checked_;
  std::vector<Symbol> all_types_;  // sorted
};

}  // namespace libguard::policy::cedar
