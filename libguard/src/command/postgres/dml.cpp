// INSERT, UPDATE, DELETE and MERGE: targets, assigned values, and what flows where.
#include <algorithm>

#include "command/postgres/analysis.h"

namespace libguard::command::postgres {
namespace {

// One literal integer or plain decimal, its sign included; anything else is not a known value.
bool known_digits(Node node, std::string& digits) {
  std::string sign;
  if (node.is(T_A_Expr) && !node.node(F_lexpr) && node.number(F_kind) == LG_AEXPR_OP) {
    const std::string_view symbol = last_name(node.list(F_name));
    if (symbol != "-" && symbol != "+") return false;
    if (symbol == "-") sign = "-";
    node = node.node(F_rexpr);
  }
  if (!node.is(T_A_Const)) return false;
  Node value = node.node(F_own);
  if (value.is(T_Integer)) {
    digits = std::to_string(value.number(F_own));
  } else if (value.is(T_Float)) {
    digits = value.own_text();
  } else {
    return false;
  }
  if (!sign.empty()) {
    if (digits.starts_with("-")) return false;
    digits.insert(0, sign);
  }
  std::size_t at = digits.starts_with("-") ? 1 : 0;
  bool dot = false;
  if (at == digits.size()) return false;
  for (std::size_t i = at; i < digits.size(); ++i) {
    if (digits[i] == '.' && !dot && i > at && i + 1 < digits.size()) {
      dot = true;
    } else if (digits[i] < '0' || digits[i] > '9') {
      return false;
    }
  }
  return true;
}

}  // namespace

Item* Analysis::target(Node range, Scope& scope) {
  const Relation* relation = relation_of_range(range);
  if (relation == nullptr) return nullptr;
  Item item;
  item.node = range;
  item.relation = relation;
  item.alias = relation->name;
  item.own_name = true;
  item.open = relation->open;
  apply_alias(range.node(F_alias), item);
  scope.items.push_back(std::move(item));
  return &scope.items.back();
}

void Analysis::insert_columns(Node node, Scope& scope, const Relation& relation,
                              std::vector<std::string_view>& columns) {
  for (Node column : node.list(F_cols)) {
    for (Node part : column.list(F_indirection)) {
      if (part.is(T_A_Indices)) expression(part, scope);
    }
    const std::string_view name = column.text(F_name);
    if (relation.open) {
      facts_.extra_column(relation, name);
    } else if (relation.position(name) == kWholeRow) {
      facts_.fail("command.unknown_name", "no column \"" + std::string(name) + "\" is known in the table written");
    }
    columns.push_back(name);
  }
  if (columns.empty()) columns.assign(relation.columns.begin(), relation.columns.end());
}

void Analysis::assign(const Relation& relation, std::string_view column, Node value, Scope& scope, bool known_allowed) {
  const std::uint32_t position = relation.open ? facts_.extra_column(relation, column) : relation.position(column);
  if (position == kWholeRow) return;
  const ColumnId id = column_id(relation.id, position);
  Assignment assignment;
  assignment.column = id;
  Sources sources;
  if (value) {
    sources = expression(value, scope).sources;
    sources.remove(id);
    facts_.carry(sources);
    if (value.is(T_ParamRef) && known_allowed) assignment.param = static_cast<int>(value.number(F_number));
    assignment.known = known_allowed && known_digits(value, assignment.digits);
  }
  facts_.assign(std::move(assignment));
}

void Analysis::insert_values(Node node, Scope& scope, const Relation& relation,
                             const std::vector<std::string_view>& columns) {
  Node source = node.node(F_selectStmt);
  const NodeList rows = source.list(F_valuesLists);
  const bool plain = rows.size() == 1 && !node.has(F_onConflictClause) && plain_target(relation, "insert");
  bool bare = !rows.empty();
  for (PgField clause : {F_withClause, F_sortClause, F_limitCount, F_limitOffset, F_lockingClause}) {
    bare = bare && !source.has(clause);
  }
  if (!bare) {
    std::vector<OutColumn> given = source ? query(source, &scope, true) : std::vector<OutColumn>();
    for (std::size_t i = 0; i < given.size(); ++i) {
      Sources sources = given[i].sources;
      const std::uint32_t position = i < columns.size() ? relation.position(columns[i]) : kWholeRow;
      if (position != kWholeRow) sources.remove(column_id(relation.id, position));
      facts_.carry(sources);
    }
    for (std::string_view column : columns) assign(relation, column, Node(), scope, false);
  } else {
    for (Node row : rows) {
      const NodeList values = row.items();
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (i < columns.size()) {
          assign(relation, columns[i], values[i], scope, plain);
        } else {
          facts_.carry(expression(values[i], scope).sources);
        }
      }
    }
    const std::size_t width = rows[0].items().size();
    for (std::size_t i = width; i < columns.size(); ++i) assign(relation, columns[i], Node(), scope, false);
  }
  // What the statement leaves out gets its default: present, and not known.
  for (std::uint32_t i = 0; !relation.open && i < relation.columns.size(); ++i) {
    if (std::find(columns.begin(), columns.end(), relation.columns[i]) != columns.end()) continue;
    facts_.assign({column_id(relation.id, i), false, {}, 0});
  }
}

