#pragma once
// The schema that a configuration's policies are checked against: the shipped one, with facts, arguments of tools, and
// what the user's own schema files add.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/cedar/schema.h"
#include "policy/decider.h"
#include "policy/vocabulary.h"

namespace libguard::policy {

// Sources that hold no policies: a user's own schema, or values for its attributes.
[[nodiscard]] bool is_own_schema(const PolicySource& source);
[[nodiscard]] bool is_own_entities(const PolicySource& source);

struct SchemaComplaint {
  const PolicySource* source = nullptr;  // null: nobody's file
  std::size_t offset = 0;
  std::string message;
};

// `own`: files as is_own_schema names them. Nothing, with `complaint` set, when they do not fit together.
[[nodiscard]] std::optional<cedar::Schema> whole_schema(const std::vector<const PolicySource*>& own, Vocabulary& words,
                                                        const std::set<std::string>& arguments,
                                                        SchemaComplaint& complaint);

}  // namespace libguard::policy
