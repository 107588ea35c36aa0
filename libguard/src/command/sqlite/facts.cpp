#include "command/sqlite/facts.h"

#include <algorithm>

#include "base/limits.h"
#include "base/sqlite_rules.h"
#include "base/text.h"

namespace libguard::command::sqlite {
namespace {

constexpr int kStatementsMax = 50;

bool begins(const std::string& text, std::string_view prefix) { return text.rfind(prefix, 0) == 0; }
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

bool Facts::refuse(const char* code, const char* sentence) {
  if (command_.not_understood_code.empty()) {
    command_.not_understood_code = code;
    command_.not_understood = sentence;
  }
  return false;
}

bool Facts::refuse_heavy() {
  return refuse("command.too_complex", "the statement grows too large when its subqueries and views are expanded");
}

// SQLite's words decide the class of the refusal and go no further: they name tables and show text.
bool Facts::refuse_prepared(const Prepared& prepared) {
  const std::string& error = prepared.error;
  if (prepared.result == SQLITE_AUTH || has(error, "not authorized") || has(error, "prohibited")) {
    return refuse("command.forbidden",
                  "the statement uses something that is never run here: another file, an unsafe "
                  "function, a setting or a system table");
  }
  if (begins(error, "no such") || has(error, "has no column named") || begins(error, "unknown") ||
      begins(error, "ambiguous")) {
    return refuse("command.unknown_name",
                  "a table, column or function that the statement names does not exist here, or "
                  "the name is ambiguous");
  }
  if (has(error, "too deep") || has(error, "too large") || has(error, "stack overflow") || has(error, "too many") ||
      has(error, "maximum depth") || prepared.result == SQLITE_TOOBIG || prepared.result == SQLITE_NOMEM) {
    return refuse("command.too_complex", "the statement is nested too deeply or is too large to be understood");
  }
  return refuse("command.parse", "the statement is not valid SQL for SQLite");
}

bool Facts::run() {
  for (std::size_t at = 0; at < lexed_.tokens.size() && lexed_.tokens[at].kind != TokenKind::end;) {
    if (lexed_.tokens[at].text == ";") {
      ++at;
      continue;
    }
    ++command_.statements;
    if (command_.statements > kStatementsMax) {
      return refuse("command.too_complex", "the text holds too many statements");
    }
    // After a refusal the rest is still counted and named, so that a reader sees what was sent.
    (void)piece(at);
  }
  if (command_.statements == 0) return refuse("command.empty", "the text holds no statement");
  if (!command_.not_understood_code.empty()) return false;
  finish();
  return true;
}

bool Facts::word(std::size_t token, std::string_view word) const {
  return token < lexed_.tokens.size() && lexed_.tokens[token].kind == TokenKind::name &&
         same_name(lexed_.tokens[token].text, word);
}

// Finds the end of the statement at `at`. A trigger's body holds semicolons; it ends at END.
bool Facts::piece(std::size_t& at) {
  Piece piece;
  piece.begin = at;
  piece.explain = word(at, "EXPLAIN");
  piece.first = at + (piece.explain ? (word(at + 1, "QUERY") && word(at + 2, "PLAN") ? 3 : 1) : 0);
  std::size_t noun = piece.first + (word(piece.first + 1, "TEMP") || word(piece.first + 1, "TEMPORARY") ? 2 : 1);
  bool trigger = word(piece.first, "CREATE") && word(noun, "TRIGGER");
  auto is_end = [&](std::size_t i) { return lexed_.tokens[i].kind == TokenKind::end; };
  std::size_t last = piece.first;
  while (!is_end(last)) {
    bool stop = lexed_.tokens[last].text == ";" && lexed_.tokens[last].kind == TokenKind::symbol;
    if (stop && (!trigger || word(last - 1, "END"))) break;
    ++last;
  }
  piece.last = last;
  at = last;
  return dispatch(piece);
}

bool Facts::dispatch(const Piece& piece) {
  if (piece.explain) kind("explain");
  std::size_t at = piece.first;
  auto is = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return word(at, w); });
  };
  if (is({"SELECT", "VALUES", "WITH", "INSERT", "REPLACE", "UPDATE", "DELETE"})) return data(piece);
  if (piece.explain) return refuse("command.unsupported", "EXPLAIN is understood for queries and row changes only");
  if (is({"CREATE", "DROP", "ALTER"})) return definition(piece);
  if (is({"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"})) return transaction(piece);
  if (is({"PRAGMA"})) return pragma(piece);
  if (is({"ANALYZE", "REINDEX", "VACUUM", "ATTACH", "DETACH"})) return maintenance(piece);
  kind("error");
  return refuse("command.parse", "the statement is not valid SQL for SQLite");
}

