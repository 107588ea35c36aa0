// Joins: which columns a FROM entry has in the end, and which of them USING and NATURAL compare.
#include <algorithm>

#include "command/postgres/analysis.h"

namespace libguard::command::postgres {

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

}  // namespace libguard::command::postgres
