// Tables that are made in FROM: functions, XMLTABLE and JSON_TABLE.
#include <algorithm>

#include "command/postgres/analysis.h"
#include "command/postgres/builtins.h"

namespace libguard::command::postgres {

// The one function of the users that a call can mean, when its OUT arguments or its TABLE name its columns.
const CatalogueFunction* Analysis::table_function(Node call_node) const {
  const NodeList name = call_node.list(F_funcname);
  if (!call_node.is(T_FuncCall) || name.empty()) return nullptr;
  const std::string_view schema = name.size() >= 2 ? name[name.size() - 2].own_text() : std::string_view();
  const auto all = find_functions(schema, last_name(name));
  if (all.size() != 1 || (schema.empty() && find_builtin(last_name(name)) != nullptr)) return nullptr;
  return all[0]->argument_modes.find_first_of("obt") != std::string::npos ? all[0] : nullptr;
}

// A function whose result is a row of a known relation, or of a composite type of its columns.
void Analysis::row_columns(const Flow& value, Item& item) {
  const bool each = value.columns != nullptr && value.columns->size() == value.row->columns.size();
  for (std::uint32_t i = 0; i < value.row->columns.size(); ++i) {
    Sources sources = each ? (*value.columns)[i] : column_sources(*value.row, i);
    sources.add(each ? value.operands : value.sources);
    item.columns.push_back({value.row->columns[i], std::move(sources), nullptr, 0, {}});
  }
}

// One whose OUT arguments or TABLE name the columns.
void Analysis::named_columns(const CatalogueFunction& table, const Flow& value, Item& item) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < table.argument_modes.size() && i < table.argument_names.size(); ++i) {
    if (table.argument_modes[i] == 'i' || table.argument_modes[i] == 'v') continue;
    const bool each = value.columns != nullptr && at < value.columns->size();
    Sources sources = each ? (*value.columns)[at] : value.sources;
    sources.add(each ? value.operands : Sources());
    const std::string_view type = i < table.all_types.size() ? table.all_types[i] : std::string_view();
    item.columns.push_back({table.argument_names[i], std::move(sources), nullptr, 0, type});
    ++at;
  }
}

// May the function have columns that neither the catalogue nor our list of the server's own names?
bool Analysis::columns_unknown(Node call_node, std::string_view columns) const {
  if (!call_node.is(T_FuncCall)) return false;
  const NodeList function = call_node.list(F_funcname);
  const Builtin* builtin = find_builtin(last_name(function));
  // RETURNS TABLE names its columns where the catalogue does not look.
  if (!find_functions({}, last_name(function)).empty() || (names_.open_world() && builtin == nullptr)) return true;
  if (!columns.empty()) return false;
  // Of a polymorphic one the rows may be of whatever type it was given.
  return function.size() > 1 || (builtin != nullptr && builtin->polymorphic);
}

// The columns that one function in FROM gives.
void Analysis::function_columns(Node call_node, NodeList definitions, Item& item, Scope& scope) {
  const Flow value = expression(call_node, scope);
  for (Node definition : definitions) {
    type_used(definition.node(F_typeName));
    item.columns.push_back({definition.text(F_colname), value.sources, nullptr, 0, {}});
  }
  if (!definitions.empty()) return;
  if (value.row != nullptr) return row_columns(value, item);
  if (const CatalogueFunction* table = table_function(call_node)) return named_columns(*table, value, item);
  std::string_view columns = call_node.is(T_FuncCall) ? builtin_columns(last_name(call_node.list(F_funcname))) : "";
  if (columns_unknown(call_node, columns)) {
    item.open = true;
    item.open_sources.add(value.sources);
  }
  if (columns.empty()) {
    // unnest(a, b) gives one column for each argument.
    const std::string_view name = output_name(call_node);
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

}  // namespace libguard::command::postgres
