#include "command/postgres/bounds.h"

#include <array>
#include <algorithm>

namespace libguard::command::postgres {
namespace {

bool is_literal(Node node) {
  // Casts between these keep different values different; a time zone does not.
  constexpr std::array<std::string_view, 14> kFaithful = {"bpchar",  "char",    "date",    "int2", "int4",
                                                          "int8",    "numeric", "oid",     "text", "timestamp",
                                                          "unknown", "uuid",    "varchar", "bool"};
  while (node.is(T_TypeCast)) {
    const std::string_view type = last_name(node.node(F_typeName).list(F_names));
    if (std::find(kFaithful.begin(), kFaithful.end(), type) == kFaithful.end()) return false;
    node = node.node(F_arg);
  }
  return node.is(T_A_Const) || node.is(T_ParamRef);
}

}  // namespace

BoundOf Analysis::bound_of(Node where, Scope& scope, Item& target) {
  if (!where) return {};
  return BoundReader(*this, scope, target).read(where);
}

BoundOf BoundReader::read(Node where) {
  collect_keys(where);
  BoundOf bound = keyed();
  if (bound.bound == Bound::eq) return bound;
  const Part whole = part(where, false);
  bound.bound = whole.restricts || (whole.joins && whole.others) ? Bound::weak : Bound::tautology;
  bound.wide = !whole.narrow && !(whole.joins && whole.others);
  return bound;
}

bool BoundReader::fixed(Node node) const { return is_literal(node) || analysis_.is_variable(node, scope_); }

bool BoundReader::all_fixed(NodeList list) const {
  for (Node node : list) {
    if (!fixed(node)) return false;
  }
  return !list.empty();
}

// The column of the target that a bare name means; nothing when another relation could be meant.
std::optional<std::uint32_t> BoundReader::column(Node node) const {
  if (!node.is(T_ColumnRef) || target_.relation == nullptr) return std::nullopt;
  const NodeList fields = node.list(F_fields);
  if (fields.empty() || !fields[fields.size() - 1].is(T_String)) return std::nullopt;
  const std::string_view name = last_name(fields);
  if (fields.size() > 1) {
    const std::string_view schema = fields.size() > 2 ? fields[fields.size() - 3].own_text() : std::string_view();
    if (analysis_.find_item(schema, fields[fields.size() - 2].own_text(), scope_) != &target_) return std::nullopt;
  } else {
    for (const Item& item : scope_.items) {
      if (&item == &target_ || item.qualified_only) continue;
      if (item.open || analysis_.column_of(item, name)) return std::nullopt;
    }
  }
  if (std::optional<Flow> value = analysis_.column_of(target_, name)) return value->position;
  if (name == "ctid" || name == "xmin" || name == "xmax") return kSystemColumn;
  if (target_.open && name != "tableoid") return analysis_.facts_.extra_column(*target_.relation, name);
  return std::nullopt;
}

void BoundReader::mention(Node node, Mentions& found, int depth) const {
  if (!node || depth > 400) return;
  if (analysis_.is_variable(node, scope_)) return;
  if (node.is(T_ColumnRef)) {
    if (auto position = column(node)) {
      found.columns.insert(*position);
    } else {
      const NodeList fields = node.list(F_fields);
      const Item* item = fields.size() == 1 ? analysis_.find_item({}, fields[0].own_text(), scope_) : nullptr;
      if (item == &target_) return;  // a whole row: it never proves anything
      found.others = found.others || scope_.items.size() > 1;
    }
    return;
  }
  for (const LgField* field = node.first(); field != nullptr; field = field->next) {
    if (field->kind == LG_NODE) mention(Node(field->as.node), found, depth + 1);
    if (field->kind != LG_LIST) continue;
    for (Node child : NodeList(field->as.list)) mention(child, found, depth + 1);
  }
}

BoundReader::Mentions BoundReader::mentions(Node node) const {
  Mentions found;
  mention(node, found, 0);
  return found;
}

BoundReader::Part BoundReader::part(Node node, bool negated) {
  switch (node.tag()) {
    case T_BoolExpr: {
      const auto kind = static_cast<LgBoolKind>(node.number(F_boolop));
      const NodeList parts = node.list(F_args);
      if (kind == LG_NOT) return part(parts[0], !negated);
      return (kind == LG_AND) == !negated ? all_of(parts, negated) : any_of(parts, negated);
    }
    case T_A_Expr:
      return comparison(node, negated);
    case T_NullTest:
      return null_test(node, negated);
    case T_BooleanTest:
      return truth_test(node, negated);
    case T_SubLink:
      return sublink(node, negated);
    case T_TypeCast:
      return part(node.node(F_arg), negated);
    case T_ColumnRef: {
      Part found;
      found.restricts = column(node).has_value();
      if (found.restricts) found.says.insert({*column(node), negated ? Say::below : Say::above});
      return found;
    }
    case T_FuncCall: {
      Part found;
      found.restricts = mentions(node).any();
      std::set<std::uint32_t> seen;
      for (Node argument : node.list(F_args)) {
        for (std::uint32_t position : mentions(argument).columns) {
          if (!seen.insert(position).second) found.restricts = false;  // texteq(x, x)
        }
        Node literal = bare(argument);
        if (literal.is(T_A_Const) && literal.node(F_own).is(T_String) && literal.node(F_own).own_text().empty()) {
          found.restricts = false;  // starts_with(x, '') and its like hold for every row
        }
      }
      return found;
    }
    case T_CurrentOfExpr: {
      Part found;
      found.restricts = true;
      found.narrow = true;
      return found;
    }
    default:
      return {};
  }
}

BoundReader::Part BoundReader::all_of(NodeList parts, bool negated) {
  Part whole;
  for (Node node : parts) {
    Part each = part(node, negated);
    whole.restricts = whole.restricts || each.restricts;
    whole.joins = whole.joins || each.joins;
    whole.others = whole.others || each.others;
    whole.narrow = whole.narrow || (each.restricts && each.narrow);
    if (each.restricts) whole.says.insert(each.says.begin(), each.says.end());
  }
  return whole;
}

// Restricts only when every arm does and no two arms complete each other.
BoundReader::Part BoundReader::any_of(NodeList parts, bool negated) {
  Part whole;
  whole.restricts = true;
  whole.narrow = true;
  std::map<std::uint32_t, std::vector<std::set<Say>>> by_column;
  for (Node node : parts) {
    Part each = part(node, negated);
    whole.restricts = whole.restricts && each.restricts;
    whole.narrow = whole.narrow && each.narrow;
    std::map<std::uint32_t, std::set<Say>> says;
    for (const auto& [position, say] : each.says) says[position].insert(say);
    for (auto& [position, set] : says) {
      // An arm that also demands equality is narrow, whatever else it says.
      if (set.contains(Say::equal)) set = {Say::equal};
      by_column[position].push_back(set);
      whole.says.insert({position, *set.begin()});
    }
  }
  for (const auto& [position, arms] : by_column) {
    if (arms.size() < 2) continue;
    std::set<Say> all;
    for (const auto& arm : arms) all.insert(arm.begin(), arm.end());
    const bool complete = all.contains(Say::unequal) || (all.contains(Say::above) && all.contains(Say::below)) ||
                          (all.contains(Say::null) && all.contains(Say::not_null));
    if (complete) whole.restricts = false;
  }
  return whole;
}

bool BoundReader::reads_target(Node node, int depth) const {
  if (!node || depth > 400) return false;
  if (node.is(T_RangeVar)) {
    // A common table expression could hide the target: any other name of this statement's WITH counts as it.
    return target_.relation == nullptr || node.text(F_relname) == target_.relation->name || !scope_.ctes.empty();
  }
  for (const LgField* field = node.first(); field != nullptr; field = field->next) {
    if (field->kind == LG_NODE && reads_target(Node(field->as.node), depth + 1)) return true;
    if (field->kind != LG_LIST) continue;
    for (Node child : NodeList(field->as.list)) {
      if (reads_target(child, depth + 1)) return true;
    }
  }
  return false;
}

// Does a query over the target itself return only some of it, by a comparison with a literal of its own?
bool BoundReader::narrowed(Node query, int depth) const {
  if (depth > 8 || !query.is(T_SelectStmt)) return false;
  if (!query.list(F_valuesLists).empty()) return true;
  if (query.number(F_op) != LG_SETOP_NONE) {
    return narrowed(query.node(F_larg), depth + 1) && narrowed(query.node(F_rarg), depth + 1);
  }
  Node where = query.node(F_whereClause);
  if (where.is(T_A_Expr) && where.number(F_kind) == LG_AEXPR_OP && last_name(where.list(F_name)) == "=") {
    return (where.node(F_lexpr).is(T_ColumnRef) && fixed(where.node(F_rexpr))) ||
           (where.node(F_rexpr).is(T_ColumnRef) && fixed(where.node(F_lexpr)));
  }
  if (!where.is(T_BoolExpr) || where.number(F_boolop) != LG_AND) return false;
  for (Node each : where.list(F_args)) {
    if (each.is(T_A_Expr) && each.number(F_kind) == LG_AEXPR_OP && each.node(F_lexpr).is(T_ColumnRef) &&
        fixed(each.node(F_rexpr)) && last_name(each.list(F_name)) == "=") {
      return true;
    }
  }
  return false;
}

// Is this a column of the subquery's own FROM? If not, it is the outer row's, and comparing it with the outer row
// proves nothing: `id IN (SELECT id_misspelt FROM other)` holds for every row.
bool BoundReader::local(Node column, Scope& inner) const {
  const NodeList fields = column.list(F_fields);
  for (const Item& item : inner.items) {
    if (fields.size() == 1 && analysis_.column_of(item, last_name(fields))) return true;
    if (fields.size() >= 2 && item.alias == fields[fields.size() - 2].own_text()) return true;
  }
  return false;
}

bool BoundReader::all_local(Node node, Scope& inner, int depth) const {
  if (!node || depth > 400) return true;
  if (node.is(T_ColumnRef)) return local(node, inner);
  for (const LgField* field = node.first(); field != nullptr; field = field->next) {
    if (field->kind == LG_NODE && !all_local(Node(field->as.node), inner, depth + 1)) return false;
    if (field->kind != LG_LIST) continue;
    for (Node child : NodeList(field->as.list)) {
      if (!all_local(child, inner, depth + 1)) return false;
    }
  }
  return true;
}

// Does the subquery's answer depend on its own rows, joined to the outer row by an equality?
bool BoundReader::ties(Node query, bool exists) const {
  if (!query.is(T_SelectStmt)) return false;
  if (!query.list(F_valuesLists).empty()) return !exists;
  if (query.number(F_op) != LG_SETOP_NONE) {
    return ties(query.node(F_larg), exists) && ties(query.node(F_rarg), exists);
  }
  Scope inner(&scope_);
  analysis_.with(query.node(F_withClause), inner);
  analysis_.from_list(query.list(F_fromClause), inner);
  if (!exists) {
    for (Node target : query.list(F_targetList)) {
      if (!all_local(target.node(F_val), inner, 0)) return false;
    }
    return true;
  }
  Node where = query.node(F_whereClause);
  auto joins = [&](Node each) {
    if (!each.is(T_A_Expr) || each.number(F_kind) != LG_AEXPR_OP || last_name(each.list(F_name)) != "=") return false;
    Node left = each.node(F_lexpr);
    Node right = each.node(F_rexpr);
    if (!left.is(T_ColumnRef) || !right.is(T_ColumnRef)) return false;
    return (local(left, inner) && !local(right, inner) && column(right)) ||
           (local(right, inner) && !local(left, inner) && column(left));
  };
  if (!where.is(T_BoolExpr) || where.number(F_boolop) != LG_AND) return joins(where);
  for (Node each : where.list(F_args)) {
    if (joins(each)) return true;
  }
  return false;
}

BoundReader::Part BoundReader::sublink(Node node, bool negated) {
  Part found;
  Node query = node.node(F_subselect);
  Node test = node.node(F_testexpr);
  const bool exists = node.number(F_subLinkType) == LG_SUBLINK_EXISTS;
  const bool tied = test ? mentions(test).any() : mentions(query).any();
  if (!tied || !(exists || test) || !ties(query, exists)) return found;
  found.restricts = !reads_target(query, 0) || (!negated && narrowed(query, 0));
  found.narrow = !negated;
  if (found.restricts && test) {
    for (std::uint32_t position : mentions(test).columns) {
      found.says.insert({position, negated ? Say::unequal : Say::equal});
    }
  }
  return found;
}

}  // namespace libguard::command::postgres
