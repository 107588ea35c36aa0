// DDL: what is made and changed. Expressions inside definitions are searched for what they call.
#include <algorithm>
#include <array>

#include "command/postgres/analysis.h"

namespace libguard::command::postgres {
namespace {

constexpr std::string_view kNoTransactionSentence =
    "this statement cannot run inside a transaction, and every action here is one";

struct Plain {
  NodeTag tag;
  std::string_view kind;
};

// Statements whose kind is all that there is to say; the object is named where the node names one.
constexpr Plain kDefinitions[] = {
    {T_AlterTableStmt, "alter"},
    {T_AlterDomainStmt, "alter"},
    {T_AlterSeqStmt, "alter"},
    {T_AlterFunctionStmt, "alter"},
    {T_AlterObjectDependsStmt, "alter"},
    {T_AlterObjectSchemaStmt, "alter"},
    {T_AlterOwnerStmt, "alter"},
    {T_AlterOperatorStmt, "alter"},
    {T_AlterTypeStmt, "alter"},
    {T_AlterEnumStmt, "alter"},
    {T_AlterFdwStmt, "alter"},
    {T_AlterForeignServerStmt, "alter"},
    {T_AlterUserMappingStmt, "alter"},
    {T_AlterPolicyStmt, "alter"},
    {T_AlterEventTrigStmt, "alter"},
    {T_AlterCollationStmt, "alter"},
    {T_AlterStatsStmt, "alter"},
    {T_AlterTSDictionaryStmt, "alter"},
    {T_AlterTSConfigurationStmt, "alter"},
    {T_AlterPublicationStmt, "alter"},
    {T_AlterSubscriptionStmt, "alter"},
    {T_AlterOpFamilyStmt, "alter"},
    {T_AlterTableSpaceOptionsStmt, "alter"},
    {T_AlterTableMoveAllStmt, "alter"},
    {T_AlterExtensionStmt, "alter"},
    {T_AlterExtensionContentsStmt, "alter"},
    {T_AlterDatabaseStmt, "alter"},
    {T_AlterDatabaseSetStmt, "alter"},
    {T_AlterDatabaseRefreshCollStmt, "alter"},
    {T_AlterSystemStmt, "alter_system"},
    {T_RenameStmt, "ddl"},
    {T_CommentStmt, "comment"},
    {T_IndexStmt, "create_index"},
    {T_CreateTrigStmt, "create_trigger"},
    {T_RuleStmt, "create_rule"},
    {T_CreateSchemaStmt, "create_schema"},
    {T_CreateSeqStmt, "create_sequence"},
    {T_CreateFunctionStmt, "create_function"},
    {T_CreatedbStmt, "create_database"},
    {T_CreateTableSpaceStmt, "create_tablespace"},
    {T_CreateDomainStmt, "create_domain"},
    {T_DefineStmt, "ddl"},
    {T_CompositeTypeStmt, "create_type"},
    {T_CreateEnumStmt, "create_type"},
    {T_CreateRangeStmt, "create_type"},
    {T_CreatePolicyStmt, "create_policy"},
    {T_CreateExtensionStmt, "ddl"},
    {T_CreateFdwStmt, "ddl"},
    {T_CreateForeignServerStmt, "ddl"},
    {T_CreateUserMappingStmt, "ddl"},
    {T_ImportForeignSchemaStmt, "ddl"},
    {T_CreateAmStmt, "ddl"},
    {T_CreateEventTrigStmt, "ddl"},
    {T_CreatePLangStmt, "ddl"},
    {T_CreateOpClassStmt, "ddl"},
    {T_CreateOpFamilyStmt, "ddl"},
    {T_CreateStatsStmt, "ddl"},
    {T_CreateConversionStmt, "ddl"},
    {T_CreateCastStmt, "ddl"},
    {T_CreateTransformStmt, "ddl"},
    {T_CreatePublicationStmt, "ddl"},
    {T_CreateSubscriptionStmt, "ddl"},
    {T_DropdbStmt, "drop"},
    {T_DropTableSpaceStmt, "drop"},
    {T_DropUserMappingStmt, "drop"},
    {T_DropSubscriptionStmt, "drop"},
};

bool outside_transaction(Node node) {
  switch (node.tag()) {
    case T_CreatedbStmt:
    case T_DropdbStmt:
    case T_CreateTableSpaceStmt:
    case T_DropTableSpaceStmt:
    case T_AlterSystemStmt:
    case T_CreateSubscriptionStmt:
    case T_DropSubscriptionStmt:
      return true;
    case T_IndexStmt:
    case T_DropStmt:
      return node.flag(F_concurrent);
    default:
      return false;
  }
}

// Names that a definition's node carries, in the order in which they are looked for.
std::string name_in(Node node) {
  for (PgField field : {F_funcname, F_typeName, F_domainname, F_defnames, F_object, F_opclassname, F_opfamilyname,
                        F_conversion_name, F_typevar}) {
    for (Node part : node.list(field)) {
      const std::string_view last = last_name(node.list(field));
      if (part && !last.empty()) return std::string(last);
    }
  }
  for (PgField field : {F_schemaname, F_extname, F_servername, F_fdwname, F_pubname, F_subname, F_dbname,
                        F_tablespacename, F_name, F_trigname, F_plname, F_amname, F_local_schema, F_policy_name}) {
    if (!node.text(field).empty()) return std::string(node.text(field));
  }
  return "object";
}

}  // namespace

// The name a new or unlisted relation gets: temporary ones in pg_temp, others in the first schema of the search path.
std::string Analysis::written_name(Node range) {
  const std::string_view name = range.text(F_relname);
  if (!range.text(F_schemaname).empty()) return std::string(range.text(F_schemaname)) + "." + std::string(name);
  if (range.number(F_relpersistence) == 't') return "pg_temp." + std::string(name);
  if (!new_schema_.empty()) return new_schema_ + "." + std::string(name);
  const std::vector<std::string>& path = search_path();
  return (path.empty() ? "public" : path.front()) + "." + std::string(name);
}

void Analysis::ddl(std::string_view kind, std::string object, bool destructive) {
  facts_.kind(kind);
  facts_.effect(CommandEffect::ddl);
  facts_.destructive = facts_.destructive || destructive;
  schema_changed();
  Touch touch;
  touch.action = "ddl";
  touch.object = std::move(object);
  facts_.touch(std::move(touch));
}

void Analysis::ddl_on(std::string_view kind, Node range) {
  const Relation* relation = find_relation(range.text(F_schemaname), range.text(F_relname));
  const std::string name = relation != nullptr ? relation->full : written_name(range);
  ddl(kind, name);
  facts_.write(name);
}

// Finds calls, casts and queries in a definition; columns are those of the relation being defined and tell nothing.
void Analysis::walk(Node node, int depth) {
  if (!node || depth > 400 || !facts_.spend()) return;
  if (node.is(T_SelectStmt)) {
    query(node, around(), false);
    return;
  }
  if (node.is(T_FuncCall)) {
    const NodeList name = node.list(F_funcname);
    Flow ignored;
    std::vector<Flow> arguments(node.list(F_args).size());
    called(name.size() >= 2 ? name[name.size() - 2].own_text() : std::string_view(), last_name(name), arguments, true,
           ignored);
  }
  if (node.is(T_RangeVar)) {
    // A parent, a partition, the other end of a foreign key: defining touches it too.
    const Relation* relation = find_relation(node.text(F_schemaname), node.text(F_relname));
    if (relation != nullptr) {
      facts_.touch({.action = "ddl",
                    .object = relation->full,
                    .oid = relation->entry->oid,
                    .bound = Bound::none,
                    .rows_bound = kUnproven,
                    .columns_written = {},
                    .system = relation->system,
                    .through_view = false});
    }
    return;
  }
  if (node.is(T_A_Expr) && node.number(F_kind) == LG_AEXPR_OP) operator_called(node.list(F_name));
  for (const LgField* field = node.first(); field != nullptr; field = field->next) {
    if (field->kind == LG_NODE) walk(Node(field->as.node), depth + 1);
    if (field->kind != LG_LIST) continue;
    for (Node child : NodeList(field->as.list)) walk(child, depth + 1);
  }
}

bool Analysis::definition(Node node) {
  if (outside_transaction(node)) facts_.not_runnable("command.no_transaction", kNoTransactionSentence);
  if (node.is(T_DropStmt) || node.is(T_DropOwnedStmt) || node.is(T_DropRoleStmt)) {
    drop(node);
    return true;
  }
  const auto* found = std::find_if(std::begin(kDefinitions), std::end(kDefinitions),
                                   [&](const Plain& each) { return each.tag == node.tag(); });
  if (found == std::end(kDefinitions)) return false;
  Node range = node.node(F_relation);
  if (!range) range = node.node(F_table);
  if (!range && (node.is(T_CreateSeqStmt) || node.is(T_AlterSeqStmt))) range = node.node(F_sequence);
  if (range.is(T_RangeVar)) {
    ddl_on(found->kind, range);
  } else {
    ddl(found->kind, database_object(name_in(node)), !node.is(T_CommentStmt));
  }
  if (node.is(T_AlterSystemStmt)) facts_.effect(CommandEffect::dcl);
  if (node.is(T_RenameStmt) || node.is(T_AlterObjectSchemaStmt)) renamed(node, found->kind);
  if (node.is(T_CreateFunctionStmt) || node.is(T_RuleStmt) || node.is(T_CreateTrigStmt)) {
    facts_.doubt("opaque_code");  // runs later, when somebody calls it or writes the table
    return true;
  }
  if (node.is(T_CreateSchemaStmt)) {
    create_in_schema(node);
  } else {
    walk(node, 0);
  }
  return true;
}

// CREATE SCHEMA s CREATE TABLE t ...: what has no schema of its own lands in the new one, which is named after its
// owner when it has no name.
void Analysis::create_in_schema(Node node) {
  const std::string_view owner = node.node(F_authrole).text(F_rolename);
  new_schema_ = node.text(F_schemaname).empty() ? owner : node.text(F_schemaname);
  for (Node element : node.list(F_schemaElts)) statement(element);
  new_schema_.clear();
}

bool Analysis::creation(Node node) {
  switch (node.tag()) {
    case T_CreateStmt:
      create_table(node, "create_table");
      return true;
    case T_CreateForeignTableStmt:
      create_table(node.node(F_base), "create_foreign_table");
      return true;
    case T_CreateTableAsStmt:
      create_as(node);
      return true;
    case T_ViewStmt:
      create_view(node);
      return true;
    default:
      return false;
  }
}

void Analysis::create_table(Node node, std::string_view kind) {
  Node range = node.node(F_relation);
  const std::string name = written_name(range);
  ddl(kind, name);
  facts_.write(name);
  for (Node parent : node.list(F_inhRelations)) {
    const Relation* relation = relation_of_range(parent);
    if (relation == nullptr) return;
    ddl(kind, relation->full);
  }
  walk(node, 0);
  const std::size_t dot = name.find('.');
  facts_.extra(name.substr(0, dot), range.text(F_relname));
}

void Analysis::create_as(Node node) {
  Node into = node.node(F_into);
  const std::string name = written_name(into.node(F_rel));
  ddl(node.number(F_objtype) == LG_OBJECT_MATVIEW ? "create_materialized_view" : "create_table_as", name, false);
  facts_.write(name);
  Node inner = node.node(F_query);
  if (inner.is(T_ExecuteStmt)) {
    statement(inner);
  } else {
    Sources all;
    for (const OutColumn& column : query(inner, around(), false)) all.add(column.sources);
    facts_.carry(all);
  }
  facts_.extra(std::string_view(name).substr(0, name.find('.')), into.node(F_rel).text(F_relname));
}

void Analysis::create_view(Node node) {
  Node range = node.node(F_view);
  const std::string name = written_name(range);
  ddl("create_view", name);
  facts_.write(name);
  Sources all;
  for (const OutColumn& column : query(node.node(F_query), around(), false)) all.add(column.sources);
  facts_.carry(all);
  facts_.extra(std::string_view(name).substr(0, name.find('.')), range.text(F_relname));
}

}  // namespace libguard::command::postgres