// SQLite must end the statement where we do: else one of the two reads the text differently.
bool Facts::prepare(const Piece& piece, Prepared& out) {
  if (!command_.not_understood_code.empty()) return false;
  const Token& begin = lexed_.tokens[piece.begin];
  const Token& end = lexed_.tokens[piece.last];
  out = shadow_.prepare(text_.substr(begin.start));
  if (out.result != SQLITE_OK) {
    if (open_schema_ != nullptr && begins(out.error, "no such") && !begins(out.error, "no such function")) return true;
    return refuse_prepared(out);
  }
  std::size_t tail = begin.start + out.consumed;
  bool agreed = end.kind == TokenKind::end ? tail >= lexed_.tokens[piece.last - 1].end : tail == end.end;
  if (!agreed || out.statement == nullptr) {
    return refuse("command.unsupported", "the end of the statement is not clear");
  }
  return true;
}

void Facts::kind(const std::string& kind) {
  if (std::find(command_.kinds.begin(), command_.kinds.end(), kind) == command_.kinds.end())
    command_.kinds.push_back(kind);
}

// The gravest effect of all statements wins.
void Facts::effect(CommandEffect effect) {
  auto weight = [](CommandEffect e) {
    switch (e) {
      case CommandEffect::read:
        return 1;
      case CommandEffect::session:
        return 2;
      case CommandEffect::write:
        return 3;
      case CommandEffect::maintenance:
        return 4;
      case CommandEffect::ddl:
        return 5;
      case CommandEffect::dcl:
        return 6;
      case CommandEffect::opaque:
        return 0;  // the value before the first statement
    }
    return 0;
  };
  if (weight(effect) > weight(command_.effect)) command_.effect = effect;
  if (effect != CommandEffect::read) all_safe_ = false;
}

Touch& Facts::touch(const std::string& action, const std::string& object) {
  for (Touch& known : command_.touches) {
    if (known.action == action && known.object == object) return known;
  }
  Touch& fresh = command_.touches.emplace_back();
  fresh.action = action;
  fresh.object = object;
  fresh.bound = Bound::eq;
  fresh.through_view = true;  // until it is named in the text
  return fresh;
}

void Facts::touch_relation(const std::string& action, int relation, bool through_view) {
  Touch& known = touch(action, schema_.object(relation));
  known.system = schema_.at(relation).system;
  known.through_view = known.through_view && through_view;
}

void Facts::not_runnable(const char* code, const char* sentence) {
  if (!command_.runnable) return;
  command_.runnable = false;
  command_.not_runnable_code = code;
  command_.not_runnable = sentence;
}

void Facts::add_text(std::set<std::string>& into, const Sources& sources) const {
  for (ColumnId id : sources) add_text(into, id);
}

void Facts::add_text(std::set<std::string>& into, ColumnId column) const {
  for (ColumnId id : schema_.with_origins(column)) into.insert(schema_.text(id));
}

std::string Facts::object_at(std::size_t token) const {
  if (token + 2 < lexed_.tokens.size() && lexed_.tokens[token + 1].text == ".") {
    std::string schema = text::lower_ascii(name_of(lexed_.tokens[token]));
    return schema + "." + name_of(lexed_.tokens[token + 2]);
  }
  return "main." + name_of(lexed_.tokens[token]);
}

// Adds to the lineage what the authorizer saw and the tree did not place; that is counted as tested and as revealed.
// Reads inside a trigger go to what the write carries. False: a name outside the schema was read.
bool Facts::seen(const Prepared& prepared, Lineage& lineage) {
  bool only_reads = prepared.statement == nullptr || sqlite3_stmt_readonly(prepared.statement.get()) != 0;
  Sources missing;
  for (const Touched& touched : shadow_.touched()) {
    if (touched.action == SQLITE_FUNCTION) lineage.calls.insert(text::lower_ascii(touched.second));
    if (touched.action != SQLITE_READ) continue;
    bool table_function = same_name(touched.first, "json_each") || same_name(touched.first, "json_tree");
    if (table_function) continue;
    const std::string name = text::lower_ascii(touched.first);
    if (name.starts_with("pragma_")) {
      Touch& system = touch("select", "main." + name);
      system.system = true;
      // Some show where the file lies.
      if (!libguard::sqlite::pragma_allowed(std::string_view(name).substr(7), nullptr)) all_safe_ = false;
      not_runnable("command.table_function", "a PRAGMA is asked as a statement here, as in PRAGMA table_info(t)");
      continue;
    }
    // Every definition reads and writes the schema tables; a statement that asks for them by name is in the tree.
    if (!only_reads && libguard::sqlite::is_system_table(touched.first) && touched.context.empty()) continue;
    int relation = touched.schema == "temp" ? -1 : schema_.find(touched.first);
    if (touched.second.empty() && !lineage.lost) continue;  // named, no column read: the tree has it, CTE or table
    if (relation < 0)
      return refuse("command.unknown_name", "the statement reads a table that is not part of the catalogue");
    ColumnId id = 0;
    if (touched.second.empty() || !schema_.column(relation, touched.second, id)) continue;
    bool in_trigger = !touched.context.empty() && schema_.trigger(touched.context) != nullptr;
    if (in_trigger)
      add_text(command_.carries, id);
    else if (!holds(lineage.placed, id) && (only_reads || !schema_.at(relation).system))
      merge(missing, id);
    if (!in_trigger && lineage.relations.count(relation) == 0 && relation != target_) lineage.behind.insert(relation);
  }
  if (!missing.empty()) lineage.lost = true;
  if (!lineage.lost) return true;
  merge(lineage.infer, missing);
  merge(lineage.infer, lineage.placed);
  merge(lineage.placed, missing);
  return true;
}

