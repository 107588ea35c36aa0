// SELECT, and what INSERT, UPDATE and DELETE have in common.
#include <algorithm>

#include "base/sqlite_rules.h"
#include "base/text.h"
#include "command/sqlite/facts.h"
#include "command/sqlite/parser.h"

namespace libguard::command::sqlite {
namespace {

// A text that our reader does not follow is prepared only when it cannot grow much in SQLite's hands.
constexpr int kUnreadQueriesMax = 4;

CommandEffect effect_of(Statement::Kind kind) {
  return kind == Statement::Kind::select ? CommandEffect::read : CommandEffect::write;
}

}  // namespace

bool Facts::data(const Piece& piece) {
  Ast ast;
  bool read = parse_statement(lexed_, piece.first, piece.last, ast);
  Statement::Kind kind_of = ast.statement.kind;
  if (!read) {
    // Named by its verb: the first word outside a WITH's parentheses that is one.
    int depth = 0;
    for (std::size_t i = piece.first; i < piece.last && kind_of == Statement::Kind::unread; ++i) {
      if (lexed_.tokens[i].text == "(") ++depth;
      if (lexed_.tokens[i].text == ")") --depth;
      if (depth > 0) continue;
      if (word(i, "SELECT") || word(i, "VALUES"))
        kind_of = Statement::Kind::select;
      else if (word(i, "INSERT") || word(i, "REPLACE"))
        kind_of = Statement::Kind::insert;
      else if (word(i, "UPDATE"))
        kind_of = Statement::Kind::update;
      else if (word(i, "DELETE"))
        kind_of = Statement::Kind::remove;
    }
  }
  static constexpr const char* kVerbs[] = {"error", "select", "insert", "update", "delete"};
  if (!piece.explain) kind(kVerbs[static_cast<std::size_t>(kind_of)]);
  if (!command_.not_understood_code.empty()) return false;
  if (piece.explain) return explain(piece, read ? &ast : nullptr);
  if (kind_of == Statement::Kind::select) return read ? select_statement(piece, ast) : unread_select(piece);
  if (read) return write(piece, ast);
  Prepared prepared;
  if (!prepare(piece, prepared)) return false;  // SQLite's reason is the better one
  effect(effect_of(kind_of));
  return refuse("command.unsupported",
                "the statement changes rows in a way that is not followed here; write it more plainly");
}

bool Facts::select_statement(const Piece& piece, const Ast& ast) {
  Lineage lineage;
  Analyser analyser(schema_, open_schema_, lexed_, lineage);
  std::vector<OutColumn> columns = analyser.select(*ast.statement.select, nullptr, nullptr, true);
  if (lineage.heavy) return refuse_heavy();
  Prepared prepared;
  if (!prepare(piece, prepared) || !seen(prepared, lineage)) return false;
  if (prepared.statement != nullptr && sqlite3_stmt_readonly(prepared.statement.get()) == 0) {
    return refuse("command.unsupported", "a query that changes something is not followed here");
  }
  effect(CommandEffect::read);
  functions(lineage);
  reveal(prepared, columns, lineage);
  tests(lineage);
  reads(lineage);
  for (std::size_t token : lineage.texts)
    command_.literals.push_back({lexed_.tokens[token].start, lexed_.tokens[token].end});
  return true;
}

// SQLite followed the text and we did not: everything it read is revealed and tested.
bool Facts::unread_select(const Piece& piece) {
  int queries = 0;
  for (std::size_t i = piece.first; i < piece.last; ++i) queries += word(i, "SELECT") || word(i, "VALUES") ? 1 : 0;
  if (queries > kUnreadQueriesMax)
    return refuse("command.unsupported", "the query is written in a way that is not followed here");
  Lineage lineage;
  lineage.lost = true;
  Prepared prepared;
  if (!prepare(piece, prepared) || !seen(prepared, lineage)) return false;
  if (prepared.statement == nullptr || sqlite3_stmt_readonly(prepared.statement.get()) == 0) {
    return refuse("command.unsupported", "the query is written in a way that is not followed here");
  }
  for (ColumnId id : lineage.placed) lineage.relations.insert(relation_of(id));
  effect(CommandEffect::read);
  functions(lineage);
  reveal(prepared, {}, lineage);
  tests(lineage);
  reads(lineage);
  return true;
}

// EXPLAIN runs nothing in SQLite and shows no data: it needs what a look at the tables needs.
bool Facts::explain(const Piece& piece, const Ast* ast) {
  if (ast == nullptr) return refuse("command.unsupported", "the statement to explain is not followed here");
  const Statement& statement = ast->statement;
  Lineage lineage;
  Analyser analyser(schema_, open_schema_, lexed_, lineage);
  Scope scope;
  scope.with = analyser.open_with(statement.ctes, nullptr, nullptr);
  if (statement.select != nullptr) (void)analyser.select(*statement.select, nullptr, scope.with, true);
  if (!statement.table.empty()) {
    int target = analyser.relation_named(statement.schema, statement.table);
    if (target >= 0) {
      lineage.relations.insert(target);
      analyser.add_relation(scope, target, statement.alias.empty() ? statement.table : statement.alias);
    }
    analyser.from(statement.from, scope);
    analyser.test(statement.where, scope);
  }
  if (lineage.heavy) return refuse_heavy();
  Prepared prepared;
  if (!prepare(piece, prepared)) return false;
  for (const Touched& touched : shadow_.touched()) {
    int relation = schema_.find(touched.first);
    bool table = touched.action == SQLITE_READ || touched.action == SQLITE_INSERT || touched.action == SQLITE_UPDATE ||
                 touched.action == SQLITE_DELETE;
    if (table && relation >= 0 && !schema_.at(relation).system && lineage.relations.count(relation) == 0)
      lineage.behind.insert(relation);
  }
  effect(CommandEffect::read);
  functions(lineage);
  reads(lineage);
  int count = prepared.statement ? sqlite3_column_count(prepared.statement.get()) : 0;
  for (int i = 0; i < count; ++i) command_.reveals.push_back({sqlite3_column_name(prepared.statement.get(), i), {}});
  command_.returns_rows = true;
  return true;
}

bool Facts::write(const Piece& piece, const Ast& ast) {
  const Statement& statement = ast.statement;
  if (!shadow_.triggers_complete()) {
    return refuse("command.opaque_trigger", "a trigger of this database is not understood, so no change is");
  }
  Lineage lineage;
  Analyser analyser(schema_, open_schema_, lexed_, lineage);
  target_ = analyser.relation_named(statement.schema, statement.table);
  Scope scope;
  scope.with = analyser.open_with(statement.ctes, nullptr, nullptr);
  if (target_ < 0) {
    Prepared prepared;
    if (!prepare(piece, prepared)) return false;
    return refuse("command.unknown_name", "the table to change is not part of the catalogue");
  }
  const Relation& target = schema_.at(target_);
  values_known_ = !statement.conflict_clause && statement.upserts.empty() && target.kind != 'v' && !target.replaces;
  analyser.add_relation(scope, target_, statement.alias.empty() ? statement.table : statement.alias);
  lineage.behind.clear();  // what a view's definition reads is added where SQLite says that it is read
  target_item_ = &scope.items.front();
  analyser.from(statement.from, scope);
  // The shadow must not expand what grows without bound; the source query is analysed before it is prepared.
  std::size_t values_before = command_.assigned.size();
  if (statement.kind == Statement::Kind::insert)
    write_insert(statement, analyser, scope, lineage);
  else
    write_update(statement, analyser, scope);
  std::vector<OutColumn> columns = returning(statement, analyser, scope);
  if (lineage.heavy) return refuse_heavy();
  Prepared prepared;
  if (!prepare(piece, prepared) || !seen(prepared, lineage) || !seen_writes(prepared)) return false;
  if (lineage.lost) {
    return refuse("command.unsupported",
                  "the statement changes rows in a way that is not followed here; write it more plainly");
  }
  if (!values_known_) {
    for (std::size_t i = values_before; i < command_.assigned.size(); ++i) command_.assigned[i].known = false;
    std::erase_if(slots_, [&](const ParameterSlot& slot) { return slot.assigned >= values_before; });
  }
  effect(CommandEffect::write);
  functions(lineage);
  if (!statement.returning.empty()) {
    reveal(prepared, columns, lineage);
    touch_relation("select", target_, false);
  }
  add_text(command_.error_reveals, lineage.errors);
  tests(lineage);
  reads(lineage);
  for (std::size_t token : lineage.texts)
    command_.literals.push_back({lexed_.tokens[token].start, lexed_.tokens[token].end});
  return true;
}

std::vector<OutColumn> Facts::returning(const Statement& statement, Analyser& analyser, Scope& scope) {
  if (statement.returning.empty()) return {};
  // RETURNING sees the target only, `*` included.
  Scope only;
  only.with = scope.with;
  only.items.push_back(*target_item_);
  return analyser.results(statement.returning, only);
}

// The authorizer's word on what is written: by the statement itself the target only; by triggers whatever they write.
bool Facts::seen_writes(const Prepared& prepared) {
  if (prepared.statement == nullptr) return true;  // no catalogue
  for (const Touched& touched : shadow_.touched()) {
    if (touched.action != SQLITE_INSERT && touched.action != SQLITE_UPDATE && touched.action != SQLITE_DELETE) continue;
    bool by_trigger = schema_.trigger(touched.context) != nullptr && !touched.context.empty();
    if (by_trigger) {
      trigger_write(touched);
      continue;
    }
    bool expected = schema_.find(touched.first) == target_ && touched.schema == "main";
    bool schema_noise = libguard::sqlite::is_system_table(touched.first) && !schema_.at(target_).system;
    if (!expected && !schema_noise) {
      return refuse("command.unsupported", "the statement changes a table that it does not name plainly");
    }
  }
  return true;
}

void Facts::trigger_write(const Touched& touched) {
  std::string action = touched.action == SQLITE_INSERT   ? "insert"
                       : touched.action == SQLITE_UPDATE ? "update"
                                                         : "delete";
  int relation = schema_.find(touched.first);
  std::string object = relation >= 0 ? schema_.object(relation) : "main." + touched.first;
  Bound bound = action == "insert" ? Bound::eq : Bound::none;
  const SchemaTrigger* trigger = schema_.trigger(touched.context);
  if (auto known = trigger->bounds.find({action, text::lower_ascii(touched.first)}); known != trigger->bounds.end()) {
    bound = known->second;
  }
  Touch& entry = touch(action, object);
  entry.bound = std::min(entry.bound, bound);
  entry.system = relation >= 0 && schema_.at(relation).system;
  command_.writes.insert(object);
  if (touched.action == SQLITE_UPDATE) entry.columns_written.insert(touched.second);
  if (relation == target_) values_known_ = false;
  if (relation < 0) return;
  if (touched.action == SQLITE_INSERT) {
    for (const SchemaColumn& column : schema_.at(relation).columns) entry.columns_written.insert(column.name);
    unknown_values(relation);
  } else if (touched.action == SQLITE_UPDATE) {
    command_.assigned.push_back({object + "." + touched.second, false, ""});
  }
}

void Facts::unknown_values(int relation) {
  for (const SchemaColumn& column : schema_.at(relation).columns) {
    command_.assigned.push_back({schema_.object(relation) + "." + column.name, false, ""});
  }
}

}  // namespace libguard::command::sqlite
