// SELECT in all its shapes: targets, set operations, VALUES, WITH, and the clauses that test.
#include <algorithm>

#include "command/postgres/analysis.h"
#include "command/postgres/builtins.h"

namespace libguard::command::postgres {
namespace {

// A recursive query is read again until its columns' sources stay the same; each round adds at least one source.
constexpr int kRecursionRoundsMax = 8;

}  // namespace

std::vector<OutColumn> Analysis::query(Node node, Scope* outer, bool top) {
  if (!facts_.spend()) return {};
  switch (node.tag()) {
    case T_SelectStmt:
      return select(node, outer, top);
    case T_InsertStmt:
      return insert(node, outer);
    case T_UpdateStmt:
      return update(node, outer);
    case T_DeleteStmt:
      return remove(node, outer);
    case T_MergeStmt:
      return merge(node, outer);
    default:
      facts_.fail("command.unknown_node", "a query of this kind is not understood");
      return {};
  }
}

void Analysis::with(Node clause, Scope& scope) {
  if (!clause) return;
  scope.recursive = clause.flag(F_recursive);
  for (Node node : clause.list(F_ctes)) {
    Cte& cte = scope.ctes.emplace_back();
    cte.name = node.text(F_ctename);
    cte.node = node;
  }
  for (Cte& cte : scope.ctes) read_cte(cte, scope);
}

void Analysis::read_cte(Cte& cte, Scope& scope) {
  if (cte.state != Cte::State::waiting) return;
  cte.state = Cte::State::reading;
  Node body = cte.node.node(F_ctequery);
  const bool recursive = scope.recursive && body.is(T_SelectStmt) && body.number(F_op) != LG_SETOP_NONE;
  if (recursive) {
    read_recursive(cte, scope);
  } else {
    cte.columns = query(body, &scope, true);
  }
  if (!recursive) rename(cte.columns, cte.node.list(F_aliascolnames), {});
  Sources all;
  for (const OutColumn& column : cte.columns) all.add(column.sources);
  if (Node search = cte.node.node(F_search_clause)) {
    cte.columns.push_back({search.text(F_search_seq_column), all, nullptr, 0, {}});
  }
  if (Node cycle = cte.node.node(F_cycle_clause)) {
    cte.columns.push_back({cycle.text(F_cycle_mark_column), all, nullptr, 0, {}});
    cte.columns.push_back({cycle.text(F_cycle_path_column), all, nullptr, 0, {}});
    facts_.infer(all);
  }
  cte.state = Cte::State::done;
}

void Analysis::read_recursive(Cte& cte, Scope& scope) {
  Node body = cte.node.node(F_ctequery);
  // The first arm may not refer to the query itself, so it says the names and the first sources.
  Scope arms(&scope);
  with(body.node(F_withClause), arms);
  cte.columns = query(body.node(F_larg), &arms, false);
  rename(cte.columns, cte.node.list(F_aliascolnames), {});
  for (int round = 0; round < kRecursionRoundsMax; ++round) {
    std::vector<OutColumn> next = query(body, &scope, false);
    rename(next, cte.node.list(F_aliascolnames), {});
    bool changed = false;
    for (std::size_t i = 0; i < next.size() && i < cte.columns.size(); ++i) {
      Sources before = cte.columns[i].sources;
      cte.columns[i].sources.add(next[i].sources);
      cte.columns[i].direct = nullptr;
      changed = changed || !(before == cte.columns[i].sources);
    }
    if (!changed || facts_.failed()) return;
  }
  Sources all;
  for (const OutColumn& column : cte.columns) all.add(column.sources);
  for (OutColumn& column : cte.columns) column.sources = all;
}

std::vector<OutColumn> Analysis::select(Node node, Scope* outer, bool top) {
  Scope scope(outer);
  with(node.node(F_withClause), scope);
  std::vector<OutColumn> columns;
  if (node.number(F_op) != LG_SETOP_NONE) {
    columns = set_operation(node, scope);
  } else if (!node.list(F_valuesLists).empty()) {
    columns = values(node, scope);
  } else {
    columns = plain_select(node, scope, top);
  }
  scope.outputs = &columns;
  sort_keys(node.list(F_sortClause), scope, false);
  for (PgField limit : {F_limitOffset, F_limitCount}) {
    if (Node value = node.node(limit)) facts_.infer(expression(value, scope).sources);
  }
  if (!node.list(F_lockingClause).empty()) {
    facts_.kind("select_for_lock");  // also over a set operation or VALUES, where the server refuses it
    facts_.effect(CommandEffect::write);
    facts_.unsafe = true;
  }
  return columns;
}

std::vector<OutColumn> Analysis::set_operation(Node node, Scope& scope) {
  std::vector<OutColumn> columns = query(node.node(F_larg), &scope, false);
  std::vector<OutColumn> right = query(node.node(F_rarg), &scope, false);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i < right.size()) {
      columns[i].sources.add(right[i].sources);
      if (columns[i].type != right[i].type) columns[i].type = {};
    }
    columns[i].direct = nullptr;
  }
  // An unknown number of columns on either side: anything may stand anywhere.
  const bool open = std::any_of(right.begin(), right.end(), [](const OutColumn& c) { return c.name == "*"; }) ||
                    std::any_of(columns.begin(), columns.end(), [](const OutColumn& c) { return c.name == "*"; });
  if (open) {
    Sources all;
    for (const auto* side : {&columns, &right}) {
      for (const OutColumn& column : *side) all.add(column.sources);
    }
    for (OutColumn& column : columns) column.sources = all;
  }
  if (node.number(F_op) == LG_SETOP_UNION && node.flag(F_all)) return columns;
  for (const OutColumn& column : columns) facts_.infer(column.sources);
  for (const OutColumn& column : right) facts_.infer(column.sources);
  return columns;
}

