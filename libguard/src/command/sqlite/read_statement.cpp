// INSERT, REPLACE, UPDATE, DELETE, and the statements inside CREATE VIEW and CREATE TRIGGER.
#include "command/sqlite/parser.h"
#include "command/sqlite/reader.h"

namespace libguard::command::sqlite {

bool Reader::statement() {
  Statement& out = ast_.statement;
  std::size_t start = at_;
  if (!with_clause(out.ctes)) return false;
  if (next_is("SELECT") || next_is("VALUES")) {
    // The WITH belongs to the SELECT: read it again there.
    out.ctes.clear();
    at_ = start;
    out.kind = Statement::Kind::select;
    out.select = select();
    return out.select != nullptr;
  }
  if (accept("INSERT")) return conflict_words() && insert();
  if (accept("REPLACE")) {
    out.replace = out.conflict_clause = true;
    return insert();
  }
  if (accept("UPDATE")) return conflict_words() && update();
  if (accept("DELETE")) return remove();
  return fail();
}

bool Reader::conflict_words() {
  if (!accept("OR")) return true;
  ast_.statement.conflict_clause = true;
  ast_.statement.replace = accept("REPLACE");
  return ast_.statement.replace || accept("ABORT") || accept("ROLLBACK") || accept("FAIL") || accept("IGNORE") ||
         fail();
}

bool Reader::insert() {
  Statement& out = ast_.statement;
  out.kind = Statement::Kind::insert;
  if (!expect("INTO") || !qualified_name(out.schema, out.table)) return false;
  if (accept("AS") && !name(out.alias)) return false;
  if (next_is("(") && !name_list(out.columns)) return false;
  if (accept("DEFAULT")) {
    out.default_values = true;
    if (!expect("VALUES")) return false;
  } else {
    out.select = select();
    if (out.select == nullptr) return false;
  }
  while (next_is("ON")) {
    if (!upsert(out.upserts.emplace_back())) return false;
  }
  return dml_tail();
}

bool Reader::upsert(Upsert& upsert) {
  at_ += 1;
  if (!expect("CONFLICT")) return false;
  if (accept("(")) {
    do {
      Expr* term = expression();
      if (term == nullptr) return false;
      upsert.target.push_back(term);
      if (!accept("ASC")) (void)accept("DESC");
    } while (accept(","));
    if (!expect(")")) return false;
    if (!maybe("WHERE", upsert.target_where)) return false;
  }
  if (!expect("DO")) return false;
  if (accept("NOTHING")) return true;
  upsert.update = true;
  if (!expect("UPDATE") || !expect("SET") || !assignments(upsert.set)) return false;
  return !accept("WHERE") || (upsert.where = expression()) != nullptr;
}

bool Reader::assignments(std::vector<Assignment>& set) {
  do {
    Assignment& assignment = set.emplace_back();
    if (next_is("(") ? !name_list(assignment.columns) : !name(assignment.columns.emplace_back())) return false;
    if (!expect("=")) return false;
    assignment.value = expression();
    if (assignment.value == nullptr) return false;
  } while (accept(","));
  return true;
}

bool Reader::update() {
  Statement& out = ast_.statement;
  out.kind = Statement::Kind::update;
  if (!qualified_name(out.schema, out.table)) return false;
  if (accept("AS") ? !name(out.alias)
                   : (!next_is("SET") && !next_is("INDEXED") && !next_is("NOT") && !alias(out.alias)))
    return false;
  if (!indexed_by() || !expect("SET") || !assignments(out.set)) return false;
  if (accept("FROM") && !from_clause(out.from)) return false;
  if (!maybe("WHERE", out.where)) return false;
  return dml_tail();
}

bool Reader::remove() {
  Statement& out = ast_.statement;
  out.kind = Statement::Kind::remove;
  if (!expect("FROM") || !qualified_name(out.schema, out.table)) return false;
  if (!alias(out.alias) || !indexed_by()) return false;
  if (!maybe("WHERE", out.where)) return false;
  return dml_tail();
}

// [RETURNING ..] [ORDER BY ..] [LIMIT ..]
bool Reader::dml_tail() {
  Statement& out = ast_.statement;
  if (accept("RETURNING") && !result_columns(out.returning)) return false;
  if (next_is("ORDER") && !order_by(out.order_by)) return false;
  return limit(out.limit, out.offset);
}

bool parse_statement(const Lexed& lexed, std::size_t first, std::size_t last, Ast& ast) {
  Reader reader(lexed, first, last, ast);
  bool followed = reader.statement() && !reader.failed() && reader.at_end();
  if (!followed) ast.statement = Statement{};
  return followed;
}

namespace {

// The index of the first token outside parentheses that is this word.
std::size_t find_word(const Lexed& lexed, std::size_t first, std::size_t last, std::string_view word) {
  int depth = 0;
  for (std::size_t i = first; i < last; ++i) {
    const Token& token = lexed.tokens[i];
    if (token.kind == TokenKind::symbol && token.text == "(") ++depth;
    if (token.kind == TokenKind::symbol && token.text == ")") --depth;
    if (depth == 0 && token.kind == TokenKind::name && same_name(token.text, word)) return i;
  }
  return last;
}

bool parse_select_at(const Lexed& lexed, std::size_t first, std::size_t last, Ast& ast) {
  if (first >= last) return false;
  return parse_statement(lexed, first, last, ast) && ast.statement.kind == Statement::Kind::select;
}

}  // namespace

bool parse_view(const Lexed& lexed, std::size_t first, std::size_t last, Ast& ast,
                std::vector<std::string_view>& columns) {
  std::size_t as = find_word(lexed, first, last, "AS");
  std::size_t list = first;
  while (list < as && lexed.tokens[list].text != "(") ++list;
  if (list < as) {
    Reader reader(lexed, list, as, ast);
    if (!reader.name_list(columns) || !reader.at_end()) return false;
  }
  return parse_select_at(lexed, as + 1, last, ast);
}

bool parse_table_as(const Lexed& lexed, std::size_t first, std::size_t last, Ast& ast) {
  return parse_select_at(lexed, find_word(lexed, first, last, "AS") + 1, last, ast);
}

bool parse_trigger(const Lexed& lexed, std::size_t first, std::size_t last, TriggerText& trigger) {
  std::size_t on = find_word(lexed, first, last, "ON");
  std::size_t begin = find_word(lexed, on, last, "BEGIN");
  if (begin + 1 >= last || !same_name(lexed.tokens[last - 1].text, "END")) return false;
  trigger.table = name_of(lexed.tokens[on + 1]);
  for (std::size_t at = begin + 1; at + 1 < last;) {
    std::size_t end = at;
    while (end + 1 < last && lexed.tokens[end].text != ";") ++end;
    if (!parse_statement(lexed, at, end, *trigger.statements.emplace_back(std::make_unique<Ast>()))) return false;
    at = end + 1;
  }
  return true;
}

}  // namespace libguard::command::sqlite
