#pragma once
// Reads SELECT, VALUES, INSERT, REPLACE, UPDATE and DELETE in SQLite's grammar (parse.y) into the tree. It runs after
// SQLite itself has accepted the text, so it need not complain well: whatever it does not follow is `false`, and then
// nothing is proved about the statement. Recursion is capped; chains of one operator are flat.

#include <memory>

#include "command/sqlite/ast.h"

namespace libguard::command::sqlite {

// Tokens [first, last). An EXPLAIN prefix must be skipped by the caller.
[[nodiscard]] bool parse_statement(const Lexed& lexed, std::size_t first, std::size_t last, Ast& ast);

// The SELECT of CREATE VIEW name(columns) AS ...; `columns` gets the list, if there is one.
[[nodiscard]] bool parse_view(const Lexed& lexed, std::size_t first, std::size_t last, Ast& ast,
                              std::vector<std::string_view>& columns);

// CREATE TABLE name AS SELECT ...
[[nodiscard]] bool parse_table_as(const Lexed& lexed, std::size_t first, std::size_t last, Ast& ast);

// The statements between BEGIN and END of CREATE TRIGGER, each in a tree of its own, and the WHEN condition.
struct TriggerText {
  std::string table;
  std::vector<std::unique_ptr<Ast>> statements;
};
[[nodiscard]] bool parse_trigger(const Lexed& lexed, std::size_t first, std::size_t last, TriggerText& trigger);

}  // namespace libguard::command::sqlite
