#pragma once
// Owning handles over SQLite's C interface, and the few calls that every user of it would else repeat. An error here
// never holds SQLite's own text, which can show values and names: the result code is in Error::sqlstate.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "libguard/value.h"

namespace libguard::sqlite {

struct CloseDatabase {
  // v2: statements that are still alive keep the connection as a zombie instead of leaking it.
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// `flags` as of sqlite3_open_v2. Throws Error(unavailable, "sqlite.unavailable").
[[nodiscard]] Database open(const std::string& path, int flags);
// For the guard's own fixed statements only: text that does not prepare is Error(unavailable, "sqlite.failed").
[[nodiscard]] Statement prepare(sqlite3* database, std::string_view sql);
// Runs fixed statements without results; throws the same.
void execute(sqlite3* database, const char* sql);
// True for a row, false at the end; throws the same for anything else (sqlstate = the extended result code).
bool step(sqlite3* database, sqlite3_stmt* statement);

// Parameters count from 1. Text and bytes are copied. A bool binds as 0 or 1, a Decimal as its digits.
void bind(sqlite3* database, sqlite3_stmt* statement, int index, const Value& value);
void bind(sqlite3* database, sqlite3_stmt* statement, int index, std::string_view text);
void bind(sqlite3* database, sqlite3_stmt* statement, int index, std::int64_t number);

// Columns count from 0. NULL reads as "" and as Null.
[[nodiscard]] std::string column_text(sqlite3_stmt* statement, int index);
[[nodiscard]] Value column_value(sqlite3_stmt* statement, int index);

[[noreturn]] void fail(sqlite3* database, int result, const char* doing);

}  // namespace libguard::sqlite
