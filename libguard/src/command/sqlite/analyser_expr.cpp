// Names and expressions.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "command/sqlite/analyser.h"

namespace libguard::command::sqlite {
namespace {

// What fits a 256 KiB stack, and what takes about a millisecond.
constexpr int kDepthMax = 200;
constexpr int kStepsMax = 100'000;
constexpr int kAliasDepthMax = 4;

bool any_of_names(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view n) { return same_name(n, name); });
}

// A comparison written as a call.
bool compares(std::string_view function) {
  return any_of_names(function, {"nullif", "iif", "if", "like", "glob", "match", "regexp"});
}

// Puts many rows into one value.
bool packs_rows(std::string_view function) {
  return any_of_names(function, {"group_concat", "string_agg", "json_group_array", "json_group_object",
                                 "jsonb_group_array", "jsonb_group_object"});
}

// These take a JSON path and quote a bad one in their error text, as a full-text MATCH quotes its pattern.
bool quotes_arguments(std::string_view name) {
  return any_of_names(
      name, {"json_extract", "json_array_length", "json_insert", "json_remove", "json_replace", "json_set", "json_type",
             "jsonb_extract", "jsonb_insert", "jsonb_remove", "jsonb_replace", "jsonb_set", "->", "->>", "match"});
}

}  // namespace

Analyser::Analyser(const Schema& schema, Schema* open_schema, const Lexed& lexed, Lineage& lineage)
    : schema_(schema), open_schema_(open_schema), lexed_(lexed), lineage_(lineage) {}
Analyser::~Analyser() = default;

Analyser::Step::Step(Analyser& of) : analyser(of) {
  allowed = ++of.depth_ <= kDepthMax && ++of.steps_ <= kStepsMax;
  if (!allowed) of.lineage_.lost = true;
}

bool Analyser::column_in(const Item& item, std::string_view name, Resolved& into) {
  if (item.open) {
    merge(into.sources, item.open_sources);
    return true;
  }
  if (item.relation >= 0 && schema_.at(item.relation).open) {
    merge(into.sources, open_schema_ == nullptr ? column_id(item.relation, kAllColumns)
                                                : open_schema_->add_column(item.relation, name));
    into.plain = true;
    return true;
  }
  if (item.columns != nullptr) {
    for (const OutColumn& column : *item.columns) {
      if (!same_name(column.name, name)) continue;
      merge(into.sources, column.sources);
      into.plain = column.plain;
      into.weight = std::max(into.weight, column.weight);
      return true;
    }
    return false;
  }
  ColumnId id = 0;
  if (item.relation < 0 || !schema_.column(item.relation, name, id)) return false;
  merge(into.sources, id);
  into.plain = column_of(id) != kAllColumns;
  const Relation& relation = schema_.at(item.relation);
  if (column_of(id) < relation.columns.size() && relation.columns[column_of(id)].generated) {
    merge(into.sources, relation.columns[column_of(id)].computed);
    into.plain = false;
  }
  for (int behind : schema_.at(item.relation).behind) {
    merge(into.sources, column_id(behind, kAllColumns));
    into.plain = false;
  }
  if (auto assigned = item.assigned.find(id); assigned != item.assigned.end()) {
    merge(into.sources, assigned->second);
    into.plain = false;
  }
  return true;
}

bool Analyser::resolve_in(const Expr& column, Scope& scope, Resolved& into) {
  int found = 0;
  for (const Item& item : scope.items) {
    bool qualified = !column.table.empty();
    if (qualified && !same_name(item.alias, column.table)) continue;
    if (!column.schema.empty() && !same_name(column.schema, "main")) continue;
    if (!column_in(item, column.name, into)) continue;
    into.item = &item;
    ++found;
  }
  if (found > 1) into.plain = false;
  bool look_at_aliases = found == 0 || open_schema_ != nullptr;
  if (!look_at_aliases || !column.table.empty() || scope.aliases == nullptr) return found > 0;
  for (const ResultColumn& result : *scope.aliases) {
    if (result.expr == nullptr || !same_name(result.alias, column.name)) continue;
    if (scope.expanding >= kAliasDepthMax) {
      lineage_.lost = true;
      return true;
    }
    ++scope.expanding;
    merge(into.sources, flow(*result.expr, scope, false));
    --scope.expanding;
    into.plain = false;
    ++found;
  }
  return found > 0;
}

Resolved Analyser::resolve(const Expr& column, Scope& scope) {
  Resolved out;
  for (Scope* at = &scope; at != nullptr; at = at->outer) {
    if (!resolve_in(column, *at, out)) continue;
    out.found = true;
    // Without a catalogue an unqualified name may belong to any query around it.
    if (open_schema_ == nullptr || !column.table.empty()) break;
  }
  if (!out.found) {
    bool constant = column.table.empty() && (column.double_quoted || any_of_names(column.name, {"true", "false"}));
    if (!constant) lineage_.lost = true;
    if (constant && column.double_quoted) lineage_.texts.push_back(column.first);
  }
  weight_ += out.weight;
  place(out.sources);
  return out;
}

