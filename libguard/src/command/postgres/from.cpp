// FROM: tables, views, subqueries, functions, joins, and what a common table expression hides.
#include <algorithm>

#include "command/postgres/analysis.h"
#include "command/postgres/builtins.h"

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

// The one function of the users that a call can mean, when its OUT arguments or its TABLE name its columns.
const CatalogueFunction* Analysis::table_function(Node call_node) const {
  const NodeList name = call_node.list(F_funcname);
  if (!call_node.is(T_FuncCall) || name.empty()) return nullptr;
  const std::string_view schema = name.size() >= 2 ? name[name.size() - 2].own_text() : std::string_view();
  const auto all = find_functions(schema, last_name(name));
  if (all.size() != 1 || (schema.empty() && find_builtin(last_name(name)) != nullptr)) return nullptr;
  return all[0]->argument_modes.find_first_of("obt") != std::string::npos ? all[0] : nullptr;
}

// The columns that one function in FROM gives.
void Analysis::function_columns(Node call_node, NodeList definitions, Item& item, Scope& scope) {
  const Flow value = expression(call_node, scope);
  for (Node definition : definitions) {
    type_used(definition.node(F_typeName));
    item.columns.push_back({definition.text(F_colname), value.sources, nullptr, 0, {}});
  }
  if (!definitions.empty()) return;
  const std::string_view name = output_name(call_node);
  if (value.row != nullptr) {
    const bool each = value.columns != nullptr && value.columns->size() == value.row->columns.size();
    for (std::uint32_t i = 0; i < value.row->columns.size(); ++i) {
      Sources sources = each ? (*value.columns)[i] : column_sources(*value.row, i);
      sources.add(each ? value.operands : value.sources);
      item.columns.push_back({value.row->columns[i], std::move(sources), nullptr, 0, {}});
    }
    return;
  }
  if (const CatalogueFunction* table = table_function(call_node)) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < table->argument_modes.size() && i < table->argument_names.size(); ++i) {
      if (table->argument_modes[i] == 'i' || table->argument_modes[i] == 'v') continue;
      const bool each = value.columns != nullptr && at < value.columns->size();
      Sources sources = each ? (*value.columns)[at] : value.sources;
      sources.add(each ? value.operands : Sources());
      const std::string_view type = i < table->all_types.size() ? table->all_types[i] : std::string_view();
      item.columns.push_back({table->argument_names[i], std::move(sources), nullptr, 0, type});
      ++at;
    }
    return;
  }
  std::string_view columns = call_node.is(T_FuncCall) ? builtin_columns(last_name(call_node.list(F_funcname))) : "";
  const NodeList function = call_node.list(F_funcname);
  const bool user = call_node.is(T_FuncCall) && (!find_functions({}, last_name(function)).empty() ||
                                                 (names_.open_world() && find_builtin(last_name(function)) == nullptr));
  if (user || (call_node.is(T_FuncCall) && call_node.list(F_funcname).size() > 1 && columns.empty())) {
    item.open = true;  // RETURNS TABLE names its columns where the catalogue does not look
    item.open_sources.add(value.sources);
  }
  const Builtin* builtin = call_node.is(T_FuncCall) ? find_builtin(last_name(call_node.list(F_funcname))) : nullptr;
  if (builtin != nullptr && builtin->polymorphic && columns.empty()) {
    item.open = true;  // may return rows of whatever type it was given
    item.open_sources.add(value.sources);
  }
  if (columns.empty()) {
    // unnest(a, b) gives one column for each argument.
    const std::size_t count = name == "unnest" ? std::max<std::size_t>(1, call_node.list(F_args).size()) : 1;
    for (std::size_t i = 0; i < count; ++i) item.columns.push_back({name, value.sources, nullptr, 0, value.type});
    return;
  }
  while (!columns.empty()) {
    const std::size_t comma = std::min(columns.find(','), columns.size());
    item.columns.push_back({columns.substr(0, comma), value.sources, nullptr, 0, {}});
    columns.remove_prefix(std::min(comma + 1, columns.size()));
  }
}

