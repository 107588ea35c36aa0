// Which single comparisons restrict the rows of a write, and which only look as if they did.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "command/postgres/bounds.h"

namespace libguard::command::postgres {
namespace {

// The number of a literal, when it is one.
std::optional<double> number_of(Node node) {
  node = bare(node);
  double sign = 1;
  if (node.is(T_A_Expr) && !node.node(F_lexpr) && last_name(node.list(F_name)) == "-") {
    sign = -1;
    node = bare(node.node(F_rexpr));
  }
  if (!node.is(T_A_Const)) return std::nullopt;
  Node value = node.node(F_own);
  if (value.is(T_Integer)) return sign * static_cast<double>(value.number(F_own));
  if (!value.is(T_Float) && !value.is(T_String)) return std::nullopt;
  const std::string text(value.own_text());
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0') return std::nullopt;
  return sign * number;
}

bool is_never_negative(std::string_view function) {
  constexpr std::array<std::string_view, 12> kNames = {
      "abs",    "array_length", "ascii",    "bit_length", "cardinality", "char_length", "character_length",
      "length", "octet_length", "position", "sqrt",       "strpos"};
  return std::find(kNames.begin(), kNames.end(), function) != kNames.end();
}

std::string_view mirrored(std::string_view symbol) {
  if (symbol == "<") return ">";
  if (symbol == "<=") return ">=";
  if (symbol == ">") return "<";
  if (symbol == ">=") return "<=";
  return symbol;
}

std::string_view inverse(std::string_view symbol) {
  if (symbol == "=") return "<>";
  if (symbol == "<>" || symbol == "!=") return "=";
  if (symbol == "<") return ">=";
  if (symbol == "<=") return ">";
  if (symbol == ">") return "<=";
  if (symbol == ">=") return "<";
  return symbol;
}

// x * 0, x % 1, x & 0, CASE and COALESCE: a value that need not depend on the row.
bool levels_out(Node node, int depth) {
  if (!node || depth > 200) return false;
  if (node.is(T_CaseExpr) || node.is(T_CoalesceExpr)) return true;
  if (!node.is(T_A_Expr)) return node.is(T_TypeCast) && levels_out(node.node(F_arg), depth + 1);
  const std::string_view symbol = last_name(node.list(F_name));
  for (PgField side : {F_lexpr, F_rexpr}) {
    const auto number = number_of(node.node(side));
    if (number && *number == 0 && (symbol == "*" || symbol == "&" || symbol == "^")) return true;
    if (number && std::abs(*number) == 1 && symbol == "%") return true;
    if (levels_out(node.node(side), depth + 1)) return true;
  }
  return false;
}

// A column, or its text in another case, so that equality picks few rows; `pg_typeof(id) = 'int4'` picks all.
bool keeps_value(Node node) {
  constexpr std::array<std::string_view, 7> kKeeping = {"btrim", "date", "lower", "ltrim", "rtrim", "trim", "upper"};
  while (node.is(T_TypeCast) || node.is(T_CollateClause)) node = node.node(F_arg);
  if (node.is(T_FuncCall) && node.list(F_args).size() == 1) {
    const std::string_view name = last_name(node.list(F_funcname));
    if (std::find(kKeeping.begin(), kKeeping.end(), name) == kKeeping.end()) return false;
    return keeps_value(node.list(F_args)[0]);
  }
  return node.is(T_ColumnRef) || node.is(T_RowExpr) || node.is(T_A_Indirection);
}

}  // namespace

BoundReader::Part BoundReader::comparison(Node node, bool negated) {
  switch (node.number(F_kind)) {
    case LG_AEXPR_OP: {
      const std::string_view symbol = last_name(node.list(F_name));
      if (symbol == "~~" || symbol == "~~*" || symbol == "~" || symbol == "~*") return pattern(node, negated);
      return compared(node, symbol, negated);
    }
    case LG_AEXPR_NOT_DISTINCT:
      return compared(node, "=", negated);
    case LG_AEXPR_DISTINCT:
      return compared(node, "<>", negated);
    case LG_AEXPR_IN:
      return listed(node, negated);
    case LG_AEXPR_OP_ANY:
    case LG_AEXPR_OP_ALL:
      return array_compared(node, negated);
    case LG_AEXPR_LIKE:
    case LG_AEXPR_ILIKE:
    case LG_AEXPR_SIMILAR:
      return pattern(node, negated);
    case LG_AEXPR_BETWEEN:
    case LG_AEXPR_BETWEEN_SYM:
      return between(node, negated);
    case LG_AEXPR_NOT_BETWEEN:
    case LG_AEXPR_NOT_BETWEEN_SYM:
      return between(node, !negated);
    default:
      return {};
  }
}

bool BoundReader::covers_type(std::uint32_t position, std::string_view symbol, Node literal) const {
  const CatalogueColumn* column = target_.relation->column(position);
  const auto number = number_of(literal);
  if (column == nullptr || !number) return false;
  double lowest = 0;
  double highest = 0;
  if (column->type == "int2") {
    lowest = -32768.0, highest = 32767.0;
  } else if (column->type == "int4") {
    lowest = -2147483648.0, highest = 2147483647.0;
  } else if (column->type == "int8") {
    lowest = -9223372036854775808.0, highest = 9223372036854775807.0;
  } else {
    return false;
  }
  if (symbol == "<") return *number > highest;
  if (symbol == "<=") return *number >= highest;
  if (symbol == ">") return *number < lowest;
  if (symbol == ">=") return *number <= lowest;
  if (symbol == "<>" || symbol == "!=") return *number > highest || *number < lowest;
  return false;
}

// Half of the rows may be true.
bool BoundReader::is_flag(std::uint32_t position) const {
  const CatalogueColumn* column = position < kWholeRow - 1 ? target_.relation->column(position) : nullptr;
  return column != nullptr && column->type == "bool";
}

BoundReader::Part BoundReader::compared(Node node, std::string_view symbol, bool negated) {
  Part found;
  Node left = node.node(F_lexpr);
  Node right = node.node(F_rexpr);
  Mentions in_left = mentions(left);
  Mentions in_right = mentions(right);
  if (!in_left.any() && !in_right.any()) {
    found.others = (in_left.others && bare(right).is(T_A_Const)) || (in_right.others && bare(left).is(T_A_Const)) ||
                   (in_left.others && bare(right).is(T_ParamRef)) || (in_right.others && bare(left).is(T_ParamRef));
    return found;
  }
  for (std::uint32_t position : in_left.columns) {
    if (in_right.columns.contains(position)) return found;  // id = id, id <= id + 1
  }
  if (in_left.others || in_right.others) {
    found.joins = true;
    return found;
  }
  if (bare(left).is(T_SubLink) || bare(right).is(T_SubLink)) {
    const bool bare_side = column(left).has_value() || column(right).has_value();
    found.restricts = bare_side;
    found.narrow = (negated ? inverse(symbol) : symbol) == "=";
    return found;
  }
  if (!in_left.any()) {
    std::swap(left, right);
    std::swap(in_left, in_right);
    symbol = mirrored(symbol);
  }
  if (negated) symbol = inverse(symbol);
  if (levels_out(left, 0)) return found;
  if (left.is(T_FuncCall) && is_never_negative(last_name(left.list(F_funcname)))) {
    const auto number = number_of(right);
    if (number && *number <= 0 && (symbol == ">=" || symbol == ">" || symbol == "<>")) return found;
  }
  if (auto position = column(left); position && *position < kWholeRow - 1 && covers_type(*position, symbol, right)) {
    return found;
  }
  found.restricts = true;
  Say say = Say::unequal;
  if (symbol == "=") say = Say::equal;
  if (symbol == "<" || symbol == "<=") say = Say::below;
  if (symbol == ">" || symbol == ">=") say = Say::above;
  for (std::uint32_t position : in_left.columns) {
    found.says.insert({position, say});
    found.narrow = found.narrow || (say == Say::equal && keeps_value(left) && !is_flag(position));
  }
  return found;
}

BoundReader::Part BoundReader::listed(Node node, bool negated) {
  Part found;
  const Mentions subject = mentions(node.node(F_lexpr));
  if (!subject.any() || levels_out(node.node(F_lexpr), 0)) return found;
  for (Node value : node.node(F_rexpr).items()) {
    for (std::uint32_t position : mentions(value).columns) {
      if (subject.columns.contains(position)) return found;  // id IN (5, id)
    }
  }
  found.restricts = true;
  const bool excluded = (last_name(node.list(F_name)) == "<>") != negated;
  for (std::uint32_t position : subject.columns) {
    found.says.insert({position, excluded ? Say::unequal : Say::equal});
    found.narrow = found.narrow || (!excluded && !is_flag(position));
  }
  return found;
}

BoundReader::Part BoundReader::array_compared(Node node, bool negated) {
  Part found;
  const Mentions subject = mentions(node.node(F_lexpr));
  Node array = bare(node.node(F_rexpr));
  if (!subject.any()) return found;
  if (array.is(T_SubLink)) {
    Node query = array.node(F_subselect);
    found.restricts = ties(query, false) && (!reads_target(query, 0) || (!negated && narrowed(query, 0)));
  } else {
    for (std::uint32_t position : mentions(array).columns) {
      if (subject.columns.contains(position)) return found;
    }
    const bool empty = array.is(T_A_ArrayExpr) && array.list(F_elements).empty();
    const bool any = node.number(F_kind) == LG_AEXPR_OP_ANY;
    const std::string_view symbol = last_name(node.list(F_name));
    // "<> ANY (two values)" and "> ALL (nothing)" hold for every row.
    found.restricts = !(any && !negated && symbol != "=") && !(any && negated && symbol == "=" && empty) &&
                      !(!any && (empty || symbol == "=") && negated) && !(!any && empty);
  }
  const bool equal = last_name(node.list(F_name)) == "=" && node.number(F_kind) == LG_AEXPR_OP_ANY && !negated;
  for (std::uint32_t position : subject.columns) {
    found.says.insert({position, equal ? Say::equal : Say::unequal});
    found.narrow = found.narrow || (equal && !is_flag(position));
  }
  return found;
}

BoundReader::Part BoundReader::between(Node node, bool negated) {
  Part found;
  const Mentions subject = mentions(node.node(F_lexpr));
  Node range = node.node(F_rexpr);
  const NodeList ends = range.items();
  if (!subject.any() || ends.size() != 2 || levels_out(node.node(F_lexpr), 0)) return found;
  for (Node end : ends) {
    for (std::uint32_t position : mentions(end).columns) {
      if (subject.columns.contains(position)) return found;
    }
  }
  const auto position = column(node.node(F_lexpr));
  if (!negated && position && *position < kWholeRow - 1) {
    if (covers_type(*position, ">=", ends[0]) && covers_type(*position, "<=", ends[1])) return found;
  }
  found.restricts = true;
  for (std::uint32_t each : subject.columns) {
    found.says.insert({each, negated ? Say::unequal : Say::equal});
  }
  return found;
}

BoundReader::Part BoundReader::pattern(Node node, bool negated) {
  Part found;
  const std::string_view symbol = last_name(node.list(F_name));
  const bool excluded = symbol.starts_with("!") != negated;
  const Mentions subject = mentions(node.node(F_lexpr));
  if (!subject.any() || levels_out(node.node(F_lexpr), 0)) return found;
  Node right = bare(node.node(F_rexpr));
  for (std::uint32_t position : mentions(right).columns) {
    if (subject.columns.contains(position)) return found;
  }
  // SIMILAR TO wraps its pattern in a call; a pattern of nothing but wildcards matches every row.
  if (right.is(T_FuncCall) && !right.list(F_args).empty()) right = bare(right.list(F_args)[0]);
  if (right.is(T_A_Const) && right.node(F_own).is(T_String)) {
    const std::string_view text = right.node(F_own).own_text();
    const bool like = symbol.find("~~") != std::string_view::npos;
    const bool wild =
        text.find_first_not_of(like ? "%" : "%.*+?^$()|_:") == std::string_view::npos && (!like || !text.empty());
    if (wild && !excluded) return found;
  } else if (!right.is(T_ParamRef) && !mentions(right).any()) {
    return found;  // a computed pattern could be anything
  }
  found.restricts = true;
  for (std::uint32_t position : subject.columns) found.says.insert({position, excluded ? Say::unequal : Say::equal});
  return found;
}

BoundReader::Part BoundReader::null_test(Node node, bool negated) {
  Part found;
  const bool is_null = (node.number(F_nulltesttype) == LG_IS_NULL) != negated;
  const auto position = column(node.node(F_arg));
  if (!position || *position >= kWholeRow - 1) return found;
  const CatalogueColumn* entry = target_.relation->column(*position);
  const bool nullable = entry != nullptr && !entry->not_null;
  if (!is_null && !nullable) return found;
  found.restricts = true;
  found.says.insert({*position, is_null ? Say::null : Say::not_null});
  return found;
}

BoundReader::Part BoundReader::truth_test(Node node, bool negated) {
  Node argument = node.node(F_arg);
  switch (node.number(F_booltesttype)) {
    case LG_IS_TRUE:
    case LG_IS_NOT_FALSE:
      return part(argument, negated);
    case LG_IS_FALSE:
    case LG_IS_NOT_TRUE:
      return part(argument, !negated);
    default:
      break;
  }
  Part found;
  const bool unknown = (node.number(F_booltesttype) == LG_IS_UNKNOWN) != negated;
  const auto position = column(argument);
  if (!position || *position >= kWholeRow - 1) return found;
  const CatalogueColumn* entry = target_.relation->column(*position);
  found.restricts = unknown || (entry != nullptr && !entry->not_null);
  found.says.insert({*position, unknown ? Say::null : Say::not_null});
  return found;
}

}  // namespace libguard::command::postgres
