#include "command/sqlite/bounds.h"

#include <algorithm>
#include <map>

namespace libguard::command::sqlite {
namespace {

class Confiner {
 public:
  Confiner(Scope& scope, const Item& target, Analyser& analyser, const Schema& schema)
      : scope_(scope), target_(target), analyser_(analyser), schema_(schema) {}

  Confined run(const Expr& where) {
    std::vector<const Expr*> conjuncts;
    if (where.kind == Expr::Kind::all_of)
      conjuncts.assign(where.children.begin(), where.children.end());
    else
      conjuncts.push_back(&where);
    for (const Expr* conjunct : conjuncts) note_values(*conjunct);
    if (std::int64_t rows = keyed(); rows != kUnproven) return {Bound::eq, rows, false};
    bool any = std::any_of(conjuncts.begin(), conjuncts.end(), [this](const Expr* e) { return restricts(*e); });
    bool narrow =
        std::any_of(conjuncts.begin(), conjuncts.end(), [this](const Expr* e) { return narrows(*e) && restricts(*e); });
    return {any ? Bound::weak : Bound::tautology, kUnproven, !narrow};
  }

 private:
  // The target's column that this is, bare; false for anything else.
  bool target_column(const Expr& expr, ColumnId& id) {
    if (expr.kind != Expr::Kind::column) return false;
    Resolved resolved = analyser_.resolve(expr, scope_);
    if (resolved.item != &target_ || !resolved.plain || resolved.sources.size() != 1) return false;
    id = resolved.sources[0];
    return true;
  }

  bool not_null(ColumnId id) const {
    std::uint32_t column = column_of(id);
    return column == kRowidColumn || (column != kAllColumns && schema_.at(relation_of(id)).columns[column].not_null);
  }

  void note(ColumnId id, std::int64_t count) {
    auto [entry, fresh] = values_.emplace(id, count);
    if (!fresh) entry->second = std::min(entry->second, count);
  }

  // column = value, value = column, column IS value (of a NOT NULL column), column IN (values).
  void note_values(const Expr& expr) {
    ColumnId id = 0;
    if (expr.kind == Expr::Kind::in_list && !expr.negated && target_column(*expr.children[0], id)) {
      bool constants =
          std::all_of(expr.children.begin() + 1, expr.children.end(), [](const Expr* e) { return is_constant(*e); });
      if (constants) note(id, static_cast<std::int64_t>(expr.children.size()) - 1);
    }
    if (expr.kind != Expr::Kind::compare || expr.children.size() != 2) return;
    if (expr.name != "=" && expr.name != "IS") return;
    const Expr* column = expr.children[0];
    const Expr* value = expr.children[1];
    if (is_constant(*column)) std::swap(column, value);
    if (!is_constant(*value) || !target_column(*column, id)) return;
    if (expr.name == "=" || not_null(id)) note(id, 1);
  }

  std::int64_t keyed() const {
    std::int64_t best = kUnproven;
    if (target_.relation < 0) return best;
    for (const SchemaKey& key : schema_.at(target_.relation).keys) {
      std::int64_t rows = 1;
      for (std::uint32_t column : key.columns) {
        auto value = values_.find(column_id(target_.relation, column));
        bool overflow = value == values_.end() || __builtin_mul_overflow(rows, value->second, &rows);
        if (overflow) {
          rows = kUnproven;
          break;
        }
      }
      best = std::min(best, rows);
    }
    return best;
  }

  // The target's columns that the expression names, subqueries left out.
  void mentioned(const Expr& expr, Sources& into) {
    if (expr.kind == Expr::Kind::column) {
      Resolved resolved = analyser_.resolve(expr, scope_);
      if (resolved.item == &target_) merge(into, resolved.sources);
    }
    for (const Expr* child : expr.children) mentioned(*child, into);
  }
  Sources mentioned(const Expr& expr) {
    Sources out;
    mentioned(expr, out);
    return out;
  }

