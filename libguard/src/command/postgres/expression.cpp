// Expressions: what a value is derived from, and what a test tells about columns.
#include <algorithm>

#include "command/postgres/analysis.h"
#include "command/postgres/builtins.h"
#include "command/postgres/types.h"

namespace libguard::command::postgres {
namespace {

bool is_equality(NodeList name) {
  if (last_name(name) != "=") return false;
  return name.size() == 1 || (name.size() == 2 && name[0].own_text() == "pg_catalog");
}

bool is_literal(Node node) {
  while (node.is(T_TypeCast)) node = node.node(F_arg);
  return node.is(T_A_Const) || node.is(T_ParamRef);
}

std::string_view constant_type(Node constant) {
  switch (constant.node(F_own).tag()) {
    case T_Integer:
      return "int4";
    case T_Float:
      return "numeric";
    case T_Boolean:
      return "bool";
    case T_BitString:
      return "bit";
    default:
      return "unknown";
  }
}

}  // namespace

// Kept to one switch over small functions, so that a level of nesting costs little stack.
Flow Analysis::expression(Node node, Scope& scope) {
  Flow value;
  if (!node || !facts_.spend()) return value;
  switch (node.tag()) {
    case T_ColumnRef:
      return column_reference(node, scope);
    case T_A_Const:
      value.constant = true;
      value.type = constant_type(node);
      return value;
    case T_ParamRef: {
      const auto at = static_cast<std::size_t>(node.number(F_number));
      if (code_ != nullptr && code_->parameters != nullptr && at >= 1 && at <= code_->parameters->size()) {
        return (*code_->parameters)[at - 1];
      }
      value.constant = true;
      return value;
    }
    case T_FuncCall:
      return call(node, scope);
    case T_A_Expr:
      return operation(node, scope);
    case T_BoolExpr:
      return combine(node, scope);
    case T_TypeCast:
      return cast(node, scope);
    case T_SubLink:
      return sublink(node, scope);
    case T_A_Indirection:
      return indirection(node, scope);
    case T_CaseExpr:
      return choice(node, scope);
    case T_CoalesceExpr:
    case T_A_ArrayExpr:
    case T_RowExpr:
    case T_NamedArgExpr:
    case T_List:
    case T_A_Indices:
    case T_CollateClause:
    case T_XmlExpr:
    case T_XmlSerialize:
    case T_ResTarget:
    case T_JsonFuncExpr:
    case T_JsonObjectConstructor:
    case T_JsonArrayConstructor:
    case T_JsonParseExpr:
    case T_JsonScalarExpr:
    case T_JsonSerializeExpr:
    case T_JsonObjectAgg:
    case T_JsonArrayAgg:
    case T_JsonAggConstructor:
    case T_JsonKeyValue:
    case T_JsonValueExpr:
    case T_JsonArgument:
    case T_JsonBehavior:
    case T_JsonTablePathSpec:
    case T_MultiAssignRef:
    case T_JsonArrayQueryConstructor:
    case T_GroupingFunc:
    case T_NullTest:
    case T_BooleanTest:
    case T_JsonIsPredicate:
    case T_MinMaxExpr:
      return combine(node, scope);
    case T_SQLValueFunction:
    case T_SetToDefault:
    case T_MergeSupportFunc:
    case T_JsonFormat:
    case T_JsonReturning:
      return value;
    case T_CurrentOfExpr:
      if (!facts_.in_code) facts_.doubt("opaque_cursor");  // in a body the table that it changes is known
      return value;
    default:
      facts_.fail("command.unknown_node", "an expression of this kind is not understood");
      return value;
  }
}

Sources Analysis::list_sources(NodeList list, Scope& scope) {
  Sources sources;
  for (Node node : list) {
    if (node) sources.add(expression(node, scope).sources);
  }
  return sources;
}

Flow Analysis::combine(Node node, Scope& scope) {
  Flow value;
  for (const LgField* field = node.first(); field != nullptr; field = field->next) {
    if (field->kind == LG_LIST) {
      for (Node child : NodeList(field->as.list)) {
        if (child.is(T_String)) continue;
        if (child) value.sources.add(expression(child, scope).sources);
      }
    } else if (field->kind == LG_NODE) {
      Node child(field->as.node);
      if (child.is(T_TypeName)) {
        type_used(child);
      } else if (child.is(T_JsonOutput)) {
        type_used(child.node(F_typeName));
      } else if (child.is(T_SelectStmt)) {
        for (const OutColumn& column : query(child, &scope, false)) value.sources.add(column.sources);
        facts_.packs_rows = true;
      } else if (child.is(T_WindowDef)) {
        window(child, scope);
      } else {
        value.sources.add(expression(child, scope).sources);
      }
    }
  }
  switch (node.tag()) {
    case T_BoolExpr:
    case T_NullTest:
    case T_BooleanTest:
    case T_JsonIsPredicate:
    case T_MinMaxExpr:
      facts_.infer(value.sources);
      break;
    case T_JsonObjectAgg:
    case T_JsonArrayAgg:
      facts_.packs_rows = true;
      break;
    case T_JsonParseExpr:
    case T_JsonFuncExpr:
    case T_XmlExpr:
      facts_.error_reveals(value.sources);
      break;
    default:
      break;
  }
  return value;
}

// (a, b) = (c, d) compares pair by pair, each with its own operator.
Flow Analysis::row_comparison(Node node, Scope& scope) {
  Flow value;
  const NodeList left = node.node(F_lexpr).list(F_args);
  const NodeList right = node.node(F_rexpr).list(F_args);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const Flow one = expression(left[i], scope);
    const Flow other = expression(right[i], scope);
    value.sources.add(operator_called(node.list(F_name), one.type, other.type));
    value.sources.add(one.sources);
    value.sources.add(other.sources);
  }
  facts_.infer(value.sources);
  value.type = "bool";
  return value;
}

