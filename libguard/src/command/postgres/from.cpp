// FROM: tables, views, subqueries and what a common table expression hides. Its joins are in joins.cpp, its functions
// and tables out of XML and JSON in from_function.cpp.
#include "command/postgres/analysis.h"

namespace libguard::command::postgres {

Cte* Analysis::find_cte(std::string_view name, Scope& scope, Scope*& owner) {
  for (Scope* level = &scope; level != nullptr; level = level->outer) {
    for (std::size_t i = level->ctes.size(); i-- > 0;) {
      Cte& cte = level->ctes[i];
      if (cte.name != name) continue;
      // Without RECURSIVE a query sees only those before it.
      if (cte.state != Cte::State::done && !level->recursive) continue;
      owner = level;
      return &cte;
    }
  }
  return nullptr;
}

const Relation* Analysis::relation_of_range(Node range) {
  const std::string_view schema = range.text(F_schemaname);
  const std::string_view name = range.text(F_relname);
  if (const Relation* made = facts_.find_extra(schema, name); made != nullptr && !made->system) {
    if (names_.open_world() || find_relation(schema, name) == nullptr) return made;
  }
  if (const Relation* found = find_relation(schema, name)) {
    facts_.use_relation(*found);
    return found;
  }
  const bool system_schema = schema == "pg_catalog" || schema == "information_schema" || schema == "pg_toast";
  if (system_schema) return &facts_.extra(schema, name);
  if (schema.empty() && name.starts_with("pg_")) return &facts_.extra("pg_catalog", name);
  if (names_.open_world()) return &facts_.extra(schema.empty() ? "public" : schema, name);
  facts_.fail("command.unknown_name", "no relation \"" + std::string(schema) + (schema.empty() ? "" : ".") +
                                          std::string(name) + "\" is known; check the name against the schema");
  return nullptr;
}

// Gives columns new names by position. With a `*` of unknown width among them no position is sure: each name may be
// any.
void Analysis::rename(std::vector<OutColumn>& columns, NodeList names, const Sources& further) {
  if (names.empty()) return;
  Sources all = further;
  bool open = false;
  for (const OutColumn& column : columns) {
    all.add(column.sources);
    open = open || column.name == "*";
  }
  std::size_t at = 0;
  if (open) columns.assign(1, {"*", all, nullptr, 0, {}});
  for (Node name : names) {
    if (!open && at < columns.size()) {
      columns[at++].name = name.own_text();
    } else {
      columns.insert(columns.begin() + static_cast<std::ptrdiff_t>(at++), {name.own_text(), all, nullptr, 0, {}});
    }
  }
}

void Analysis::apply_alias(Node alias, Item& item) {
  if (!alias) return;
  item.alias = alias.text(F_aliasname);
  item.own_name = false;
  const NodeList names = alias.list(F_colnames);
  if (item.relation != nullptr && !item.relation->open) {
    for (Node name : names) item.renamed.push_back(name.own_text());
    return;
  }
  Sources further = item.open_sources;
  if (item.relation != nullptr) further.add(column_id(item.relation->id, kWholeRow));
  rename(item.columns, names, further);
}

// A derived table whose query holds `*` of a relation of unknown columns may have any column.
void Analysis::add_item(Item item, Scope& scope) {
  for (const OutColumn& column : item.columns) {
    if (column.name != "*") continue;
    item.open = true;
    item.open_sources.add(column.sources);
  }
  scope.items.push_back(std::move(item));
}

void Analysis::from_table(Node node, Scope& scope) {
  const std::string_view name = node.text(F_relname);
  Item item;
  item.node = node;
  item.alias = name;
  Scope* owner = nullptr;
  Cte* cte = node.text(F_schemaname).empty() ? find_cte(name, scope, owner) : nullptr;
  if (cte != nullptr) {
    if (cte->state == Cte::State::waiting) read_cte(*cte, *owner);
    item.columns = cte->columns;
    item.open = cte->open;
  } else {
    item.relation = relation_of_range(node);
    if (item.relation == nullptr) return;
    item.own_name = true;
    item.open = item.relation->open;
    read_relation(*item.relation);
  }
  apply_alias(node.node(F_alias), item);
  add_item(std::move(item), scope);
}

void Analysis::from_subquery(Node node, Scope& scope) {
  Item item;
  item.node = node;
  // Without LATERAL a subquery sees its WITH and the queries around, but not its neighbours.
  StableList<Item> neighbours;
  const bool lateral = node.flag(F_lateral);
  if (!lateral) neighbours.swap(scope.items);
  item.columns = query(node.node(F_subquery), &scope, true);
  if (!lateral) neighbours.swap(scope.items);
  apply_alias(node.node(F_alias), item);
  add_item(std::move(item), scope);
}

void Analysis::from_item(Node node, Scope& scope) {
  if (!facts_.spend()) return;
  switch (node.tag()) {
    case T_RangeVar:
      return from_table(node, scope);
    case T_RangeSubselect:
      return from_subquery(node, scope);
    case T_RangeFunction:
      return from_function(node, scope);
    case T_JoinExpr:
      return from_join(node, scope);
    case T_RangeTableFunc:
      return from_xml_table(node, scope);
    case T_JsonTable:
      return from_json_table(node, scope);
    case T_RangeTableSample: {
      from_item(node.node(F_relation), scope);
      const std::string_view method = last_name(node.list(F_method));
      if (method != "system" && method != "bernoulli") {
        facts_.fail("command.unknown_name", "this TABLESAMPLE method is not known");
      }
      list_sources(node.list(F_args), scope);
      expression(node.node(F_repeatable), scope);
      return;
    }
    default:
      facts_.fail("command.unknown_node", "FROM holds something that is not understood");
      return;
  }
}

void Analysis::from_list(NodeList list, Scope& scope) {
  scope.from = list;
  for (Node node : list) from_item(node, scope);
}

}  // namespace libguard::command::postgres
