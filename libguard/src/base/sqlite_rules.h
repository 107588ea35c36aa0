#pragma once
// What SQLite is never asked to do on an agent's behalf, in one place for the reader (command/sqlite, which decides
// beforehand) and the runner (backend/sqlite, which sets the same authorizer on the real connection). Both lists are
// allow-lists: what is not named is denied.

#include <string_view>

struct sqlite3;

namespace libguard::sqlite {

// For an authorizer callback: `action` and its next two arguments; false = return SQLITE_DENY. Allows reads, writes,
// DDL and the calls of functions. Denies ATTACH and DETACH (VACUUM, with or without INTO, shows as ATTACH), every
// PRAGMA that is not a plain look at the schema, BEGIN, COMMIT and SAVEPOINT (a runner prepares its own before it sets
// the authorizer), raw pages, virtual tables of foreign modules, and functions that reach outside the database.
[[nodiscard]] bool may_run(int action, const char* first, const char* second) noexcept;

// PRAGMAs that only look at the schema: table_info(t), index_list(t) ... `argument` may be null.
[[nodiscard]] bool pragma_allowed(std::string_view name, const char* argument) noexcept;

// Vetted built-in: changes nothing, runs no SQL, shows no file or secret. Names are compared without case.
[[nodiscard]] bool function_is_safe(std::string_view name) noexcept;
// A safe function whose answer depends on more than its arguments (random, date('now'), last_insert_rowid).
[[nodiscard]] bool function_is_volatile(std::string_view name) noexcept;
// Reaches outside the database or into the process: load_extension, readfile, fts3_tokenizer ...
[[nodiscard]] bool function_is_forbidden(std::string_view name) noexcept;

// sqlite_schema and its other names, sqlite_sequence, sqlite_stat1 ... : everything that SQLite reserves.
[[nodiscard]] bool is_system_table(std::string_view name) noexcept;

// Settings of a connection that runs or judges an agent's statement: no extension loading, defensive, schema not
// trusted with functions of side effects, and limits that bound parse and run. Idempotent. Never throws: SQLite has
// no failure here but a missing connection.
void harden(sqlite3* database) noexcept;

}  // namespace libguard::sqlite