Flow Analysis::operation(Node node, Scope& scope) {
  if (node.number(F_kind) == LG_AEXPR_OP && node.node(F_lexpr).is(T_RowExpr) && node.node(F_rexpr).is(T_RowExpr)) {
    return row_comparison(node, scope);
  }
  Flow value;
  const auto kind = static_cast<LgExprKind>(node.number(F_kind));
  const NodeList name = node.list(F_name);
  Node left = node.node(F_lexpr);
  Node right = node.node(F_rexpr);
  const Flow left_value = expression(left, scope);
  value.sources = left_value.sources;
  std::string_view left_type = left_value.type;
  std::string_view right_type;
  if (right.is(T_List)) {
    // IN and BETWEEN: each member is compared with the left side, which settles its type when it is known.
    value.sources.add(list_sources(right.items(), scope));
  } else {
    const Flow right_value = expression(right, scope);
    value.sources.add(right_value.sources);
    // A division fails where the value is zero, and so tells where it is.
    if (last_name(name) == "/" || last_name(name) == "%") facts_.infer(right_value.sources);
    right_type = kind == LG_AEXPR_OP_ANY || kind == LG_AEXPR_OP_ALL ? std::string_view() : right_value.type;
  }
  if (kind >= LG_AEXPR_BETWEEN) {
    value.sources.add(compared_with("<=", left_type));
    value.sources.add(compared_with(">=", left_type));
  } else {
    value.sources.add(operator_called(name, left_type, right_type));
  }
  const bool makes_value =
      kind == LG_AEXPR_OP && (is_value_operator(last_name(name)) || (!left && last_name(name) == "~"));
  if (!makes_value) {
    facts_.infer(value.sources);
    value.type = kind == LG_AEXPR_NULLIF ? left_value.type : "bool";
  } else if (surely_builtin(left_type) && (surely_builtin(right_type) || right_type == "unknown")) {
    value.type = kSomeBuiltinType;
  }
  return value;
}

Flow Analysis::choice(Node node, Scope& scope) {
  Flow value;
  Sources tested;
  Node subject = node.node(F_arg);
  const Flow compared = expression(subject, scope);
  tested.add(compared.sources);
  for (Node when : node.list(F_args)) {
    const Flow condition = expression(when.node(F_expr), scope);
    if (subject) tested.add(compared_with("=", compared.type, condition.type));
    tested.add(condition.sources);
    value.sources.add(expression(when.node(F_result), scope).sources);
  }
  if (Node otherwise = node.node(F_defresult)) value.sources.add(expression(otherwise, scope).sources);
  facts_.infer(tested);
  value.sources.add(tested);
  return value;
}

