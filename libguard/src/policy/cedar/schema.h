#pragma once
// A Cedar schema with every name looked up: which entity types and actions exist, what they hold and who may do what.
// Judges entities, contexts and requests (schema_conformance.h) and policies (validate/validator.h).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/cedar/schema_syntax.h"
#include "policy/cedar/types.h"

namespace libguard::policy::cedar {

struct EntityType {
  Symbol name = 0;
  TypeIndex shape = kNoType;      // a record
  TypeIndex tags = kNoType;       // kNoType: it has none
  std::vector<Symbol> ancestors;  // every type that it may be in, sorted; itself only if the schema says so
  std::shared_ptr<const std::vector<std::string>> choices;  // of an enum: its only ids, sorted; else null

  [[nodiscard]] bool allows_id(std::string_view id) const;
};

struct AppliesTo {
  std::vector<Symbol> principals;  // sorted, unique
  std::vector<Symbol> resources;
};

struct ActionType {
  EntityIndex uid = 0;
  std::vector<EntityIndex> ancestors;  // sorted
  std::shared_ptr<const AppliesTo> applies;
  TypeIndex context = kNoType;  // a record
};

// Immutable. Its symbols and entities are those of the Names that it was read with.
class Schema {
 public:
  [[nodiscard]] const EntityType* entity(Symbol type) const;
  [[nodiscard]] const ActionType* action(EntityIndex uid) const;
  [[nodiscard]] const std::vector<EntityType>& entities() const { return entities_; }
  [[nodiscard]] const std::vector<ActionType>& actions() const { return actions_; }
  [[nodiscard]] const TypeTable& types() const { return types_; }

 private:
  friend class SchemaResolver;
  TypeTable types_;
  std::vector<EntityType> entities_;
  std::vector<ActionType> actions_;
  std::unordered_map<Symbol, std::size_t> entity_at_;
  std::unordered_map<EntityIndex, std::size_t> action_at_;
};

// `Action`, or a name that ends so: the types of actions.
[[nodiscard]] bool is_action_type(std::string_view type) noexcept;

// Nullopt with `error` set for what Cedar refuses: undeclared, doubled, shadowing and cyclic names, a context that is
// no record. Never throws.
[[nodiscard]] std::optional<Schema> resolve_schema(const WrittenSchema& written, Names& names, SchemaError& error);
[[nodiscard]] std::optional<Schema> parse_schema(std::string_view source, Names& names, SchemaError& error);
// Text in a string, or the JSON form.
[[nodiscard]] std::optional<WrittenSchema> read_schema(const Json& json, SchemaError& error);

}  // namespace libguard::policy::cedar
