#pragma once
// An agent's statement: exactly one, typed parameters, rows under limits.

#include <vector>

#include "backend/sqlite/handle.h"
#include "model/command.h"
#include "model/result.h"

namespace libguard::backend::sqlite {

// Throws Error(invalid, "command.multi_statement" | "command.malformed"); what SQLite refuses returns its result code.
[[nodiscard]] int prepare_one(sqlite3* database, const std::string& text, libguard::sqlite::Statement& statement);
// Throws Error(invalid, "command.parameters") when the number differs or a value would become another one.
void bind_all(sqlite3_stmt* statement, const std::vector<Value>& params);
[[nodiscard]] std::vector<RawColumn> columns_of(sqlite3_stmt* statement);

struct ReadLimits {
  std::int64_t rows_max = 0;
  std::int64_t bytes_max = 0;
  bool drain = false;  // a write must come to its end, also when nobody wants more of its rows
};
struct ReadRows {
  std::vector<Row> rows;
  bool truncated = false;
  int result = 0;  // SQLITE_DONE, SQLITE_ROW when cut off, or the extended code of a failure
};
[[nodiscard]] ReadRows read_rows(sqlite3* database, sqlite3_stmt* statement, const ReadLimits& limits);

}  // namespace libguard::backend::sqlite