void Facts::functions(const Lineage& lineage) {
  for (const std::string& name : lineage.calls) {
    CalledFunction call;
    call.name = name;
    call.safe = libguard::sqlite::function_is_safe(name);
    bool clock = name.find("date") != std::string::npos || name.find("time") != std::string::npos ||
                 name == "julianday" || name == "unixepoch";
    call.volatility = !call.safe || libguard::sqlite::function_is_volatile(name) ? 'v' : clock ? 's' : 'i';
    if (!call.safe) {
      all_safe_ = false;
      command_.doubts.push_back("unvetted_function " + name);
    }
    command_.functions.push_back(std::move(call));
  }
}

// The columns of the result, by SQLite's count and names.
void Facts::reveal(const Prepared& prepared, const std::vector<OutColumn>& columns, const Lineage& lineage) {
  sqlite3_stmt* statement = prepared.statement.get();
  int count = statement != nullptr ? sqlite3_column_count(statement) : static_cast<int>(columns.size());
  bool trusted = !lineage.lost && static_cast<std::size_t>(count) == columns.size();
  for (int i = 0; i < count; ++i) {
    RevealedColumn revealed;
    const char* name = statement != nullptr ? sqlite3_column_name(statement, i) : nullptr;
    if (name != nullptr)
      revealed.column = name;
    else if (statement == nullptr)
      revealed.column = columns[static_cast<std::size_t>(i)].name;
    add_text(revealed.sources, trusted ? columns[static_cast<std::size_t>(i)].sources : lineage.placed);
    // SQLite's own word on a plain column; normally it is there already.
    const char* table = statement != nullptr ? sqlite3_column_table_name(statement, i) : nullptr;
    const char* origin = statement != nullptr ? sqlite3_column_origin_name(statement, i) : nullptr;
    int relation = table != nullptr ? schema_.find(table) : -1;
    ColumnId id = 0;
    if (relation >= 0 && origin != nullptr && schema_.column(relation, origin, id)) add_text(revealed.sources, id);
    command_.reveals.push_back(std::move(revealed));
  }
  command_.returns_rows = command_.returns_rows || count > 0;
  add_text(command_.error_reveals, lineage.errors);
  command_.packs_rows = command_.packs_rows || lineage.packs || !trusted;
  if (!trusted) command_.doubts.push_back("lineage_unknown");
}

void Facts::tests(const Lineage& lineage) {
  add_text(tests_infer_, lineage.infer);
  Sources matched = lineage.matched;
  std::sort(matched.begin(), matched.end());
  for (std::size_t i = 0; i < matched.size(); ++i) {
    bool again = (i > 0 && matched[i - 1] == matched[i]) || (i + 1 < matched.size() && matched[i + 1] == matched[i]);
    add_text(again ? tests_infer_ : tests_match_, matched[i]);
  }
}

void Facts::reads(const Lineage& lineage) {
  for (int relation : lineage.relations) {
    command_.reads.insert(schema_.object(relation));
    touch_relation("select", relation, false);
  }
  for (int relation : lineage.behind) touch_relation("select", relation, true);
}

// What can only be said of the whole text.
void Facts::finish() {
  for (const std::string& column : tests_infer_) command_.tests.push_back({column, false});
  for (const std::string& column : tests_match_) {
    if (tests_infer_.count(column) == 0) command_.tests.push_back({column, true});
  }
  std::sort(command_.tests.begin(), command_.tests.end());
  std::sort(command_.functions.begin(), command_.functions.end());
  command_.functions.erase(std::unique(command_.functions.begin(), command_.functions.end()), command_.functions.end());
  if (open_schema_ != nullptr) command_.doubts.push_back("no_catalogue");
  std::sort(command_.doubts.begin(), command_.doubts.end());
  command_.doubts.erase(std::unique(command_.doubts.begin(), command_.doubts.end()), command_.doubts.end());
  command_.readonly_safe = all_safe_;
  command_.understood = true;
  if (command_.touches.size() > limits::kObjectsPerCommandMax) {
    command_.understood = false;
    (void)refuse("command.too_complex", "the statement touches too many objects");
  }
  if (command_.statements > 1) {
    command_.runnable = false;
    command_.not_runnable_code = "command.multi_statement";
    command_.not_runnable = "one action is one statement: send each statement on its own";
  }
}

}  // namespace libguard::command::sqlite