  bool restricts(const Expr& expr) {
    switch (expr.kind) {
      case Expr::Kind::all_of:
        return std::any_of(expr.children.begin(), expr.children.end(), [this](const Expr* e) { return restricts(*e); });
      case Expr::Kind::any_of:
        return either(expr);
      case Expr::Kind::negation: {
        const Expr& inner = *expr.children[0];
        bool simple =
            inner.kind == Expr::Kind::compare || inner.kind == Expr::Kind::in_list || inner.kind == Expr::Kind::column;
        return simple && restricts(inner);
      }
      case Expr::Kind::compare:
        return comparison(expr);
      case Expr::Kind::in_list:
        return comparison(expr);
      case Expr::Kind::in_select:
        return !mentioned(*expr.children[0]).empty() && query_restricts(*expr.select, false);
      case Expr::Kind::in_table:
        return !mentioned(*expr.children[0]).empty() && !same_relation(expr.table);
      case Expr::Kind::exists:
        return query_restricts(*expr.select, true);
      case Expr::Kind::column: {
        // `WHERE active` selects; `WHERE id` is true of every row.
        ColumnId id = 0;
        return target_column(expr, id) && !not_null_key(id);
      }
      case Expr::Kind::call:
        return (same_name(expr.name, "like") || same_name(expr.name, "glob") || same_name(expr.name, "instr")) &&
               !mentioned(expr).empty();
      default:
        return false;
    }
  }

  // Asks for equality, not for a range, a pattern or a flag.
  bool narrows(const Expr& expr) {
    switch (expr.kind) {
      case Expr::Kind::all_of:
        return std::any_of(expr.children.begin(), expr.children.end(), [this](const Expr* e) { return narrows(*e); });
      case Expr::Kind::any_of:
        return std::all_of(expr.children.begin(), expr.children.end(), [this](const Expr* e) { return narrows(*e); });
      case Expr::Kind::compare: {
        const bool equal = expr.children.size() == 2 && (expr.name == "=" || expr.name == "IS");
        return equal && (is_value_of_row(*expr.children[0]) || is_value_of_row(*expr.children[1]));
      }
      case Expr::Kind::in_list:
      case Expr::Kind::in_select:
      case Expr::Kind::in_table:
        return !expr.negated && is_value_of_row(*expr.children[0]);
      case Expr::Kind::exists:
        return !expr.negated;
      default:
        return false;
    }
  }

  // A column of the target, or its text in another case.
  bool is_value_of_row(const Expr& expr) {
    ColumnId id = 0;
    if (expr.kind == Expr::Kind::row) {
      return std::any_of(expr.children.begin(), expr.children.end(),
                         [this](const Expr* e) { return is_value_of_row(*e); });
    }
    const bool keeps = expr.kind == Expr::Kind::call && expr.children.size() == 1 &&
                       (same_name(expr.name, "lower") || same_name(expr.name, "upper") ||
                        same_name(expr.name, "trim") || same_name(expr.name, "date"));
    return target_column(keeps ? *expr.children[0] : expr, id);
  }

  bool not_null_key(ColumnId id) const {
    for (const SchemaKey& key : schema_.at(relation_of(id)).keys) {
      if (std::find(key.columns.begin(), key.columns.end(), column_of(id)) != key.columns.end()) return true;
    }
    return false;
  }

  // A column against something that does not depend on the same column.
  bool comparison(const Expr& expr) {
    Sources left = mentioned(*expr.children[0]);
    Sources right;
    for (std::size_t i = 1; i < expr.children.size(); ++i) mentioned(*expr.children[i], right);
    if (expr.kind == Expr::Kind::in_list && left.empty()) return false;
    if (left.empty() && right.empty()) return false;
    bool shared = std::any_of(left.begin(), left.end(),
                              [&](ColumnId id) { return std::binary_search(right.begin(), right.end(), id); });
    if (shared) return false;
    bool against_null = expr.children.size() == 2 && expr.name == "IS NOT" && is_null(*expr.children[1]);
    ColumnId id = 0;
    if ((expr.name == "NOT NULL" || against_null) && target_column(*expr.children[0], id) && not_null(id)) return false;
    return !matches_everything(expr);
  }

