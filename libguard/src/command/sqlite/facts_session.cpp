// PRAGMA, transaction control, maintenance.
#include "base/sqlite_rules.h"
#include "base/text.h"
#include "command/sqlite/facts.h"

namespace libguard::command::sqlite {

// PRAGMA [schema.]name [(argument) | = argument]. Only looks at the schema are followed: a look at one table needs what
// reading that table needs, a look at all of them what reading the schema table needs.
bool Facts::pragma(const Piece& piece) {
  kind("pragma");
  std::size_t at = piece.first + 1;
  if (at + 1 < piece.last && lexed_.tokens[at + 1].text == ".") at += 2;
  std::string name = at < piece.last ? text::lower_ascii(name_of(lexed_.tokens[at])) : std::string();
  bool has_argument = at + 2 < piece.last;
  std::string argument = has_argument ? name_of(lexed_.tokens[at + 2]) : std::string();
  Prepared prepared;
  // A refused PRAGMA is not prepared: some act while they are.
  if (!libguard::sqlite::pragma_allowed(name, has_argument ? argument.c_str() : nullptr)) {
    effect(CommandEffect::session);
    return refuse("command.pragma", "this PRAGMA changes or shows settings of the database and is never run here");
  }
  if (!prepare(piece, prepared)) return false;
  effect(CommandEffect::read);
  int relation = schema_.find(argument);
  bool of_table = name == "table_info" || name == "table_xinfo" || name == "index_list" || name == "foreign_key_list";
  if (of_table && relation >= 0 && !schema_.at(relation).system) {
    command_.reads.insert(schema_.object(relation));
    touch_relation("select", relation, false);
  } else {
    Touch& system = touch("select", "main.sqlite_schema");
    system.system = true;
    system.through_view = false;
    command_.reads.insert("main.sqlite_schema");
  }
  int count = prepared.statement ? sqlite3_column_count(prepared.statement.get()) : 0;
  for (int i = 0; i < count; ++i) command_.reveals.push_back({sqlite3_column_name(prepared.statement.get(), i), {}});
  command_.returns_rows = true;
  return true;
}

bool Facts::transaction(const Piece& piece) {
  kind("tcl");
  Prepared prepared;
  if (!prepare(piece, prepared)) return false;
  effect(CommandEffect::session);
  not_runnable("command.transaction_control",
               "one action is one transaction: BEGIN, COMMIT, ROLLBACK and SAVEPOINT are the guard's own");
  return true;
}

bool Facts::maintenance(const Piece& piece) {
  std::string verb = text::lower_ascii(lexed_.tokens[piece.first].text);
  bool into = false;
  for (std::size_t i = piece.first; i < piece.last; ++i) into = into || word(i, "INTO");
  kind(verb == "vacuum" && into ? "vacuum_into" : verb);
  if (verb == "attach" || verb == "detach" || into) {
    effect(CommandEffect::maintenance);
    command_.destructive = true;
    return refuse("command.forbidden",
                  "ATTACH, DETACH and VACUUM INTO open or write other files and are never run here");
  }
  Prepared prepared;
  if (!prepare(piece, prepared)) return false;
  effect(CommandEffect::maintenance);
  int named = piece.last > piece.first + 1 ? schema_.find(name_of(lexed_.tokens[piece.last - 1])) : -1;
  for (int i = 0; i < static_cast<int>(schema_.size()); ++i) {
    const Relation& relation = schema_.at(i);
    bool meant = named >= 0 ? i == named : relation.kind == 'r' && !relation.system;
    if (meant) touch_relation("maintenance", i, false);
  }
  Touch& system = touch("maintenance", "main.sqlite_schema");
  system.system = true;
  if (verb == "vacuum") {
    not_runnable("command.not_in_transaction", "VACUUM cannot run inside a transaction, and every action is one");
  }
  return true;
}

}  // namespace libguard::command::sqlite
