// DDL: what is dropped, what goes along with it, and what gets another name.
#include <algorithm>

#include "command/postgres/analysis.h"
#include "command/postgres/types.h"

namespace libguard::command::postgres {

void Analysis::drop_named(Node node, Node object) {
  const NodeList parts = object.items();
  const std::string_view last = parts.empty() ? object.own_text() : last_name(parts);
  const std::string_view schema = parts.size() >= 2 ? parts[parts.size() - 2].own_text() : std::string_view();
  const Relation* relation = find_relation(schema, last);
  if (!parts.empty() && relation == nullptr && parts.size() >= 2) {
    // DROP TRIGGER t ON table names the table before the trigger.
    relation = find_relation(parts.size() >= 3 ? parts[parts.size() - 3].own_text() : std::string_view(), schema);
  }
  if (relation != nullptr) {
    ddl("drop", relation->full);
    facts_.write(relation->full);
    if (node.is(T_DropStmt)) taken_along(*relation, node.number(F_behavior) == LG_DROP_CASCADE);
  } else if (!parts.empty()) {
    std::string full = schema.empty() ? search_path().empty() ? "public" : search_path().front() : std::string(schema);
    full.append(".").append(last);
    ddl("drop", full);
    if (names_.open_world()) facts_.write(full);
  } else {
    ddl("drop", database_object(last.empty() ? "object" : last));
  }
  // A schema takes everything in it along.
  if (!node.is(T_DropStmt) || !parts.empty()) return;
  for (const auto& each : names_.relations()) {
    if (each->schema != last || each->system) continue;
    if (!facts_.spend()) return;  // more objects than one command may touch: the rest changes nothing
    dropped_too(*each);
    taken_along(*each, node.number(F_behavior) == LG_DROP_CASCADE);
  }
}

void Analysis::dropped_too(const Relation& relation) {
  ddl("drop", relation.full);
  facts_.behind.cascades.insert(relation.full);
}

// What goes with a relation that is dropped: its partitions, and with CASCADE the tables that inherit from it, the
// views that read it, and the foreign keys of others that refer to it.
void Analysis::taken_along(const Relation& relation, bool cascade) {
  for (const Relation* child : relation.children) {
    if (!facts_.spend()) return;
    dropped_too(*child);
    taken_along(*child, cascade);
  }
  if (!cascade) return;
  for (const auto& each : names_.relations()) {
    if (each->view == nullptr || each->system) continue;
    const std::vector<const Relation*>& reads = each->view->reads;
    if (std::find(reads.begin(), reads.end(), &relation) != reads.end()) dropped_too(*each);
  }
  for (const Reference& reference : names_.references_to(relation)) ddl("drop", reference.from->full);
}

// A relation under another name is another relation for policy, so both names are asked about.
void Analysis::renamed(Node node, std::string_view kind) {
  Node range = node.node(F_relation);
  const std::string_view new_schema = node.text(F_newschema);
  const std::string_view new_name = node.text(F_newname);
  if (range.is(T_RangeVar)) {
    if (!node.text(F_subname).empty()) return;  // a column, constraint, trigger ... of it
    const std::string before = written_name(range);
    const Relation* relation = find_relation(range.text(F_schemaname), range.text(F_relname));
    const std::string_view old = relation != nullptr ? std::string_view(relation->full) : before;
    const std::size_t dot = old.find('.');
    ddl(kind, std::string(new_schema.empty() ? old.substr(0, dot) : new_schema) + "." +
                  std::string(new_name.empty() ? old.substr(dot + 1) : new_name));
    return;
  }
  if (!node.is(T_RenameStmt) || node.number(F_renameType) != LG_OBJECT_SCHEMA) return;
  for (const auto& each : names_.relations()) {
    if (each->schema != node.text(F_subname) || each->system) continue;
    ddl(kind, each->full);
    ddl(kind, std::string(new_name) + "." + each->name);
  }
}

// DROP TYPE ... CASCADE takes every column of the type along.
void Analysis::drop_columns_of(std::string_view type) {
  for (const auto& relation : names_.relations()) {
    const auto& columns = relation->entry->columns;
    const bool holds = std::any_of(columns.begin(), columns.end(), [&](const CatalogueColumn& column) {
      const std::string_view plain = plain_type(column.type);
      return plain == type || (plain.starts_with("_") && plain.substr(1) == type);
    });
    if (!holds || relation->system) continue;
    ddl("drop", relation->full);
    if (!relation->is_view()) facts_.write(relation->full);
  }
}

void Analysis::drop(Node node) {
  if (!node.is(T_DropStmt)) {
    ddl("drop", database_object(node.is(T_DropOwnedStmt) ? "owned" : "role"));
    facts_.effect(CommandEffect::dcl);
    return;
  }
  for (Node object : node.list(F_objects)) {
    if (object.is(T_ObjectWithArgs)) {
      const NodeList name = object.list(F_objname);
      const std::string_view schema = name.size() >= 2 ? name[name.size() - 2].own_text() : "public";
      ddl("drop", std::string(schema) + "." + std::string(last_name(name)));
    } else if (object.is(T_TypeName)) {
      ddl("drop", "public." + std::string(last_name(object.list(F_names))));
      if (node.number(F_behavior) == LG_DROP_CASCADE) drop_columns_of(last_name(object.list(F_names)));
    } else {
      drop_named(node, object);
    }
  }
}

}  // namespace libguard::command::postgres