void Analysis::from_function(Node node, Scope& scope) {
  Item item;
  item.node = node;
  const NodeList functions = node.list(F_functions);
  for (Node pair : functions) {
    const NodeList parts = pair.items();
    NodeList definitions = parts[1].items();
    if (definitions.empty()) definitions = node.list(F_coldeflist);
    if (item.alias.empty()) item.alias = output_name(parts[0]);
    function_columns(parts[0], definitions, item, scope);
  }
  if (node.flag(F_ordinality)) item.columns.push_back({"ordinality", {}, nullptr, 0, "int8"});
  Node alias = node.node(F_alias);
  // A single scalar column takes the alias as its name.
  const bool scalar = functions.size() == 1 && node.list(F_coldeflist).empty() && !item.columns.empty() &&
                      item.columns.size() == (node.flag(F_ordinality) ? 2U : 1U);
  if (alias && scalar) item.columns[0].name = alias.text(F_aliasname);
  apply_alias(alias, item);
  add_item(std::move(item), scope);
}

void Analysis::from_xml_table(Node node, Scope& scope) {
  Item item;
  item.node = node;
  item.alias = "xmltable";
  Sources sources = expression(node.node(F_docexpr), scope).sources;
  sources.add(expression(node.node(F_rowexpr), scope).sources);
  for (Node name : node.list(F_namespaces)) sources.add(expression(name.node(F_val), scope).sources);
  for (Node column : node.list(F_columns)) {
    Sources all = sources;
    type_used(column.node(F_typeName));
    all.add(expression(column.node(F_colexpr), scope).sources);
    all.add(expression(column.node(F_coldefexpr), scope).sources);
    item.columns.push_back({column.text(F_colname), std::move(all), nullptr, 0, {}});
  }
  facts_.error_reveals(sources);
  apply_alias(node.node(F_alias), item);
  add_item(std::move(item), scope);
}

void Analysis::json_columns(NodeList columns, const Sources& sources, Item& item, Scope& scope) {
  for (Node column : columns) {
    Sources all = sources;
    for (PgField behaviour : {F_on_empty, F_on_error}) {
      if (Node value = column.node(behaviour)) all.add(expression(value, scope).sources);
    }
    const NodeList nested = column.list(F_columns);
    if (!nested.empty()) {
      json_columns(nested, sources, item, scope);
      continue;
    }
    type_used(column.node(F_typeName));
    item.columns.push_back({column.text(F_name), std::move(all), nullptr, 0, {}});
  }
}

void Analysis::from_json_table(Node node, Scope& scope) {
  Item item;
  item.node = node;
  item.alias = "json_table";
  Sources sources = expression(node.node(F_context_item), scope).sources;
  sources.add(list_sources(node.list(F_passing), scope));
  if (Node behaviour = node.node(F_on_error)) sources.add(expression(behaviour, scope).sources);
  json_columns(node.list(F_columns), sources, item, scope);
  facts_.error_reveals(sources);
  apply_alias(node.node(F_alias), item);
  add_item(std::move(item), scope);
}

std::vector<OutColumn> Analysis::item_columns(const Item& item) {
  std::vector<OutColumn> columns;
  if (item.relation != nullptr && !item.relation->open) {
    for (std::uint32_t i = 0; i < item.relation->columns.size(); ++i) {
      const Flow value = relation_column(*item.relation, i);
      const std::string_view name = i < item.renamed.size() ? item.renamed[i] : item.relation->columns[i];
      columns.push_back({name, value.sources, value.direct, value.position, value.type});
    }
    return columns;
  }
  columns = item.columns;
  if (item.relation != nullptr) {
    Sources all;
    all.add(column_id(item.relation->id, kWholeRow));
    columns.push_back({"*", std::move(all), nullptr, 0, {}});
  } else if (item.open && columns.empty()) {
    columns.push_back({"*", item.open_sources, nullptr, 0, {}});
  }
  return columns;
}

