#pragma once
// The vocabulary of libguard's policies as a Cedar schema: what every policy is checked against before it may decide
// anything. Its contexts follow context_table.h; `libguard policy schema` prints it.

#include <set>
#include <string>
#include <string_view>

#include "model/frame.h"
#include "policy/cedar/ast.h"
#include "policy/cedar/schema.h"

namespace libguard::policy {

// As it ships: a text to read, in Cedar's schema format.
[[nodiscard]] const std::string& shipped_schema_text();

// With the facts of guard.yaml, and with `arguments`, the names that policies ask of context.argument_sizes: any tool
// may have any argument, so that each is an optional number. Throws Error(configuration, "policy.schema") for names
// that clash with shipped ones.
[[nodiscard]] cedar::WrittenSchema guard_schema(const Frame& frame, const std::set<std::string>& arguments);

// Adds the attributes and tags of a user's own schema to the entity types that ship, and its types of data. False, with
// `error` set, for everything else: a new type of entity could never be asked about, and facts come from `facts:`.
[[nodiscard]] bool extend_schema(cedar::WrittenSchema& schema, std::string_view own, cedar::SchemaError& error);

// The names that a condition asks of context.argument_sizes.
void collect_arguments(const cedar::Expression& body, const cedar::Names& names, std::set<std::string>& out);

}  // namespace libguard::policy
