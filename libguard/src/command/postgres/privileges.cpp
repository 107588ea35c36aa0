// DCL: what is granted, to whom roles belong.
#include "command/postgres/analysis.h"

namespace libguard::command::postgres {

void Analysis::dcl(std::string object) {
  Touch touch;
  touch.action = "dcl";
  touch.object = std::move(object);
  facts_.touch(std::move(touch));
}

void Analysis::grant(Node node) {
  for (Node object : node.list(F_objects)) {
    if (object.is(T_RangeVar)) {
      const Relation* relation = find_relation(object.text(F_schemaname), object.text(F_relname));
      dcl(relation != nullptr ? relation->full : written_name(object));
    } else {
      dcl(database_object(object.is(T_String) ? object.own_text() : "privileges"));
    }
  }
  if (node.list(F_objects).empty()) dcl(database_object("privileges"));
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
