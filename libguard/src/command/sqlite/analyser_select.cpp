// SELECT: result columns, grouping, ordering, set operations; and views.
#include <algorithm>
#include <cstdlib>

#include "command/sqlite/analyser.h"
#include "base/text.h"
#include "command/sqlite/parser.h"

namespace libguard::command::sqlite {
namespace {

// SQLite copies a CTE or view at each use, and a subquery's expressions into the query around it: both double with each
// level, so that 30 short lines would take gigabytes to prepare. Past these a statement is refused unprepared.
constexpr std::uint64_t kWeightMax = 5'000;
constexpr std::uint64_t kCoresMax = 500;

}  // namespace

void Analyser::charge(std::uint64_t cores) {
  cores_ = std::min(cores_ + cores, kCoresMax + 1);
  if (cores_ > kCoresMax) lineage_.heavy = true;
}

std::vector<OutColumn> Analyser::select(const Select& select, Scope* outer, With* with, bool top) {
  Step step(*this);
  if (!step.allowed) return {};
  With* inner = open_with(select.ctes, outer, with);
  std::unique_ptr<Scope> last;
  return compound(select, outer, inner, top, nullptr, last);
}

std::vector<OutColumn> Analyser::compound(const Select& select, Scope* outer, With* with, bool top, CteState* self,
                                          std::unique_ptr<Scope>& last) {
  std::vector<OutColumn> out;
  bool single = select.cores.size() == 1;
  for (const Core& one : select.cores) {
    CoreResult result = core(one, outer, with, top && single);
    last = std::move(result.scope);
    if (out.empty()) {
      out = std::move(result.columns);
    } else {
      if (out.size() != result.columns.size()) lineage_.lost = true;
      for (std::size_t i = 0; i < std::min(out.size(), result.columns.size()); ++i) {
        merge(out[i].sources, result.columns[i].sources);
        out[i].weight = std::max(out[i].weight, result.columns[i].weight);
      }
    }
    if (!single) {
      for (OutColumn& column : out) column.plain = false;
    }
    if (self != nullptr && self->columns.size() <= out.size()) {
      // What is known so far is what a recursive reference sees.
      for (std::size_t i = 0; i < self->columns.size(); ++i) merge(out[i].sources, self->columns[i].sources);
      self->columns = out;
      if (self->cte->columns.size() == out.size()) {
        for (std::size_t i = 0; i < out.size(); ++i) self->columns[i].name = std::string(self->cte->columns[i]);
      }
    }
  }
  if (!single && !select.only_union_all) {
    for (const OutColumn& column : out) infer(column.sources);
  }
  Scope none;
  none.outer = outer;
  none.with = with;
  if (last == nullptr) last = std::make_unique<Scope>();
  order_terms(select.order_by, out, single ? *last : none, single);
  test(select.limit, none);
  test(select.offset, none);
  return out;
}

void Analyser::order_terms(const std::vector<Expr*>& terms, const std::vector<OutColumn>& out, Scope& scope,
                           bool single) {
  for (const Expr* term : terms) {
    while (term->kind == Expr::Kind::operation && term->name == "COLLATE") term = term->children[0];
    bool named = false;
    if (term->kind == Expr::Kind::literal) {
      std::size_t position = std::strtoul(std::string(lexed_.tokens[term->token].text).c_str(), nullptr, 10);
      if (position >= 1 && position <= out.size()) infer(out[position - 1].sources);
      continue;
    }
    if (term->kind == Expr::Kind::column && term->table.empty()) {
      for (const OutColumn& column : out) {
        if (!same_name(column.name, term->name)) continue;
        infer(column.sources);
        named = true;
      }
    }
    if (named) continue;
    if (single) {
      test(term, scope);
    } else {
      // The term must equal a result expression of some arm; which one does not matter.
      for (const OutColumn& column : out) infer(column.sources);
    }
  }
}

std::vector<OutColumn> Analyser::values(const Core& core, Scope* outer, With* with) {
  std::vector<OutColumn> out;
  Scope scope;
  scope.outer = outer;
  scope.with = with;
  for (const std::vector<Expr*>& row : core.rows) {
    if (out.empty()) out.resize(row.size());
    if (out.size() != row.size()) lineage_.lost = true;
    for (std::size_t i = 0; i < std::min(out.size(), row.size()); ++i)
      merge(out[i].sources, flow(*row[i], scope, false));
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i].name = "column" + std::to_string(i + 1);
  return out;
}

Analyser::CoreResult Analyser::core(const Core& core, Scope* outer, With* with, bool top) {
  CoreResult result;
  charge(1);
  result.scope = std::make_unique<Scope>();
  if (core.is_values) {
    result.columns = values(core, outer, with);
    return result;
  }
  Scope& scope = *result.scope;
  scope.outer = outer;
  scope.with = with;
  from(core.from, scope);
  scope.aliases = &core.columns;
  if (top)
    where(core.where, scope);
  else
    test(core.where, scope);
  result.columns = results(core.columns, scope);
  for (Expr* term : core.group_by) {
    if (term->kind == Expr::Kind::literal)
      order_terms({term}, result.columns, scope, true);
    else
      test(term, scope);
  }
  test(core.having, scope);
  test(core.windows, scope);
  bare_columns(core, result.columns, scope);
  if (core.distinct) {
    for (const OutColumn& column : result.columns) infer(column.sources);
  }
  return result;
}

std::vector<OutColumn> Analyser::results(const std::vector<ResultColumn>& columns, Scope& scope) {
  std::vector<OutColumn> out;
  for (const ResultColumn& column : columns) {
    if (column.star) {
      star(column, scope, out);
      continue;
    }
    OutColumn& result = out.emplace_back();
    const Expr& expr = *column.expr;
    std::uint64_t before = weight_;
    if (expr.kind == Expr::Kind::column) {
      Resolved resolved = resolve(expr, scope);
      result.name = std::string(expr.name);
      result.sources = std::move(resolved.sources);
      result.plain = resolved.plain;
    } else {
      result.sources = flow(expr, scope, false);
    }
    result.weight = std::max<std::uint64_t>(1, weight_ - before);
    if (result.weight > kWeightMax) lineage_.heavy = true;
    if (!column.alias.empty()) {
      result.name = std::string(column.alias);
    } else if (expr.kind != Expr::Kind::column && expr.last > expr.first) {
      std::size_t start = lexed_.tokens[expr.first].start;
      const Token& end = lexed_.tokens[expr.last - 1];
      const char* text = lexed_.tokens[expr.first].text.data();
      result.name = std::string(text, end.end - start);
    }
  }
  return out;
}

void Analyser::star(const ResultColumn& column, Scope& scope, std::vector<OutColumn>& out) {
  std::size_t before = out.size();
  for (const Item& item : scope.items) {
    if (column.table.empty() || same_name(column.table, item.alias)) star_item(item, out);
  }
  // SQLite gives the shared column of a join both sides' values when the join is outer.
  for (std::size_t i = before; i < out.size(); ++i) {
    for (const Item& item : scope.items) {
      bool shared = std::any_of(item.coalesced.begin(), item.coalesced.end(),
                                [&](std::string_view name) { return same_name(name, out[i].name); });
      Resolved right;
      if (!shared || !column_in(item, out[i].name, right)) continue;
      merge(out[i].sources, right.sources);
      out[i].plain = false;
    }
  }
}

// A view is followed once; the columns that SQLite names are its own.
const View* compile_view(Schema& schema, int relation) {
  Relation& of = *schema.relations_[static_cast<std::size_t>(relation)];
  if (of.kind != 'v' || of.view != nullptr) return of.view.get();
  of.view = std::make_unique<View>();  // a view that names itself finds this: no columns, and lost
  of.view->lineage.lost = true;
  auto view = std::make_unique<View>();
  auto text = schema.view_texts_.find(text::lower_ascii(of.name));
  if (text == schema.view_texts_.end()) return of.view.get();
  Lexed lexed = lex(text->second);
  for (const Token& token : lexed.tokens) {
    int below = token.kind == TokenKind::end ? -1 : schema.find(name_of(token));
    if (below >= 0 && below != relation) (void)compile_view(schema, below);
  }
  Ast ast;
  std::vector<std::string_view> names;
  if (!lexed.ok || lexed.too_deep || !parse_view(lexed, 0, lexed.tokens.size() - 1, ast, names)) return of.view.get();
  Analyser analyser(schema, nullptr, lexed, view->lineage);
  view->columns = analyser.select(*ast.statement.select, nullptr, nullptr, false);
  view->cores = analyser.cores();
  if (view->columns.size() != of.columns.size()) return of.view.get();
  for (std::size_t i = 0; i < view->columns.size(); ++i) {
    view->columns[i].name = of.columns[i].name;
    merge(view->columns[i].sources, column_id(relation, static_cast<std::uint32_t>(i)));
  }
  of.view = std::move(view);
  return of.view.get();
}

}  // namespace libguard::command::sqlite
