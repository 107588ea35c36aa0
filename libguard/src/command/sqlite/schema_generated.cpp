// Generated columns show what they are computed from. SQLite keeps the expression in the text of CREATE TABLE only, and
// its authorizer does not name the columns that it reads.
#include "command/sqlite/lexer.h"
#include "command/sqlite/schema.h"

#include "base/sqlite_rules.h"

namespace libguard::command::sqlite {
namespace {

bool is_symbol(const Token& token, std::string_view symbol) {
  return token.kind == TokenKind::symbol && token.text == symbol;
}

bool is_word(const Token& token, std::string_view word) {
  return token.kind == TokenKind::name && same_name(token.text, word);
}

// The token behind the parenthesis that opens at `at`.
std::size_t past(const std::vector<Token>& tokens, std::size_t at) {
  int depth = 0;
  for (; at < tokens.size() && tokens[at].kind != TokenKind::end; ++at) {
    if (is_symbol(tokens[at], "(")) ++depth;
    if (is_symbol(tokens[at], ")") && --depth == 0) return at + 1;
  }
  return at;
}

// Where the expression of `name ... AS (expression)` begins in the list of definitions; tokens.size() when it is not
// found.
std::size_t expression_of(const std::vector<Token>& tokens, std::string_view name) {
  std::size_t at = 0;
  while (at < tokens.size() && !is_symbol(tokens[at], "(")) ++at;
  bool first = true;
  bool mine = false;
  for (++at; at < tokens.size() && tokens[at].kind != TokenKind::end;) {
    if (first) mine = same_name(name_of(tokens[at]), name);
    first = is_symbol(tokens[at], ",");
    if (mine && is_word(tokens[at], "AS") && at + 1 < tokens.size() && is_symbol(tokens[at + 1], "(")) return at + 1;
    at = is_symbol(tokens[at], "(") ? past(tokens, at) : at + 1;
  }
  return tokens.size();
}

}  // namespace

void Schema::read_generated(sqlite3* database, int index) {
  Relation& relation = *relations_[static_cast<std::size_t>(index)];
  libguard::sqlite::Statement statement =
      libguard::sqlite::prepare(database, "SELECT sql FROM sqlite_schema WHERE name = ?");
  libguard::sqlite::bind(database, statement.get(), 1, std::string_view(relation.name));
  std::string text;
  if (sqlite3_step(statement.get()) == SQLITE_ROW) text = libguard::sqlite::column_text(statement.get(), 0);
  const Lexed lexed = lex(text);
  for (SchemaColumn& column : relation.columns) {
    if (!column.generated) continue;
    const std::size_t begin = expression_of(lexed.tokens, column.name);
    const std::size_t end = begin < lexed.tokens.size() ? past(lexed.tokens, begin) : begin;
    for (std::uint32_t i = 0; i < relation.columns.size(); ++i) {
      // Not found: it may come from any column.
      bool named = begin >= lexed.tokens.size();
      for (std::size_t at = begin; at < end; ++at) {
        named = named || same_name(name_of(lexed.tokens[at]), relation.columns[i].name);
      }
      if (named && &relation.columns[i] != &column) merge(column.computed, column_id(index, i));
    }
  }
  follow_generated(relation);
}

// One generated column may be computed from another.
void Schema::follow_generated(Relation& relation) {
  for (std::size_t round = 0; round < relation.columns.size(); ++round) {
    bool changed = false;
    for (SchemaColumn& column : relation.columns) {
      const std::size_t before = column.computed.size();
      const Sources direct = column.computed;
      for (ColumnId id : direct) merge(column.computed, relation.columns[column_of(id)].computed);
      changed = changed || column.computed.size() != before;
    }
    if (!changed) return;
  }
}

}  // namespace libguard::command::sqlite