std::vector<OutColumn> Analysis::values(Node node, Scope& scope) {
  std::vector<OutColumn> columns;
  for (Node row : node.list(F_valuesLists)) {
    std::size_t at = 0;
    for (Node item : row.items()) {
      const Flow value = expression(item, scope);
      if (at == columns.size()) {
        columns.push_back({facts_.keep("column" + std::to_string(at + 1)), {}, nullptr, 0, value.type});
      }
      columns[at++].sources.add(value.sources);
    }
  }
  return columns;
}

std::vector<OutColumn> Analysis::plain_select(Node node, Scope& scope, bool top) {
  from_list(node.list(F_fromClause), scope);
  scope.windows = node.list(F_windowClause);
  if (Node where = node.node(F_whereClause)) predicate(where, scope, top);
  std::vector<OutColumn> columns = targets(node.list(F_targetList), scope);
  scope.outputs = &columns;
  for (Node key : node.list(F_groupClause)) grouping(key, scope);
  if (Node having = node.node(F_havingClause)) predicate(having, scope, false);
  for (Node definition : scope.windows) window(definition, scope);
  const NodeList distinct = node.list(F_distinctClause);
  if (distinct.size() == 1 && !distinct[0]) {
    for (const OutColumn& column : columns) facts_.infer(column.sources);
  } else {
    for (Node key : distinct) {
      if (key) sort_key(key, scope, false);
    }
  }
  sort_keys(node.list(F_sortClause), scope, false);
  for (Node lock : node.list(F_lockingClause)) lock_rows(node, lock, scope);
  scope.outputs = nullptr;
  if (Node into = node.node(F_intoClause)) return select_into(into, columns);
  return columns;
}

std::vector<OutColumn> Analysis::select_into(Node into, const std::vector<OutColumn>& columns) {
  facts_.kind("select_into");
  for (const OutColumn& column : columns) facts_.carry(column.sources);
  const std::string name = written_name(into.node(F_rel));
  ddl("select_into", name, false);
  facts_.write(name);
  return {};
}

// A row lock is a write: it needs the right to update, and others wait for it.
void Analysis::lock_rows(Node select, Node lock, Scope& scope) {
  const NodeList locked = lock.list(F_lockedRels);
  for (Item& item : scope.items) {
    if (item.relation == nullptr || item.hidden) continue;
    bool meant = locked.empty();
    for (Node name : locked) meant = meant || name.text(F_relname) == item.alias;
    if (!meant) continue;
    const BoundOf bound = bound_of(select.node(F_whereClause), scope, item);
    facts_.touch({.action = "update",
                  .object = item.relation->full,
                  .oid = item.relation->entry != nullptr ? item.relation->entry->oid : 0,
                  .bound = bound.bound,
                  .rows_bound = bound.rows,
                  .columns_written = {},
                  .system = item.relation->system,
                  .through_view = false});
  }
}

std::vector<OutColumn> Analysis::targets(NodeList list, Scope& scope) {
  std::vector<OutColumn> columns;
  columns.reserve(list.size());
  for (Node target : list) {
    if (!facts_.spend()) break;
    Node value_node = target.node(F_val);
    const NodeList fields = value_node.list(F_fields);
    if (value_node.is(T_ColumnRef) && !fields.empty() && fields[fields.size() - 1].is(T_A_Star)) {
      star(fields, scope, columns);
      continue;
    }
    if (value_node.is(T_A_Indirection) && row_columns(value_node, scope, columns)) continue;
    Flow value = expression(value_node, scope);
    std::string_view name = target.text(F_name);
    if (name.empty()) name = output_name(value_node);
    columns.push_back({name, std::move(value.sources), value.direct, value.position, value.type});
  }
  return columns;
}

