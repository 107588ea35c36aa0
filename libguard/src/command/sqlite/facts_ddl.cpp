// CREATE, DROP, ALTER.
#include "base/text.h"
#include "command/sqlite/facts.h"
#include "command/sqlite/parser.h"

namespace libguard::command::sqlite {
namespace {

bool defines(int action) {
  switch (action) {
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_VIEW:
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TEMP_INDEX:
    case SQLITE_DROP_TEMP_TABLE:
    case SQLITE_DROP_TEMP_TRIGGER:
    case SQLITE_DROP_TEMP_VIEW:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW:
    case SQLITE_DROP_VTABLE:
    case SQLITE_ALTER_TABLE:
      return true;
    default:
      return false;
  }
}

// Indexes and triggers belong to a table, which the authorizer names second.
bool table_is_second(int action) {
  return action == SQLITE_CREATE_INDEX || action == SQLITE_CREATE_TEMP_INDEX || action == SQLITE_CREATE_TRIGGER ||
         action == SQLITE_CREATE_TEMP_TRIGGER || action == SQLITE_DROP_INDEX || action == SQLITE_DROP_TEMP_INDEX ||
         action == SQLITE_DROP_TRIGGER || action == SQLITE_DROP_TEMP_TRIGGER || action == SQLITE_ALTER_TABLE;
}

}  // namespace

bool Facts::definition(const Piece& piece) {
  std::size_t at = piece.first;
  std::string verb = text::lower_ascii(lexed_.tokens[at++].text);
  std::string modifier;
  while (word(at, "TEMP") || word(at, "TEMPORARY") || word(at, "UNIQUE") || word(at, "VIRTUAL")) {
    modifier = text::lower_ascii(lexed_.tokens[at++].text);
  }
  std::string noun = at < piece.last ? text::lower_ascii(lexed_.tokens[at++].text) : std::string();
  while (word(at, "IF") || word(at, "NOT") || word(at, "EXISTS")) ++at;
  bool table_as = false;
  if (verb == "create" && noun == "table" && modifier != "virtual") {
    // CREATE TABLE name AS, CREATE TABLE schema.name AS
    std::size_t after = at + (at + 1 < piece.last && lexed_.tokens[at + 1].text == "." ? 3 : 1);
    table_as = word(after, "AS");
  }
  std::string what =
      verb == "create" ? verb + "_" + (modifier == "virtual" ? "virtual_" : "") + noun + (table_as ? "_as" : "") : verb;
  kind(what);
  if (table_as && !light(piece)) return false;
  Prepared prepared;
  if (!prepare(piece, prepared)) return false;
  effect(CommandEffect::ddl);
  command_.destructive = command_.destructive || verb != "create" || noun == "trigger";
  bool touched_any = false;
  for (const Touched& touched : shadow_.touched()) {
    if (!defines(touched.action)) continue;
    bool second = table_is_second(touched.action);
    bool temporary = (touched.action == SQLITE_ALTER_TABLE ? touched.first : touched.schema) == "temp";
    std::string object = (temporary ? "temp." : "main.") + (second ? touched.second : touched.first);
    Touch& known = touch("ddl", object);
    known.through_view = false;
    int relation = schema_.find(second ? touched.second : touched.first);
    known.system = relation >= 0 && schema_.at(relation).system;
    command_.writes.insert(object);
    touched_any = true;
  }
  if (!touched_any && at < piece.last) {
    // IF [NOT] EXISTS that finds nothing to do, or no catalogue: the object is still what the text names.
    std::size_t on = at;
    if (verb == "create" && (noun == "index" || noun == "trigger")) {
      while (on < piece.last && !word(on, "ON")) ++on;
      on = on + 1 < piece.last ? on + 1 : at;
    }
    touch("ddl", object_at(on)).through_view = false;
    command_.writes.insert(object_at(on));
  }
  define(piece, what, prepared);
  return command_.not_understood_code.empty();
}

// CREATE TABLE AS is expanded while it is prepared: see Lineage::heavy.
bool Facts::light(const Piece& piece) {
  Ast ast;
  Lineage lineage;
  if (!parse_table_as(lexed_, piece.first, piece.last, ast)) {
    return refuse("command.unsupported", "the query of CREATE TABLE AS is not followed");
  }
  Analyser analyser(schema_, open_schema_, lexed_, lineage);
  (void)analyser.select(*ast.statement.select, nullptr, nullptr, false);
  return !lineage.heavy || refuse_heavy();
}

// What data the new object shows or takes along.
void Facts::define(const Piece& piece, const std::string& what, const Prepared& prepared) {
  if (what == "create_view") return carry_select(piece, nullptr);
  if (what == "create_table_as") return carry_select(piece, &prepared);
  if (what == "create_trigger" || what == "create_virtual_table") return carry_mentioned(piece);
  if (what != "alter") return;
  // After a rename a classified column or table would no longer bear the name that the configuration classifies.
  bool renames = false;
  for (std::size_t i = piece.first; i < piece.last; ++i) renames = renames || word(i, "RENAME");
  if (renames) carry_mentioned(piece);
}

// `prepared` null: a view, whose query SQLite does not resolve when it is made.
void Facts::carry_select(const Piece& piece, const Prepared* prepared) {
  bool view = prepared == nullptr;
  Ast ast;
  std::vector<std::string_view> names;
  bool read = view ? parse_view(lexed_, piece.first, piece.last, ast, names)
                   : parse_table_as(lexed_, piece.first, piece.last, ast);
  Lineage lineage;
  if (read) {
    Analyser analyser(schema_, open_schema_, lexed_, lineage);
    for (const OutColumn& column : analyser.select(*ast.statement.select, nullptr, nullptr, false)) {
      add_text(command_.carries, column.sources);
    }
  }
  if (prepared != nullptr && !seen(*prepared, lineage)) return;
  functions(lineage);
  tests(lineage);
  reads(lineage);
  add_text(command_.error_reveals, lineage.errors);
  if (!read || lineage.lost) carry_mentioned(piece);
}

// Every relation whose name occurs: all of its columns.
void Facts::carry_mentioned(const Piece& piece) {
  for (std::size_t i = piece.first; i < piece.last; ++i) {
    const Token& token = lexed_.tokens[i];
    if (token.kind != TokenKind::name && token.kind != TokenKind::quoted_name && token.kind != TokenKind::string)
      continue;
    int relation = schema_.find(name_of(token));
    if (relation < 0) continue;
    Sources all{column_id(relation, kAllColumns)};
    for (int behind : schema_.at(relation).behind) merge(all, column_id(behind, kAllColumns));
    if (const View* view = schema_.view(relation)) merge(all, view->lineage.placed);
    add_text(command_.carries, all);
  }
}

}  // namespace libguard::command::sqlite
