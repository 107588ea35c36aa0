// Aggregate queries: which row a bare column is taken from, and what that tells.
#include <algorithm>
#include <cstdlib>

#include "command/sqlite/analyser.h"

namespace libguard::command::sqlite {
namespace {

bool named(const Expr& call, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return same_name(name, call.name); });
}

bool is_extreme(const Expr& expr) {
  return expr.kind == Expr::Kind::call && expr.children.size() == 1 && !expr.over && named(expr, {"min", "max"});
}

void extremes(const Expr& expr, std::vector<const Expr*>& into) {
  if (is_extreme(expr)) into.push_back(expr.children[0]);
  for (const Expr* child : expr.children) extremes(*child, into);
}

// One value for a group whatever the order of its rows. group_concat and its like keep the order, and so tell it.
bool ignores_order(const Expr& expr) {
  return is_extreme(expr) ||
         (expr.kind == Expr::Kind::call && !expr.over && named(expr, {"count", "sum", "total", "avg"}));
}

// Depends on which rows of a group come first.
bool is_bare(const Expr& expr) {
  if (ignores_order(expr)) return false;
  if (expr.kind == Expr::Kind::literal || expr.kind == Expr::Kind::parameter) return false;
  if (expr.children.empty()) return true;
  bool subquery = expr.select != nullptr;
  return subquery || named(expr, {"group_concat", "json_group_array", "json_group_object"}) ||
         std::any_of(expr.children.begin(), expr.children.end(), [](const Expr* child) { return is_bare(*child); });
}

bool same_text(const Lexed& lexed, const Expr& a, const Expr& b) {
  if (a.last - a.first != b.last - b.first) return false;
  for (std::size_t i = 0; i < a.last - a.first; ++i) {
    if (!same_name(lexed.tokens[a.first + i].text, lexed.tokens[b.first + i].text)) return false;
  }
  return a.last > a.first;
}

}  // namespace

// The relation occurs once and one of its keys is grouped by: a group is one row of it.
bool Analyser::one_row_each(ColumnId id, const Sources& grouped, const Scope& scope) const {
  int relation = relation_of(id);
  if (std::count_if(scope.items.begin(), scope.items.end(), [&](const Item& i) { return i.relation == relation; }) !=
      1) {
    return false;
  }
  const Relation& of = schema_.at(relation);
  return std::any_of(of.keys.begin(), of.keys.end(), [&](const SchemaKey& key) {
    return std::all_of(key.columns.begin(), key.columns.end(), [&](std::uint32_t column) {
      bool never_null = column == kRowidColumn || of.columns[column].not_null;
      return never_null && std::binary_search(grouped.begin(), grouped.end(), column_id(relation, column));
    });
  });
}

// Result column `at` is a term of GROUP BY, by position, alias or text.
bool Analyser::is_grouped(const Core& core, std::size_t at, const Sources& sources, Scope& scope) {
  const ResultColumn& column = core.columns[at];
  return std::any_of(core.group_by.begin(), core.group_by.end(), [&](const Expr* term) {
    if (term->kind == Expr::Kind::literal) {
      return std::strtoul(std::string(token(*term).text).c_str(), nullptr, 10) == at + 1;
    }
    bool alias = term->kind == Expr::Kind::column && term->table.empty() && same_name(term->name, column.alias);
    // A column of that name comes before the alias: then the two have different sources.
    if (alias && flow(*term, scope, false) == sources) return true;
    return column.expr != nullptr && same_text(lexed_, *term, *column.expr);
  });
}

// SELECT id, max(ssn): SQLite takes `id` from the row that has the greatest ssn, so `id` tells about it. Without
// min or max the row is the one that its sorter happens to put first, and the sorter compares what it carries.
void Analyser::bare_columns(const Core& core, std::vector<OutColumn>& out, Scope& scope) {
  std::vector<const Expr*> found;
  for (const ResultColumn& column : core.columns) {
    if (column.expr != nullptr) extremes(*column.expr, found);
  }
  if (core.having != nullptr) extremes(*core.having, found);
  if (found.empty() && core.group_by.empty()) return;
  Sources chosen_by;
  for (const Expr* argument : found) merge(chosen_by, flow(*argument, scope, false));
  Sources grouped;
  for (const Expr* term : core.group_by) {
    if (term->kind == Expr::Kind::column) merge(grouped, flow(*term, scope, false));
  }
  if (!core.group_by.empty()) {
    for (const OutColumn& column : out) merge(chosen_by, column.sources);
  }
  bool positions = core.columns.size() == out.size();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Expr* expr = positions ? core.columns[i].expr : nullptr;
    if (expr != nullptr && (!is_bare(*expr) || is_grouped(core, i, out[i].sources, scope))) continue;
    if (out[i].plain && out[i].sources.size() == 1) {
      ColumnId id = out[i].sources[0];
      if (std::binary_search(grouped.begin(), grouped.end(), id) || one_row_each(id, grouped, scope)) continue;
    }
    merge(out[i].sources, chosen_by);
    out[i].plain = false;
  }
}

}  // namespace libguard::command::sqlite
