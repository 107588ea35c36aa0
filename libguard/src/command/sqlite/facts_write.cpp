// How INSERT, UPDATE and DELETE change their table: bounds, columns, assigned values, what flows where, cascades.
#include <algorithm>

#include "base/text.h"
#include "command/sqlite/facts.h"

namespace libguard::command::sqlite {
namespace {

constexpr int kCascadeDepthMax = 16;

void loosen(Touch& touch, Bound bound, std::int64_t rows, bool first) {
  touch.through_view = false;
  touch.bound = first ? bound : std::min(touch.bound, bound);
  touch.rows_bound = first ? rows : kUnproven;
}

}  // namespace

void Facts::carry(ColumnId target, const Sources& sources) {
  for (ColumnId id : sources) {
    if (id != target) add_text(command_.carries, id);
  }
}

// Records one assignment of one value; `expr` null: a default, an expression, several values.
void Facts::value(ColumnId target, const Expr* expr) {
  AssignedValue assigned{schema_.text(target), false, ""};
  bool negative = expr != nullptr && expr->kind == Expr::Kind::operation && expr->name == "unary -";
  if (expr != nullptr && expr->kind == Expr::Kind::operation && (negative || expr->name == "unary +"))
    expr = expr->children[0];
  if (expr != nullptr && expr->kind == Expr::Kind::literal) {
    const Token& token = lexed_.tokens[expr->token];
    bool plain = (token.kind == TokenKind::integer || token.kind == TokenKind::decimal) && token.text.size() <= 18 &&
                 token.text.find_first_not_of("0123456789.") == std::string_view::npos && token.text.front() != '.' &&
                 token.text.back() != '.';
    if (plain) {
      assigned.known = true;
      assigned.digits = (negative ? "-" : "") + std::string(token.text);
    }
  }
  bool repeated = std::any_of(command_.assigned.begin(), command_.assigned.end(),
                              [&](const AssignedValue& known) { return known.column == assigned.column; });
  if (repeated) values_known_ = false;
  if (expr != nullptr && expr->kind == Expr::Kind::parameter) {
    slots_.push_back({command_.assigned.size(), lexed_.tokens[expr->token].parameter, negative});
  }
  command_.assigned.push_back(std::move(assigned));
}

void Facts::write_insert(const Statement& statement, Analyser& analyser, Scope& scope, Lineage& lineage) {
  const Relation& target = schema_.at(target_);
  std::vector<ColumnId> columns;
  for (std::string_view name : statement.columns) {
    ColumnId id = 0;
    if (target.open)
      id = analyser.open_column(target_, name);
    else if (!schema_.column(target_, name, id)) {
      lineage.lost = true;  // SQLite refuses it too
      return;
    }
    columns.push_back(id);
  }
  for (std::uint32_t i = 0; statement.columns.empty() && i < target.columns.size(); ++i) {
    if (!target.columns[i].hidden && !target.columns[i].generated) columns.push_back(column_id(target_, i));
  }
  std::vector<OutColumn> source;
  if (statement.select != nullptr) source = analyser.select(*statement.select, nullptr, scope.with, false);
  bool one_row =
      statement.select != nullptr && statement.select->cores.size() == 1 && statement.select->cores[0].is_values;
  std::int64_t rows = statement.default_values ? 1
                      : one_row                ? static_cast<std::int64_t>(statement.select->cores[0].rows.size())
                                               : kUnproven;
  one_row = one_row && rows == 1;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Expr* expr = one_row && i < source.size() ? statement.select->cores[0].rows[0][i] : nullptr;
    value(columns[i], expr);
    if (i >= source.size()) continue;
    carry(columns[i], source[i].sources);
    merge(target_item_->assigned[columns[i]], source[i].sources);
  }
  if (source.size() > columns.size() && !target.open) lineage.lost = true;
  for (std::size_t i = 0; i < source.size() && target.open && columns.empty(); ++i)
    carry(column_id(target_, kAllColumns), source[i].sources);
  // The columns that are left to a default have a value too, and it is not known.
  for (std::uint32_t i = 0; i < target.columns.size(); ++i) {
    if (std::find(columns.begin(), columns.end(), column_id(target_, i)) == columns.end())
      value(column_id(target_, i), nullptr);
  }

  bool first = std::none_of(command_.touches.begin(), command_.touches.end(), [&](const Touch& t) {
    return t.action == "insert" && t.object == schema_.object(target_);
  });
  Touch& entry = touch("insert", schema_.object(target_));
  entry.system = target.system;
  loosen(entry, Bound::eq, rows, first);
  for (ColumnId id : columns) entry.columns_written.insert(schema_.column_name(id));
  if (target.kind != 'v') command_.writes.insert(schema_.object(target_));
  if (statement.replace) kind("replace");
  if (statement.replace || target.replaces) {
    loosen(touch("delete", schema_.object(target_)), Bound::weak, kUnproven, true);
    cascades(target_, true, {}, 0);
  }
  bool commands = target.kind == 'x' &&
                  std::any_of(columns.begin(), columns.end(), [](ColumnId id) { return column_of(id) == kAllColumns; });
  if (commands) {
    // INSERT INTO docs(docs) VALUES ('delete-all'): a full-text table takes commands in the column of its own name.
    loosen(touch("delete", schema_.object(target_)), Bound::none, kUnproven, true);
    command_.destructive = true;
  }
  if (statement.conflict_clause || !statement.upserts.empty()) {
    // Whether the row went in tells whether its unique values were there.
    for (const SchemaKey& key : target.keys) {
      for (std::uint32_t column : key.columns) merge(lineage.infer, column_id(target_, column));
    }
  }
  write_upserts(statement, analyser, scope);
}

