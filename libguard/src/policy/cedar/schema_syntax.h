#pragma once
// A schema as it is written, the same for both of its forms (docs.cedarpolicy.com, "Cedar schema format", "JSON schema
// format"): names are not looked up yet, so that one form can be turned into the other.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace libguard::policy::cedar {

namespace limits {
// Sets and records in each other, common types followed.
inline constexpr int kTypeDepthMax = 100;
inline constexpr std::size_t kSchemaBytesMax = 4 * 1024 * 1024;
// Entity types, common types and actions together; AWS has about 18,000 actions.
inline constexpr std::size_t kSchemaDeclarationsMax = 50'000;
}  // namespace limits

// One sentence without a full stop; shows at most one name of the text.
struct SchemaError {
  std::string message;
  std::size_t offset = 0;  // in the text form
};

struct WrittenAttribute;

struct WrittenType {
  enum class Kind {
    name,    // whichever is declared, a common type first
    common,  // JSON: {"type": "T"}; text: a context named by type
    entity,  // JSON: {"type": "Entity", "name": "T"}
    extension,
    boolean,
    integer,
    text,
    set,
    record
  } kind = Kind::record;
  std::string name;
  std::vector<WrittenType> element;          // set: one
  std::vector<WrittenAttribute> attributes;  // record
  std::size_t offset = 0;
};

using WrittenAnnotations = std::vector<std::pair<std::string, std::string>>;

struct WrittenAttribute {
  std::string name;
  bool required = true;
  WrittenType type;
  WrittenAnnotations annotations;
};

struct WrittenName {
  std::string name;
  std::size_t offset = 0;
};

// `entity A, B in [C] { ... } tags T;` or `entity A enum ["x"];`
struct WrittenEntity {
  std::vector<WrittenName> names;
  std::vector<WrittenName> parents;
  WrittenType shape;
  std::optional<WrittenType> tags;
  std::vector<std::string> choices;  // of an enum; else empty
  WrittenAnnotations annotations;
};

struct WrittenActionName {
  std::string type;  // "" = Action
  std::string id;
  std::size_t offset = 0;
};

struct WrittenAction {
  std::vector<WrittenName> names;  // ids
  std::vector<WrittenActionName> parents;
  bool applies = false;
  std::vector<WrittenName> principals;
  std::vector<WrittenName> resources;
  WrittenType context;
  WrittenAnnotations annotations;
};

struct WrittenCommon {
  WrittenName name;
  WrittenType type;
  WrittenAnnotations annotations;
};

struct WrittenNamespace {
  std::string name;  // "" = none
  std::size_t offset = 0;
  std::vector<WrittenEntity> entities;
  std::vector<WrittenAction> actions;
  std::vector<WrittenCommon> commons;
  WrittenAnnotations annotations;
};

struct WrittenSchema {
  std::vector<WrittenNamespace> namespaces;  // each name once
};

// Nullopt with `error` set for anything that Cedar refuses; never throws.
[[nodiscard]] std::optional<WrittenSchema> read_schema_text(std::string_view source, SchemaError& error);
[[nodiscard]] std::optional<WrittenSchema> read_schema_json(const Json& json, SchemaError& error);

[[nodiscard]] Json schema_to_json(const WrittenSchema& schema);
// Empty when a name would mean something else in the text form; then `error` says which.
[[nodiscard]] std::optional<std::string> schema_to_text(const WrittenSchema& schema, SchemaError& error);

}  // namespace libguard::policy::cedar
