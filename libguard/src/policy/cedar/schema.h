#pragma once
// The part of a Cedar schema that reading entities needs: which attribute is an entity, an extension value or a set of
// them. Validation of policies against a schema is not done here.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace libguard::policy::cedar {

struct SchemaType {
  enum class Kind { plain, entity, extension, set, record } kind = Kind::plain;
  std::string name;                                           // extension: its constructor ("ip")
  std::shared_ptr<const SchemaType> element;                  // set
  std::map<std::string, SchemaType, std::less<>> attributes;  // record
  [[nodiscard]] const SchemaType* attribute(std::string_view wanted) const {
    auto found = attributes.find(wanted);
    return found == attributes.end() ? nullptr : &found->second;
  }
};

struct SchemaEntity {
  SchemaType attributes;
  std::optional<SchemaType> tags;
};

class Schema {
 public:
  [[nodiscard]] const SchemaEntity* entity(std::string_view type) const {
    auto found = entities_.find(type);
    return found == entities_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const SchemaType* context_of(std::string_view action_type, std::string_view id) const;

 private:
  friend class SchemaParser;
  std::map<std::string, SchemaEntity, std::less<>> entities_;
  std::map<std::string, SchemaType, std::less<>> contexts_;  // "Type::Action" + '\0' + id
};

// Reads the text form of a schema (Cedar 4.x). Nullopt, with a sentence in `error`, for anything else; never throws.
[[nodiscard]] std::optional<Schema> parse_schema(std::string_view source, std::string& error);

}  // namespace libguard::policy::cedar