void Facts::write_upserts(const Statement& statement, Analyser& analyser, Scope& scope) {
  if (statement.upserts.empty()) return;
  Scope inner;
  inner.with = scope.with;
  inner.items.push_back(*target_item_);
  // The row that was to go in: it holds what flows into it, and nothing of the rows that are there.
  Item excluded;
  excluded.alias = "excluded";
  const Relation& target = schema_.at(target_);
  for (std::uint32_t i = 0; i < target.columns.size(); ++i) {
    auto flows = target_item_->assigned.find(column_id(target_, i));
    excluded.own.push_back(
        {target.columns[i].name, flows == target_item_->assigned.end() ? Sources{} : flows->second, false, 1});
  }
  excluded.open = target.open;
  for (const Upsert& upsert : statement.upserts) {
    Scope target_only;
    target_only.items.push_back(*target_item_);
    analyser.test(upsert.target, target_only);
    analyser.test(upsert.target_where, target_only);
    if (!upsert.update) continue;
    // An unqualified name means the row that is there, so `excluded` is found by its alias only.
    Scope outer;
    outer.items.push_back(excluded);
    outer.items.back().columns = &outer.items.back().own;
    inner.outer = &outer;
    std::set<std::string> columns;
    assign(upsert.set, analyser, inner, columns);
    analyser.test(upsert.where, inner);
    kind("update");
    Touch& entry = touch("update", schema_.object(target_));
    loosen(entry, Bound::weak, kUnproven, true);
    entry.system = schema_.at(target_).system;
    entry.columns_written.insert(columns.begin(), columns.end());
    cascades(target_, false, columns, 0);
  }
}

void Facts::assign(const std::vector<Assignment>& set, Analyser& analyser, Scope& scope,
                   std::set<std::string>& columns) {
  for (const Assignment& assignment : set) {
    Sources sources = analyser.flow(*assignment.value, scope, false);
    for (std::string_view name : assignment.columns) {
      ColumnId id = 0;
      if (schema_.at(target_).open)
        id = analyser.open_column(target_, name);
      else if (!schema_.column(target_, name, id))
        continue;  // SQLite refuses it too
      bool single = assignment.columns.size() == 1;
      value(id, single ? assignment.value : nullptr);
      if (single)
        carry(id, sources);
      else
        add_text(command_.carries, sources);
      merge(target_item_->assigned[id], sources);
      columns.insert(schema_.column_name(id));
    }
  }
}

void Facts::write_update(const Statement& statement, Analyser& analyser, Scope& scope) {
  bool removes = statement.kind == Statement::Kind::remove;
  analyser.where(statement.where, scope);
  Confined confined = confine(statement.where, scope, *target_item_, analyser, schema_);
  std::set<std::string> columns;
  if (!removes) assign(statement.set, analyser, scope, columns);
  analyser.test(statement.order_by, scope);
  analyser.test(statement.limit, scope);
  analyser.test(statement.offset, scope);

  std::string action = removes ? "delete" : "update";
  bool first = std::none_of(command_.touches.begin(), command_.touches.end(),
                            [&](const Touch& t) { return t.action == action && t.object == schema_.object(target_); });
  Touch& entry = touch(action, schema_.object(target_));
  entry.system = schema_.at(target_).system;
  loosen(entry, confined.bound, confined.rows, first);
  entry.columns_written.insert(columns.begin(), columns.end());
  const bool unbounded = confined.bound <= Bound::tautology || (confined.bound == Bound::weak && confined.wide);
  if (unbounded) command_.destructive = true;
  if (schema_.at(target_).kind != 'v') command_.writes.insert(schema_.object(target_));
  if (statement.replace || (!removes && schema_.at(target_).replaces)) {
    kind("replace");
    loosen(touch("delete", schema_.object(target_)), Bound::weak, kUnproven, true);
    cascades(target_, true, {}, 0);
  }
  cascades(target_, removes, columns, 0);
}

// What foreign keys change in other tables, as if they were enforced: whether they are is a setting of the connection.
void Facts::cascades(int relation, bool removed, const std::set<std::string>& columns, int depth) {
  if (depth > kCascadeDepthMax) return;
  const std::string& name = schema_.at(relation).name;
  for (const ForeignKey& key : schema_.foreign_keys()) {
    if (!same_name(key.to, name)) continue;
    const std::string& rule = removed ? key.on_delete : key.on_update;
    if (rule != "cascade" && rule != "set null" && rule != "set default") continue;
    bool hit = removed || std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
                 // REFERENCES t without a column means its primary key.
                 return std::any_of(key.referenced.begin(), key.referenced.end(),
                                    [&](const std::string& to) { return to.empty() || same_name(to, column); });
               });
    int child = schema_.find(key.from);
    if (hit && child >= 0) cascade(key, child, removed && rule == "cascade", depth);
  }
}

void Facts::cascade(const ForeignKey& key, int child, bool removes, int depth) {
  bool known = std::any_of(command_.touches.begin(), command_.touches.end(), [&](const Touch& t) {
    return t.object == schema_.object(child) && t.action == (removes ? "delete" : "update") && t.bound <= Bound::weak;
  });
  Touch& entry = touch(removes ? "delete" : "update", schema_.object(child));
  entry.bound = std::min(entry.bound, Bound::weak);
  entry.rows_bound = kUnproven;
  command_.writes.insert(schema_.object(child));
  std::set<std::string> columns;
  if (!removes) {
    columns.insert(key.columns.begin(), key.columns.end());
    entry.columns_written.insert(columns.begin(), columns.end());
    for (const std::string& column : key.columns)
      command_.assigned.push_back({schema_.object(child) + "." + column, false, ""});
  }
  if (!known) cascades(child, removes, columns, depth + 1);
}

}  // namespace libguard::command::sqlite
