// FROM: tables, views, subqueries, CTEs, table functions and join conditions.
#include <algorithm>

#include "command/sqlite/analyser.h"

namespace libguard::command::sqlite {

int Analyser::relation_named(std::string_view schema, std::string_view name) {
  if (!schema.empty() && !same_name(schema, "main")) return -1;
  int relation = schema_.find(name);
  if (relation < 0 && open_schema_ != nullptr) relation = open_schema_->add_open(name);
  return relation;
}

void Analyser::add_relation(Scope& scope, int relation, std::string_view alias) {
  Item& item = scope.items.emplace_back();
  item.alias = alias;
  item.relation = relation;
  if (schema_.at(relation).kind == 'v') add_view(scope, relation, item);
  for (int behind : schema_.at(relation).behind) lineage_.behind.insert(behind);
}

void Analyser::add_view(Scope&, int relation, Item& item) {
  const View* view = schema_.view(relation);
  if (view == nullptr) {
    lineage_.lost = true;
    item.open = true;
    item.open_sources = {column_id(relation, kAllColumns)};
    return;
  }
  item.columns = &view->columns;
  charge(view->cores);
  infer(view->lineage.infer);
  for (ColumnId id : view->lineage.matched) merge(lineage_.infer, id);
  place(view->lineage.placed);
  for (const OutColumn& column : view->columns) place(column.sources);
  merge(lineage_.errors, view->lineage.errors);
  lineage_.behind.insert(view->lineage.relations.begin(), view->lineage.relations.end());
  lineage_.behind.insert(view->lineage.behind.begin(), view->lineage.behind.end());
  lineage_.packs = lineage_.packs || view->lineage.packs;
  lineage_.lost = lineage_.lost || view->lineage.lost;
}

void Analyser::from(const std::vector<FromItem>& items, Scope& scope) {
  for (const FromItem& item : items) {
    std::size_t before = scope.items.size();
    from_item(item, scope);
    coalesce(item, scope, before);
  }
  // A condition may name every item of its clause.
  for (const FromItem& item : items) test(item.on, scope);
}

void Analyser::from_item(const FromItem& item, Scope& scope) {
  Step step(*this);
  if (!step.allowed) return;
  if (!item.joined.empty()) {
    if (!item.alias.empty()) lineage_.lost = true;
    std::size_t first = scope.items.size();
    from(item.joined, scope);
    // SQLite reads the parentheses as a SELECT * and so reports every column as read.
    std::vector<OutColumn> all;
    for (std::size_t i = first; i < scope.items.size(); ++i) star_item(scope.items[i], all);
    return;
  }
  if (item.select != nullptr) {
    Item& into = scope.items.emplace_back();
    into.alias = item.alias;
    into.own = select(*item.select, scope.outer, scope.with, false);
    into.columns = &into.own;
    return;
  }
  std::string_view alias = item.alias.empty() ? item.name : item.alias;
  if (item.schema.empty() && !item.call) {
    Item candidate;
    if (cte(item.name, scope.with, candidate)) {
      Item& into = scope.items.emplace_back(std::move(candidate));
      into.alias = alias;
      into.columns = &into.own;
      return;
    }
  }
  int relation = item.call ? schema_.find(item.name) : relation_named(item.schema, item.name);
  if (relation >= 0) {
    lineage_.relations.insert(relation);
    add_relation(scope, relation, alias);
    test(item.args, scope);  // docs('pattern'): a full-text search written as a call
    if (!item.args.empty()) merge(lineage_.infer, column_id(relation, kAllColumns));
    return;
  }
  Item& into = scope.items.emplace_back();
  into.alias = alias;
  table_function(item, scope, into);
}

// json_each(x): its columns hold what its arguments hold, and how many rows come depends on them too.
void Analyser::table_function(const FromItem& item, Scope& scope, Item& into) {
  static constexpr std::string_view kJson[] = {"key", "value", "type", "atom", "id", "parent", "fullkey", "path"};
  bool json = same_name(item.name, "json_each") || same_name(item.name, "json_tree");
  if (!json) lineage_.lost = true;
  Sources sources;
  for (const Expr* arg : item.args) {
    Sources part = flow(*arg, scope, true);
    if (arg != item.args.front()) merge(lineage_.errors, part);  // a bad path is quoted
    merge(sources, part);
  }
  if (!json) {
    into.open = true;
    into.open_sources = sources;
    return;
  }
  for (std::string_view name : kJson) into.own.push_back({std::string(name), sources, false});
  for (std::string_view name : {"json", "root"}) into.own.push_back({std::string(name), sources, false});
  into.columns = &into.own;
  // The two hidden columns are not part of `*`.
  into.coalesced = {"json", "root"};
}

// USING and NATURAL compare the columns of one name on both sides, and show them once.
void Analyser::coalesce(const FromItem& item, Scope& scope, std::size_t first_right) {
  if (!item.natural && item.using_columns.empty()) return;
  std::vector<OutColumn> right;
  for (std::size_t i = first_right; i < scope.items.size(); ++i) star_item(scope.items[i], right);
  if (item.natural && open_schema_ != nullptr) lineage_.lost = true;
  auto share = [&](std::string_view name) {
    Sources both;
    int left = 0;
    for (std::size_t i = 0; i < scope.items.size(); ++i) {
      Resolved found;
      if (!column_in(scope.items[i], name, found)) continue;
      if (i < first_right) ++left;
      merge(both, found.sources);
    }
    if (left == 0) return;
    place(both);
    infer(both);
    for (std::size_t i = first_right; i < scope.items.size(); ++i) scope.items[i].coalesced.push_back(name);
  };
  for (std::string_view name : item.using_columns) share(name);
  if (!item.natural) return;
  for (OutColumn& column : right) {
    // The name must outlive the list: take the item's own.
    for (std::size_t i = first_right; i < scope.items.size(); ++i) {
      const Item& of = scope.items[i];
      if (of.columns != nullptr) {
        for (const OutColumn& own : *of.columns)
          if (same_name(own.name, column.name)) share(own.name);
      } else if (of.relation >= 0) {
        for (const SchemaColumn& own : schema_.at(of.relation).columns)
          if (same_name(own.name, column.name)) share(own.name);
      }
    }
  }
}

void Analyser::star_item(const Item& item, std::vector<OutColumn>& out) {
  auto hidden = [&](std::string_view name) {
    return std::any_of(item.coalesced.begin(), item.coalesced.end(),
                       [name](std::string_view c) { return same_name(c, name); });
  };
  if (item.open || (item.relation >= 0 && schema_.at(item.relation).open)) {
    Sources all = item.open ? item.open_sources : Sources{column_id(item.relation, kAllColumns)};
    out.push_back({"*", all, false});
    place(all);
    return;
  }
  if (item.columns != nullptr) {
    for (const OutColumn& column : *item.columns) {
      if (hidden(column.name)) continue;
      out.push_back(column);
      place(column.sources);
    }
    return;
  }
  for (const SchemaColumn& column : schema_.at(item.relation).columns) {
    if (column.hidden || hidden(column.name)) continue;
    Resolved found;
    if (!column_in(item, column.name, found)) continue;
    place(found.sources);
    out.push_back({column.name, found.sources, found.plain});
  }
}

With* Analyser::open_with(const std::vector<Cte>& ctes, Scope* outer, With* parent) {
  if (ctes.empty()) return parent;
  With& with = *withs_.emplace_back(std::make_unique<With>());
  with.parent = parent;
  with.outer = outer;
  for (const Cte& cte : ctes) {
    with.ctes.emplace_back().cte = &cte;
  }
  return &with;
}

namespace {

void rename(std::vector<OutColumn>& columns, const Cte& cte, Lineage& lineage) {
  if (cte.columns.empty() || columns.empty()) return;
  if (cte.columns.size() != columns.size()) lineage.lost = true;
  for (std::size_t i = 0; i < std::min(columns.size(), cte.columns.size()); ++i)
    columns[i].name = std::string(cte.columns[i]);
}

std::size_t weight(const std::vector<OutColumn>& columns) {
  std::size_t sum = columns.size();
  for (const OutColumn& column : columns) sum += column.sources.size();
  return sum;
}

constexpr int kRoundsMax = 64;

}  // namespace

// A CTE is followed when it is first named; inside itself it has the columns found so far, until nothing is added.
bool Analyser::cte(std::string_view name, With* with, Item& item) {
  for (With* at = with; at != nullptr; at = at->parent) {
    for (CteState& state : at->ctes) {
      if (!same_name(state.cte->name, name)) continue;
      if (state.state == CteState::running) state.recursive = true;
      if (state.state == CteState::done) charge(state.cores);
      if (state.state == CteState::fresh) {
        state.state = CteState::running;
        std::uint64_t before_cores = cores_;
        std::size_t before = 0;
        for (int round = 0;; ++round) {
          std::unique_ptr<Scope> ignored;
          With* inner = open_with(state.cte->select->ctes, at->outer, at);
          std::vector<OutColumn> found = compound(*state.cte->select, at->outer, inner, false, &state, ignored);
          rename(found, *state.cte, lineage_);
          state.columns = std::move(found);
          std::size_t now = weight(state.columns);
          if (!state.recursive || now == before) break;
          if (round >= kRoundsMax) lineage_.lost = true;
          if (lineage_.lost) break;
          before = now;
        }
        // A recursive query can build one value out of many rows.
        lineage_.packs = lineage_.packs || state.recursive;
        state.cores = cores_ - before_cores;
        state.state = CteState::done;
      }
      item.own = state.columns;
      return true;
    }
  }
  return false;
}

}  // namespace libguard::command::sqlite
