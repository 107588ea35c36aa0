// What PostgreSQL calls a result column that has no AS.
#include <array>

#include "command/postgres/analysis.h"

namespace libguard::command::postgres {

// The name PostgreSQL gives a result column (FigureColname).
std::string_view Analysis::output_name(Node value) {
  switch (value.tag()) {
    case T_ColumnRef:
      return last_name(value.list(F_fields));
    case T_FuncCall:
      return last_name(value.list(F_funcname));
    case T_TypeCast: {
      const std::string_view inner = output_name(value.node(F_arg));
      return inner != "?column?" ? inner : last_name(value.node(F_typeName).list(F_names));
    }
    case T_CollateClause:
      return output_name(value.node(F_arg));
    case T_A_Indirection: {
      const NodeList parts = value.list(F_indirection);
      for (std::size_t i = parts.size(); i-- > 0;) {
        if (parts[i].is(T_String)) return parts[i].own_text();
      }
      return output_name(value.node(F_arg));
    }
    case T_SubLink: {
      if (value.number(F_subLinkType) == LG_SUBLINK_EXISTS) return "exists";
      if (value.number(F_subLinkType) == LG_SUBLINK_ARRAY) return "array";
      Node target = value.node(F_subselect).list(F_targetList)[0];
      if (value.number(F_subLinkType) != LG_SUBLINK_EXPR || !target) return "?column?";
      return !target.text(F_name).empty() ? target.text(F_name) : output_name(target.node(F_val));
    }
    case T_CaseExpr: {
      const std::string_view inner = output_name(value.node(F_defresult));
      return inner.empty() || inner == "?column?" ? "case" : inner;
    }
    case T_CoalesceExpr:
      return "coalesce";
    case T_MinMaxExpr:
      return value.number(F_op) == 0 ? "greatest" : "least";
    case T_A_ArrayExpr:
      return "array";
    case T_RowExpr:
      return "row";
    case T_GroupingFunc:
      return "grouping";
    case T_JsonObjectConstructor:
      return "json_object";
    case T_JsonArrayConstructor:
    case T_JsonArrayQueryConstructor:
      return "json_array";
    case T_JsonObjectAgg:
      return "json_objectagg";
    case T_JsonArrayAgg:
      return "json_arrayagg";
    case T_JsonParseExpr:
      return "json";
    case T_JsonScalarExpr:
      return "json_scalar";
    case T_JsonSerializeExpr:
      return "json_serialize";
    case T_A_Expr:
      return value.number(F_kind) == LG_AEXPR_NULLIF ? "nullif" : "?column?";
    case T_SQLValueFunction: {
      constexpr std::array<std::string_view, 15> kNames = {
          "current_date", "current_time", "current_time",   "current_timestamp", "current_timestamp",
          "localtime",    "localtime",    "localtimestamp", "localtimestamp",    "current_role",
          "current_user", "user",         "session_user",   "current_catalog",   "current_schema"};
      const auto at = static_cast<std::size_t>(value.number(F_op));
      return at < kNames.size() ? kNames[at] : "?column?";
    }
    case T_XmlExpr: {
      constexpr std::array<std::string_view, 7> kNames = {"xmlconcat", "xmlelement", "xmlforest", "xmlparse",
                                                          "xmlpi",     "xmlroot",    "?column?"};
      const auto at = static_cast<std::size_t>(value.number(F_op));
      return at < kNames.size() ? kNames[at] : "?column?";
    }
    case T_XmlSerialize:
      return "xmlserialize";
    case T_JsonFuncExpr: {
      constexpr std::array<std::string_view, 3> kNames = {"json_exists", "json_query", "json_value"};
      const auto at = static_cast<std::size_t>(value.number(F_op));
      return at < kNames.size() ? kNames[at] : "?column?";
    }
    case T_MergeSupportFunc:
      return "merge_action";
    default:
      return "?column?";
  }
}

}  // namespace libguard::command::postgres
