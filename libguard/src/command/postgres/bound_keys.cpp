// Which unique keys of its target a WHERE names, and how many rows that can be.
#include <algorithm>

#include "command/postgres/bounds.h"

namespace libguard::command::postgres {
namespace {

// More are not counted.
constexpr std::int64_t kRowsNamedMax = 1'000'000;

}  // namespace

void BoundReader::name_key(Node node, std::int64_t count) {
  const auto position = column(node);
  if (!position || *position == kSystemColumn) return;
  const CatalogueColumn* entry = target_.relation->column(*position);
  const std::string_view type = entry != nullptr ? std::string_view(entry->type) : std::string_view();
  if (!analysis_.user_operators("=", type, {}).empty()) return;  // "=" may mean anything here
  auto [at, inserted] = named_.emplace(*position, count);
  if (!inserted) at->second = std::min(at->second, count);
}

bool BoundReader::collect_or(Node node) {
  Node first;
  std::int64_t count = 0;
  for (Node arm : node.list(F_args)) {
    if (!arm.is(T_A_Expr) || arm.number(F_kind) != LG_AEXPR_OP || last_name(arm.list(F_name)) != "=" ||
        !own_operator(arm.list(F_name)) || !fixed(arm.node(F_rexpr)) || !column(arm.node(F_lexpr))) {
      return false;
    }
    if (first && column(first) != column(arm.node(F_lexpr))) return false;
    first = arm.node(F_lexpr);
    ++count;
  }
  name_key(first, count);
  return true;
}

// Walks the top-level AND and notes columns that are equal to literals or parameters.
void BoundReader::collect_keys(Node node) {
  if (node.is(T_BoolExpr) && node.number(F_boolop) == LG_AND) {
    for (Node each : node.list(F_args)) collect_keys(each);
    return;
  }
  if (node.is(T_BoolExpr) && node.number(F_boolop) == LG_OR) {
    collect_or(node);
    return;
  }
  if (!node.is(T_A_Expr) || last_name(node.list(F_name)) != "=" || !own_operator(node.list(F_name))) return;
  Node left = node.node(F_lexpr);
  Node right = node.node(F_rexpr);
  switch (node.number(F_kind)) {
    case LG_AEXPR_OP:
      if (left.is(T_RowExpr) && right.is(T_RowExpr)) {
        const NodeList names = left.list(F_args);
        const NodeList values = right.list(F_args);
        for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) {
          if (fixed(values[i])) name_key(names[i], 1);
        }
      } else if (fixed(right)) {
        name_key(left, 1);
      } else if (fixed(left)) {
        name_key(right, 1);
      }
      return;
    case LG_AEXPR_IN: {
      const NodeList values = right.items();
      if (all_fixed(values)) name_key(left, static_cast<std::int64_t>(values.size()));
      return;
    }
    case LG_AEXPR_OP_ANY: {
      Node array = bare(right);
      const NodeList values = array.list(F_elements);
      if (array.is(T_A_ArrayExpr) && all_fixed(values)) name_key(left, static_cast<std::int64_t>(values.size()));
      return;
    }
    default:
      return;
  }
}

// The unique keys of the target, and of a view's base where the view shows all of a key.
std::vector<std::vector<std::uint32_t>> BoundReader::keys_of_target() const {
  const Relation& relation = *target_.relation;
  std::vector<std::vector<std::uint32_t>> keys = relation.keys;
  // Plain inheritance: a key holds in each table alone.
  if (relation.entry != nullptr && relation.entry->kind == 'r' && !relation.children.empty()) keys.clear();
  if (relation.view == nullptr || relation.view->base == nullptr) return keys;
  for (const auto& key : relation.view->base->keys) {
    std::vector<std::uint32_t> mapped;
    for (std::uint32_t wanted : key) {
      for (std::uint32_t i = 0; i < relation.view->columns.size(); ++i) {
        const View::Column& each = relation.view->columns[i];
        if (each.direct == relation.view->base && each.direct_position == wanted) {
          mapped.push_back(i);
          break;
        }
      }
    }
    if (mapped.size() == key.size()) keys.push_back(mapped);
  }
  return keys;
}

// How many rows a key names at most: the product of the values of its columns. Nothing where a column is left open.
std::optional<std::int64_t> BoundReader::rows_named(const std::vector<std::uint32_t>& key) const {
  std::int64_t rows = 1;
  for (std::uint32_t position : key) {
    auto at = named_.find(position);
    if (at == named_.end()) return std::nullopt;
    const bool many = rows == kUnproven || rows > kRowsNamedMax / std::max<std::int64_t>(1, at->second);
    rows = many ? kUnproven : rows * at->second;
  }
  return rows;
}

BoundOf BoundReader::keyed() const {
  BoundOf best;
  best.bound = Bound::tautology;
  if (target_.relation == nullptr) return best;
  for (const auto& key : keys_of_target()) {
    const std::optional<std::int64_t> rows = rows_named(key);
    if (!rows) continue;
    best.bound = Bound::eq;
    best.rows = std::min(best.rows, *rows);
  }
  return best;
}

}  // namespace libguard::command::postgres
