#pragma once
// Cedar's JSON forms of entities, requests and template links (docs.cedarpolicy.com, "Entities JSON"). Values are
// explicit: `__entity` and `__extn` mark entities and extension values. With a schema, plain forms are read as the
// type that the schema gives.

#include <optional>
#include <string>

#include "base/json.h"
#include "policy/cedar/entities.h"
#include "policy/cedar/extension.h"
#include "policy/cedar/schema.h"

namespace libguard::policy::cedar {

class JsonReader {
 public:
  // Everything must outlive what is read. `schema` may be null.
  JsonReader(Names& names, Heap& heap, const Schema* schema) : names_(names), heap_(heap), schema_(schema) {}

  // Each returns nullopt (or false) after a failure and then `error()` says why, showing no value.
  [[nodiscard]] std::optional<Value> value(const Json& json, TypeIndex type = kNoType);
  [[nodiscard]] std::optional<EntityIndex> uid(const Json& json);
  [[nodiscard]] bool entities(const Json& json, Entities& out);
  // The context of a request; a missing one is empty.
  [[nodiscard]] const Record* context(const Json* json, EntityIndex action);
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  bool entity(const Json& json, Entities& out);
  std::optional<Value> entity_value(const Json& json);
  std::optional<Value> object(const Json& json, TypeIndex type);
  std::optional<Value> typed_text(const Json& json, TypeIndex type);
  std::optional<Value> set(const Json& json, TypeIndex type);
  [[nodiscard]] bool is(TypeIndex type, TypeKind kind) const {
    return type != kNoType && schema_ != nullptr && schema_->types().is(type, kind);
  }
  // The constructor of an extension type.
  [[nodiscard]] const FunctionSpec* constructor_of(TypeIndex type) const;
  std::optional<Value> extension(const Json& json);
  std::optional<Value> call_extension(const FunctionSpec& spec, const std::vector<Value>& arguments);
  const Record* record(const Json* json, TypeIndex type);
  const Record* tags(const Json& json, TypeIndex type);
  std::nullopt_t fail(const char* message) {
    if (error_.empty()) error_ = message;
    return std::nullopt;
  }

  Names& names_;
  Heap& heap_;
  const Schema* schema_;
  std::string error_;
};

[[nodiscard]] bool is_type_name(std::string_view text);

}  // namespace libguard::policy::cedar