  bool is_null(const Expr& expr) const {
    return expr.kind == Expr::Kind::literal && same_name(analyser_.token(expr).text, "NULL");
  }

  // LIKE '%', GLOB '*': true of every text.
  bool matches_everything(const Expr& expr) const {
    bool like = same_name(expr.name, "LIKE");
    if ((!like && !same_name(expr.name, "GLOB")) || expr.children.size() < 2) return false;
    const Expr& pattern = *expr.children[1];
    if (pattern.kind != Expr::Kind::literal) return false;
    std::string text = name_of(analyser_.token(pattern));
    return text.find_first_not_of(like ? '%' : '*') == std::string::npos;
  }

  // Every branch restricts, and no two branches over one column can complete each other (id = 5 OR id <> 5).
  bool either(const Expr& expr) {
    Sources seen;
    bool inexact = false;
    bool overlap = false;
    for (const Expr* branch : expr.children) {
      if (!restricts(*branch)) return false;
      Sources columns = mentioned(*branch);
      for (ColumnId id : columns) overlap = overlap || std::binary_search(seen.begin(), seen.end(), id);
      merge(seen, columns);
      bool exact = !branch->negated &&
                   ((branch->kind == Expr::Kind::compare && (branch->name == "=" || same_name(branch->name, "LIKE"))) ||
                    branch->kind == Expr::Kind::in_list);
      inexact = inexact || !exact;
    }
    return !(overlap && inexact);
  }

  bool same_relation(std::string_view name) const {
    return target_.relation >= 0 && same_name(schema_.at(target_.relation).name, name);
  }

  // A subquery over the written table restricts nothing unless it compares with a value, or is limited, itself.
  bool query_restricts(const Select& select, bool must_correlate) {
    bool own = false;
    bool compares = select.limit != nullptr;
    bool correlated = false;
    for (const Core& core : select.cores) {
      for (const FromItem& item : core.from)
        own = own || same_relation(item.name) || item.select != nullptr || !item.joined.empty();
      if (core.where != nullptr) {
        compares = compares || compares_with_value(*core.where);
        correlated = correlated || names_target(*core.where);
      }
    }
    if (must_correlate && !correlated) return false;
    return !own || compares;
  }

  bool compares_with_value(const Expr& expr) const {
    if (expr.kind == Expr::Kind::all_of) {
      return std::any_of(expr.children.begin(), expr.children.end(),
                         [this](const Expr* e) { return compares_with_value(*e); });
    }
    if (expr.kind != Expr::Kind::compare && expr.kind != Expr::Kind::in_list) return false;
    if (expr.children.size() < 2 || expr.children[0]->kind != Expr::Kind::column) return false;
    return std::all_of(expr.children.begin() + 1, expr.children.end(), [](const Expr* e) { return is_constant(*e); }) &&
           !matches_everything(expr);
  }

  bool names_target(const Expr& expr) const {
    if (expr.kind == Expr::Kind::column && same_name(expr.table, target_.alias)) return true;
    return std::any_of(expr.children.begin(), expr.children.end(), [this](const Expr* e) { return names_target(*e); });
  }

  Scope& scope_;
  const Item& target_;
  Analyser& analyser_;
  const Schema& schema_;
  std::map<ColumnId, std::int64_t> values_;
};

}  // namespace

bool is_constant(const Expr& expr) {
  if (expr.kind == Expr::Kind::operation && expr.name == "unary -")
    return expr.children[0]->kind == Expr::Kind::literal;
  return expr.kind == Expr::Kind::literal || expr.kind == Expr::Kind::parameter;
}

Confined confine(const Expr* where, Scope& scope, const Item& target, Analyser& analyser, const Schema& schema) {
  if (where == nullptr) return {};
  return Confiner(scope, target, analyser, schema).run(*where);
}

}  // namespace libguard::command::sqlite