std::vector<OutColumn> Analysis::insert(Node node, Scope* outer) {
  facts_.kind("insert");
  Scope scope(outer);
  with(node.node(F_withClause), scope);
  Scope at_target(&scope);
  Item* item = target(node.node(F_relation), at_target);
  if (item == nullptr) return {};
  const Relation& relation = *item->relation;
  std::vector<std::string_view> columns;
  insert_columns(node, scope, relation, columns);
  insert_values(node, scope, relation, columns);
  const NodeList rows = node.node(F_selectStmt).list(F_valuesLists);
  Write inserted{.action = "insert", .bound = {Bound::eq, kUnproven}, .columns = {}};
  if (!rows.empty()) inserted.bound.rows = static_cast<std::int64_t>(rows.size());
  if (!node.has(F_selectStmt)) inserted.bound.rows = 1;
  inserted.columns.insert(columns.begin(), columns.end());
  write(relation, inserted);
  if (Node conflict = node.node(F_onConflictClause)) on_conflict(conflict, at_target, relation);
  return returning(node.node(F_returningClause), at_target, item);
}

void Analysis::on_conflict(Node clause, Scope& scope, const Relation& relation) {
  if (Node inferred = clause.node(F_infer)) {
    for (Node element : inferred.list(F_indexElems)) {
      if (Node expr = element.node(F_expr)) facts_.infer(expression(expr, scope).sources);
      const std::uint32_t position = relation.position(element.text(F_name));
      if (position != kWholeRow) facts_.infer(column_sources(relation, position));
    }
    if (Node where = inferred.node(F_whereClause)) predicate(where, scope, false);
  }
  if (clause.number(F_action) != LG_ONCONFLICT_UPDATE) return;
  facts_.kind("update");
  Item excluded = scope.items.front();
  excluded.alias = "excluded";
  excluded.own_name = false;
  excluded.qualified_only = true;
  scope.items.push_back(std::move(excluded));
  if (Node where = clause.node(F_whereClause)) predicate(where, scope, false);
  // It can change at most the rows that the INSERT names by their keys, but which is not known.
  Write updated{.action = "update", .bound = {Bound::weak, kUnproven}, .columns = {}};
  updated.columns = set_list(clause.list(F_targetList), scope, relation, false);
  write(relation, updated);
}

std::set<std::string> Analysis::set_list(NodeList list, Scope& scope, const Relation& relation, bool values_known) {
  std::set<std::string> columns;
  for (Node target : list) {
    if (!facts_.spend()) break;
    const std::string_view name = target.text(F_name);
    if (relation.open) {
      facts_.extra_column(relation, name);
    } else if (relation.position(name) == kWholeRow) {
      facts_.fail("command.unknown_name", "no column \"" + std::string(name) + "\" is known in the table written");
      break;
    }
    columns.emplace(name);
    Node value = target.node(F_val);
    bool known = values_known && target.list(F_indirection).empty();
    for (Node part : target.list(F_indirection)) {
      if (part.is(T_A_Indices)) expression(part, scope);
    }
    if (value.is(T_MultiAssignRef) && value.node(F_source).is(T_RowExpr)) {
      const auto at = static_cast<std::size_t>(value.number(F_colno) - 1);
      value = value.node(F_source).list(F_args)[at];
    } else if (value.is(T_MultiAssignRef)) {
      known = false;
    }
    assign(relation, name, value, scope, known);
  }
  return columns;
}