namespace {

std::vector<OutColumn>::iterator named(std::vector<OutColumn>& columns, std::string_view name) {
  return std::find_if(columns.begin(), columns.end(), [&](const OutColumn& column) { return column.name == name; });
}

}  // namespace

// The columns of a FROM entry in the order of `*`: those that USING or NATURAL merges come first, once.
std::vector<OutColumn> Analysis::columns_of(Node node, Scope& scope) {
  for (const Item& item : scope.items) {
    if (item.node.get() == node.get()) return item_columns(item);
  }
  if (node.is(T_RangeTableSample)) return columns_of(node.node(F_relation), scope);
  if (!node.is(T_JoinExpr)) {
    facts_.fail("command.unknown_node", "the columns of a FROM entry are not understood");
    return {};
  }
  std::vector<OutColumn> left = columns_of(node.node(F_larg), scope);
  std::vector<OutColumn> right = columns_of(node.node(F_rarg), scope);
  std::vector<std::string_view> shared;
  for (Node name : node.list(F_usingClause)) shared.push_back(name.own_text());
  if (node.flag(F_isNatural)) {
    for (const OutColumn& column : left) {
      if (named(right, column.name) != right.end()) shared.push_back(column.name);
    }
  }
  std::vector<OutColumn> all;
  for (std::string_view name : shared) {
    auto in_left = named(left, name);
    auto in_right = named(right, name);
    if (in_left == left.end() || in_right == right.end()) continue;
    OutColumn merged = *in_left;
    merged.sources.add(in_right->sources);
    merged.direct = nullptr;
    left.erase(in_left);
    right.erase(in_right);
    all.push_back(std::move(merged));
  }
  for (auto* side : {&left, &right}) {
    for (OutColumn& column : *side) all.push_back(std::move(column));
  }
  return all;
}

void Analysis::from_join(Node node, Scope& scope) {
  const std::size_t first = scope.items.size();
  from_item(node.node(F_larg), scope);
  from_item(node.node(F_rarg), scope);
  if (node.flag(F_isNatural) || node.has(F_usingClause)) {
    std::vector<OutColumn> left = columns_of(node.node(F_larg), scope);
    std::vector<OutColumn> right = columns_of(node.node(F_rarg), scope);
    for (Node name : node.list(F_usingClause)) {
      if (std::optional<Flow> value = find_column(name.own_text(), scope)) facts_.infer(value->sources);
      auto in_left = named(left, name.own_text());
      auto in_right = named(right, name.own_text());
      if (in_left != left.end() && in_right != right.end()) compared_with("=", in_left->type, in_right->type);
    }
    if (node.flag(F_isNatural)) {
      const bool unknown = named(left, "*") != left.end() || named(right, "*") != right.end();
      for (const OutColumn& column : left) {
        auto other = named(right, column.name);
        if (other == right.end() && !unknown) continue;
        facts_.infer(column.sources);
        if (other != right.end()) facts_.infer(other->sources);
      }
      if (unknown) {
        for (const OutColumn& column : right) facts_.infer(column.sources);
      }
    }
  }
  if (Node quals = node.node(F_quals)) predicate(quals, scope, false);
  const bool aliased = static_cast<bool>(node.node(F_alias));
  Node using_alias = node.node(F_join_using_alias);
  if (!aliased && !using_alias) return;
  Item item;
  item.columns = columns_of(node, scope);
  if (aliased) {
    item.node = node;
    for (std::size_t i = first; i < scope.items.size(); ++i) scope.items[i].hidden = true;
    apply_alias(node.node(F_alias), item);
  } else {
    item.qualified_only = true;
    apply_alias(using_alias, item);
  }
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
