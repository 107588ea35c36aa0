#pragma once
// What the server said no to, in our own words: its text may show values (a cast, a unique key, a check), so only the
// SQLSTATE leaves (P5).

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "backend/postgres/wait.h"

namespace libguard::backend::postgres {

[[nodiscard]] std::string sqlstate_of(const PGresult* result);
// True for a state after which the server has ended, or is about to end, the session.
[[nodiscard]] bool ends_session(const PGresult* result);
[[nodiscard]] std::string sentence_of(std::string_view sqlstate);
// Error(invalid, "backend.sql_error") with the SQLSTATE; a cancelled or timed-out statement is backend.cancelled or
// backend.deadline, a session that ended is backend.unreachable.
[[noreturn]] void throw_sql_error(const PGresult* result, const Wait& wait);

}  // namespace libguard::backend::postgres