std::vector<OutColumn> Analysis::returning(Node clause, Scope& scope, Item* item) {
  if (!clause) return {};
  for (std::string_view name : {std::string_view("old"), std::string_view("new")}) {
    Item row = *item;
    row.alias = name;
    row.own_name = false;
    row.qualified_only = true;
    scope.items.push_back(std::move(row));
  }
  for (Node option : clause.list(F_options)) {
    Item row = scope.items.back();
    row.alias = option.text(F_value);
    scope.items.push_back(std::move(row));
  }
  scope.from = {};
  return targets(clause.list(F_exprs), scope);
}

std::vector<OutColumn> Analysis::update(Node node, Scope* outer) {
  facts_.kind("update");
  Scope scope(outer);
  with(node.node(F_withClause), scope);
  Item* item = target(node.node(F_relation), scope);
  if (item == nullptr) return {};
  from_list(node.list(F_fromClause), scope);
  Node where = node.node(F_whereClause);
  if (where) predicate(where, scope, true);
  const Relation& relation = *item->relation;
  Write updated{.action = "update", .bound = bound_of(where, scope, *item), .columns = {}};
  updated.columns = set_list(node.list(F_targetList), scope, relation, plain_target(relation, "update"));
  updated.only = !node.node(F_relation).flag(F_inh);
  write(relation, updated);
  return returning(node.node(F_returningClause), scope, item);
}

std::vector<OutColumn> Analysis::remove(Node node, Scope* outer) {
  facts_.kind("delete");
  Scope scope(outer);
  with(node.node(F_withClause), scope);
  Item* item = target(node.node(F_relation), scope);
  if (item == nullptr) return {};
  from_list(node.list(F_usingClause), scope);
  Node where = node.node(F_whereClause);
  if (where) predicate(where, scope, true);
  Write deleted{.action = "delete", .bound = bound_of(where, scope, *item), .columns = {}};
  deleted.only = !node.node(F_relation).flag(F_inh);
  write(*item->relation, deleted);
  return returning(node.node(F_returningClause), scope, item);
}

std::vector<OutColumn> Analysis::merge(Node node, Scope* outer) {
  facts_.kind("merge");
  Scope scope(outer);
  with(node.node(F_withClause), scope);
  Item* item = target(node.node(F_relation), scope);
  if (item == nullptr) return {};
  const Relation& relation = *item->relation;
  from_item(node.node(F_sourceRelation), scope);
  Node join = node.node(F_joinCondition);
  if (join) predicate(join, scope, false);
  const BoundOf joined = bound_of(join, scope, *item);
  Write whole{.action = "merge", .bound = {Bound::eq, kUnproven}, .columns = {}};
  whole.only = !node.node(F_relation).flag(F_inh);
  for (Node clause : node.list(F_mergeWhenClauses)) {
    if (Node condition = clause.node(F_condition)) predicate(condition, scope, false);
    const bool by_source = clause.number(F_matchKind) == LG_NOT_MATCHED_BY_SOURCE;
    Write part{.action = {}, .bound = by_source ? BoundOf{} : joined, .columns = {}};
    part.only = whole.only;
    switch (clause.number(F_commandType)) {
      case LG_CMD_INSERT: {
        facts_.kind("insert");
        std::size_t at = 0;
        const NodeList values = clause.list(F_values);
        for (Node column : clause.list(F_targetList)) part.columns.emplace(column.text(F_name));
        if (part.columns.empty()) part.columns.insert(relation.columns.begin(), relation.columns.end());
        for (const std::string& column : part.columns) assign(relation, column, Node(), scope, false);
        for (; at < values.size(); ++at) facts_.carry(expression(values[at], scope).sources);
        part.action = "insert";
        part.bound = {Bound::eq, kUnproven};
        break;
      }
      case LG_CMD_UPDATE:
        facts_.kind("update");
        part.action = "update";
        part.columns = set_list(clause.list(F_targetList), scope, relation, false);
        break;
      case LG_CMD_DELETE:
        facts_.kind("delete");
        part.action = "delete";
        break;
      default:
        continue;
    }
    whole.bound.bound = std::min(whole.bound.bound, part.bound.bound);
    whole.columns.insert(part.columns.begin(), part.columns.end());
    write(relation, part);
  }
  write(relation, whole);
  return returning(node.node(F_returningClause), scope, item);
}

}  // namespace libguard::command::postgres