Flow Analysis::sublink(Node node, Scope& scope) {
  Flow value;
  std::vector<OutColumn> columns = query(node.node(F_subselect), &scope, false);
  const auto kind = static_cast<LgSubLinkKind>(node.number(F_subLinkType));
  if (kind == LG_SUBLINK_EXISTS) {
    value.type = "bool";
    return value;
  }
  for (const OutColumn& column : columns) value.sources.add(column.sources);
  if (kind == LG_SUBLINK_EXPR && columns.size() == 1) value.type = columns[0].type;
  if (kind == LG_SUBLINK_ARRAY) facts_.packs_rows = true;
  if (Node test = node.node(F_testexpr)) {
    const Flow tested = expression(test, scope);
    value.sources.add(tested.sources);
    const NodeList name = node.list(F_operName);
    const std::string_view type = columns.size() == 1 ? columns[0].type : std::string_view();
    value.sources.add(name.empty() ? compared_with("=", tested.type, type)  // IN
                                   : operator_called(name, tested.type, type));
    facts_.infer(value.sources);
    value.type = "bool";
  }
  return value;
}

// a[1], (row).field, (row).*: a field of a known row is that column; otherwise it may be a call of a function.
Flow Analysis::indirection(Node node, Scope& scope) {
  Node argument = node.node(F_arg);
  Flow value = expression(argument, scope);
  const NodeList fields = argument.is(T_ColumnRef) ? argument.list(F_fields) : NodeList();
  Item* item = fields.empty() ? nullptr : find_item({}, fields[fields.size() - 1].own_text(), scope);
  value.direct = nullptr;
  value.type = {};
  for (Node part : node.list(F_indirection)) {
    if (part.is(T_A_Star)) continue;
    if (!part.is(T_String)) {
      value.sources.add(expression(part, scope).sources);
      continue;
    }
    const std::string_view name = part.own_text();
    if (item != nullptr && fields.size() == 1 && !find_column(fields[0].own_text(), scope)) {
      value = qualified(*item, name);
      item = nullptr;
      continue;
    }
    if (value.row != nullptr && value.row->position(name) != kWholeRow) {
      value = row_field(value, value.row->position(name));
      item = nullptr;
      continue;
    }
    if (names_.any_function(name) || (find_builtin(name) != nullptr && !find_builtin(name)->safe)) {
      // The type is not known, so the field may be a function's name.
      Flow result;
      called({}, name, {value}, false, result);
      value.sources.add(result.sources);
    }
    value.row = nullptr;
    value.columns = nullptr;
    item = nullptr;
  }
  return value;
}

// One field of a row whose type is a relation's. Where a function is known to give rows of certain sources, those and
// what it was given count; else all of the row's.
Flow Analysis::row_field(const Flow& row, std::uint32_t position) {
  Flow field;
  if (row.columns != nullptr && row.columns->size() == row.row->columns.size()) {
    field.sources = (*row.columns)[position];
    field.sources.add(row.operands);
  } else {
    field.sources = row.sources;
    field.sources.add(column_sources(*row.row, position));
  }
  return field;
}

Flow Analysis::cast(Node node, Scope& scope) {
  Flow value = expression(node.node(F_arg), scope);
  cast_to(node.node(F_typeName), value);
  return value;
}

// column = literal, with PostgreSQL's own operator.
bool Analysis::is_match(Node node, Scope& scope, Sources& column) {
  if (!node.is(T_A_Expr) || node.number(F_kind) != LG_AEXPR_OP || !is_equality(node.list(F_name))) return false;
  Node left = node.node(F_lexpr);
  Node right = node.node(F_rexpr);
  if (is_literal(left) || is_variable(left, scope)) std::swap(left, right);
  if (!left.is(T_ColumnRef) || is_variable(left, scope)) return false;
  if (!is_literal(right) && !is_variable(right, scope)) return false;
  const Flow value = column_reference(left, scope);
  if (value.row != nullptr || value.sources.empty()) return false;
  const Flow other = expression(right, scope);
  if (!user_operators("=", value.type, other.type).empty()) return false;
  if (value.direct == nullptr && value.sources.size() > 1) return false;
  column = value.sources;
  return true;
}

void Analysis::predicate(Node node, Scope& scope, bool match_allowed) {
  if (!facts_.spend()) return;
  if (node.is(T_BoolExpr) && node.number(F_boolop) == LG_AND) {
    for (Node part : node.list(F_args)) predicate(part, scope, match_allowed);
    return;
  }
  Sources column;
  if (match_allowed && is_match(node, scope, column)) {
    facts_.match(column);
    return;
  }
  facts_.infer(expression(node, scope).sources);
}

}  // namespace libguard::command::postgres
