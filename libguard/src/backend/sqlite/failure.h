#pragma once
// Result codes of SQLite as errors of ours: a code, our own sentence, and the name of the result
// ("SQLITE_CONSTRAINT_UNIQUE") in the place of an SQLSTATE. sqlite3_errmsg shows names and values and is never read
// (L5).

#include <string>

#include "backend/sqlite/watch.h"

struct sqlite3;

namespace libguard::backend::sqlite {

// "SQLITE_CONSTRAINT_UNIQUE"; "SQLITE_ERROR" for what is not known.
[[nodiscard]] std::string result_name(int extended);
// Throws the error that fits `extended` and the reason for which `watch` stopped, if it did.
[[noreturn]] void throw_failure(int extended, const Watch& watch);
[[noreturn]] void throw_unreachable(const char* sentence, int extended = 0);

}  // namespace libguard::backend::sqlite
