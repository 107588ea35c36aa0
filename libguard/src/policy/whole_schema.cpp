#include "policy/whole_schema.h"

#include "policy/libguard_schema.h"

namespace libguard::policy {

bool is_own_schema(const PolicySource& source) { return source.name.starts_with(kOwnSchemaPrefix); }
bool is_own_entities(const PolicySource& source) { return source.name.starts_with(kOwnEntitiesPrefix); }

std::optional<cedar::Schema> whole_schema(const std::vector<const PolicySource*>& own, Vocabulary& words,
                                          const std::set<std::string>& arguments, SchemaComplaint& complaint) {
  cedar::SchemaError error;
  cedar::WrittenSchema written = guard_schema(words.frame(), arguments);
  for (const PolicySource* source : own) {
    if (extend_schema(written, source->text, error)) continue;
    complaint = {source, error.offset, error.message};
    return std::nullopt;
  }
  auto schema = cedar::resolve_schema(written, words.names, error);
  // Offsets of the merged schema belong to no file.
  if (!schema) complaint = {nullptr, 0, (own.empty() ? std::string() : own.back()->name + ": ") + error.message};
  return schema;
}

}  // namespace libguard::policy
