// DCL: what is granted, to whom roles belong.
#include "command/postgres/analysis.h"

namespace libguard::command::postgres {

void Analysis::grant(Node node) {
  bool named = false;
  for (Node object : node.list(F_objects)) {
    std::string name = database_object("privileges");
    if (object.is(T_RangeVar)) {
      const Relation* relation = find_relation(object.text(F_schemaname), object.text(F_relname));
      name = relation != nullptr ? relation->full : written_name(object);
    } else if (object.is(T_String)) {
      name = database_object(object.own_text());
    }
    facts_.touch({.action = "dcl",
                  .object = name,
                  .oid = 0,
                  .bound = Bound::none,
                  .rows_bound = kUnproven,
                  .columns_written = {},
                  .system = false,
                  .through_view = false});
    named = true;
  }
  if (named) return;
  facts_.touch({.action = "dcl",
                .object = database_object("privileges"),
                .oid = 0,
                .bound = Bound::none,
                .rows_bound = kUnproven,
                .columns_written = {},
                .system = false,
                .through_view = false});
}

bool Analysis::privilege(Node node) {
  std::string_view kind;
  switch (node.tag()) {
    case T_GrantStmt:
    case T_GrantRoleStmt:
    case T_AlterDefaultPrivilegesStmt:
      kind = "dcl";
      break;
    case T_CreateRoleStmt:
      kind = "create_role";
      break;
    case T_AlterRoleStmt:
    case T_AlterRoleSetStmt:
      kind = "alter_role";
      break;
    case T_ReassignOwnedStmt:
      kind = "reassign_owned";
      break;
    case T_SecLabelStmt:
      kind = "security_label";
      break;
    default:
      return false;
  }
  facts_.kind(kind);
  facts_.effect(CommandEffect::dcl);
  facts_.destructive = true;
  schema_changed();
  grant(node);
  return true;
}

}  // namespace libguard::command::postgres