// (x).* of an entry of FROM or of a row of a relation's type: what it expands to is counted, so that the columns behind
// it stay in their places. Of anything else one column stands for all, and masking hides every column of a result that
// has another number of them.
bool Analysis::row_columns(Node value, Scope& scope, std::vector<OutColumn>& out) {
  const NodeList parts = value.list(F_indirection);
  if (parts.size() != 1 || !parts[0].is(T_A_Star)) return false;
  Node argument = value.node(F_arg);
  const NodeList fields = argument.is(T_ColumnRef) ? argument.list(F_fields) : NodeList();
  if (fields.size() == 1 && !find_column(fields[0].own_text(), scope)) {
    Item* item = find_item({}, fields[0].own_text(), scope);
    if (item != nullptr && !item->open) {
      for (OutColumn& column : item_columns(*item)) out.push_back(std::move(column));
      return true;
    }
  }
  const Flow row = expression(argument, scope);
  if (row.row == nullptr || row.row->open) return false;
  for (std::uint32_t i = 0; i < row.row->columns.size(); ++i) {
    out.push_back({row.row->columns[i], row_field(row, i).sources, nullptr, 0, {}});
  }
  return true;
}

void Analysis::star(NodeList fields, Scope& scope, std::vector<OutColumn>& out) {
  if (fields.size() == 1) {
    for (Node from : scope.from) {
      for (OutColumn& column : columns_of(from, scope)) out.push_back(std::move(column));
    }
    if (scope.from.empty()) {
      for (const Item& item : scope.items) {
        if (item.qualified_only || item.hidden) continue;
        for (OutColumn& column : item_columns(item)) out.push_back(std::move(column));
      }
    }
    return;
  }
  const std::string_view schema = fields.size() >= 3 ? fields[fields.size() - 3].own_text() : std::string_view();
  Item* item = find_item(schema, fields[fields.size() - 2].own_text(), scope);
  if (item == nullptr) {
    facts_.fail("command.unknown_name", "a name before .* is not a relation of this FROM");
    return;
  }
  for (OutColumn& column : item_columns(*item)) out.push_back(std::move(column));
}

Sources Analysis::sort_keys(NodeList list, Scope& scope, bool group) {
  Sources all;
  for (Node key : list) {
    if (!facts_.spend()) break;
    const NodeList with_operator = key.list(F_useOp);
    if (!with_operator.empty()) operator_called(with_operator);
    all.add(sort_key(key.node(F_node), scope, group));
  }
  return all;
}

// A bare name or number may mean an output column; both readings count where both are possible.
Sources Analysis::sort_key(Node node, Scope& scope, bool group) {
  Sources all;
  if (scope.outputs != nullptr && node.is(T_A_Const) && node.node(F_own).is(T_Integer)) {
    const std::int64_t at = node.node(F_own).number(F_own);
    const auto& outputs = *scope.outputs;
    const bool open = std::any_of(outputs.begin(), outputs.end(), [](const OutColumn& c) { return c.name == "*"; });
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (open || static_cast<std::int64_t>(i) + 1 == at) all.add(outputs[i].sources);
    }
    facts_.infer(all);
    return all;
  }
  const NodeList fields = node.list(F_fields);
  bool found = false;
  if (scope.outputs != nullptr && node.is(T_ColumnRef) && fields.size() == 1) {
    for (const OutColumn& column : *scope.outputs) {
      if (column.name != fields[0].own_text()) continue;
      all.add(column.sources);
      found = true;
    }
    if (found && group) {
      if (std::optional<Flow> input = find_column(fields[0].own_text(), scope)) all.add(input->sources);
    }
  }
  if (!found) all.add(expression(node, scope).sources);
  facts_.infer(all);
  return all;
}

void Analysis::grouping(Node node, Scope& scope) {
  if (node.is(T_GroupingSet)) {
    for (Node part : node.list(F_content)) grouping(part, scope);
    return;
  }
  if (node.is(T_RowExpr)) {
    for (Node part : node.list(F_args)) grouping(part, scope);
    return;
  }
  sort_key(node, scope, true);
}

Sources Analysis::window(Node node, Scope& scope) {
  for (Node key : node.list(F_partitionClause)) facts_.infer(expression(key, scope).sources);
  std::vector<OutColumn>* outputs = scope.outputs;
  scope.outputs = nullptr;
  Sources order = sort_keys(node.list(F_orderClause), scope, false);
  for (PgField offset : {F_startOffset, F_endOffset}) {
    if (Node value = node.node(offset)) facts_.infer(expression(value, scope).sources);
  }
  scope.outputs = outputs;
  return order;
}

// OVER w, or OVER (w ...), where w may be built on another in turn.
Sources Analysis::named_order(Node over, Scope& scope) {
  Sources order;
  std::string_view name = over.text(F_name).empty() ? over.text(F_refname) : over.text(F_name);
  for (std::size_t steps = 0; !name.empty() && steps <= scope.windows.size() && facts_.spend(); ++steps) {
    std::string_view next;
    for (Node definition : scope.windows) {
      if (definition.text(F_name) != name) continue;
      order.add(window(definition, scope));
      next = definition.text(F_refname);
    }
    name = next;
  }
  return order;
}

}  // namespace libguard::command::postgres