Sources Analyser::flow(const Expr& expr, Scope& scope, bool tested) {
  Step step(*this);
  if (!step.allowed) return {};
  Sources out;
  switch (expr.kind) {
    case Expr::Kind::literal:
    case Expr::Kind::parameter:
    case Expr::Kind::raise:
      return out;
    case Expr::Kind::column:
      out = resolve(expr, scope).sources;
      if (tested) infer(out);
      return out;
    case Expr::Kind::call:
      return call(expr, scope, tested);
    case Expr::Kind::in_select:
    case Expr::Kind::in_table:
    case Expr::Kind::subquery:
    case Expr::Kind::exists:
      return nested(expr, scope, tested);
    case Expr::Kind::all_of:
    case Expr::Kind::any_of:
    case Expr::Kind::negation:
    case Expr::Kind::compare:
    case Expr::Kind::choice:
    case Expr::Kind::in_list:
      tested = true;
      break;
    case Expr::Kind::operation:
    case Expr::Kind::row:
      break;
  }
  if (expr.kind == Expr::Kind::compare || expr.kind == Expr::Kind::operation) name_operator(expr.name);
  bool quotes = quotes_arguments(expr.name);
  for (std::size_t i = 0; i < expr.children.size(); ++i) {
    Sources part = flow(*expr.children[i], scope, tested);
    if (quotes && i > 0) merge(lineage_.errors, part);
    merge(out, part);
  }
  return out;
}

// LIKE, GLOB and the like are functions under another name.
void Analyser::name_operator(std::string_view name) {
  if (any_of_names(name, {"like", "glob", "match", "regexp", "->", "->>"}))
    lineage_.calls.insert(text::lower_ascii(name));
}

Sources Analyser::call(const Expr& expr, Scope& scope, bool tested) {
  Sources out;
  lineage_.calls.insert(text::lower_ascii(expr.name));
  if (packs_rows(expr.name)) lineage_.packs = true;
  bool quotes = quotes_arguments(expr.name);
  for (std::size_t i = 0; i < expr.children.size(); ++i) {
    Sources part = flow(*expr.children[i], scope, tested || compares(expr.name));
    if (quotes && (i > 0 || same_name(expr.name, "match"))) merge(lineage_.errors, part);
    merge(out, part);
  }
  if (expr.filter != nullptr) merge(out, flow(*expr.filter, scope, true));
  // ORDER BY inside an aggregate only reveals; PARTITION BY and ORDER BY of a window test.
  for (const Expr* term : expr.extra) merge(out, flow(*term, scope, tested || expr.over));
  return out;
}

Sources Analyser::nested(const Expr& expr, Scope& scope, bool tested) {
  Sources out;
  for (const Expr* child : expr.children) merge(out, flow(*child, scope, true));
  for (const Expr* child : expr.extra) merge(out, flow(*child, scope, true));
  std::vector<OutColumn> columns;
  if (expr.select != nullptr) {
    columns = select(*expr.select, &scope, scope.with, false);
  } else {
    FromItem item;
    item.schema = expr.schema;
    item.name = expr.table;
    Scope inner;
    inner.outer = &scope;
    inner.with = scope.with;
    from({item}, inner);
    ResultColumn all;
    all.star = true;
    columns = results({all}, inner);
  }
  for (const OutColumn& column : columns) merge(out, column.sources);
  if (tested || expr.kind != Expr::Kind::subquery) infer(out);
  return out;
}

void Analyser::where(const Expr* expr, Scope& scope) {
  if (expr == nullptr) return;
  if (expr->kind == Expr::Kind::all_of) {
    for (const Expr* part : expr->children) where(part, scope);
    return;
  }
  const Expr* column = nullptr;
  if (expr->kind == Expr::Kind::compare && expr->name == "=" && expr->children.size() == 2) {
    auto constant = [](const Expr* e) {
      if (e->kind == Expr::Kind::operation && e->name == "unary -") e = e->children[0];
      return e->kind == Expr::Kind::literal || e->kind == Expr::Kind::parameter;
    };
    if (constant(expr->children[1]))
      column = expr->children[0];
    else if (constant(expr->children[0]))
      column = expr->children[1];
  }
  if (column == nullptr || column->kind != Expr::Kind::column) return test(expr, scope);
  Resolved resolved = resolve(*column, scope);
  if (!resolved.plain) return infer(resolved.sources);
  lineage_.matched.insert(lineage_.matched.end(), resolved.sources.begin(), resolved.sources.end());
}

}  // namespace libguard::command::sqlite
