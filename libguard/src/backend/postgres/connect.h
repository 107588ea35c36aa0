#pragma once
// Opening a session: PQconnectStart and PQconnectPoll under our deadline, the password only for as long as libpq needs
// it, and the check that the login role could not undo the guard.

#include <memory>

#include "backend/postgres/connection.h"
#include "backend/postgres/postgres_backend.h"

namespace libguard::backend::postgres {

// Throws Error(unavailable, "backend.unreachable" | "backend.login_refused" | "backend.deadline" |
// "backend.cancelled"), Error(configuration, "backend.unsafe_login" | "backend.unsupported_server") and what the
// credential source throws.
[[nodiscard]] std::unique_ptr<Connection> connect(const PostgresConfig& config, const PostgresLogin& login,
                                                  bool read_only, const Grant& grant,
                                                  const std::shared_ptr<FdTable>& fds, const Wait& wait);

// On a fresh connection: throws Error(configuration, "backend.unsafe_login"); fills system_identifier.
void check_login(Connection& connection, const PostgresConfig& config, const PostgresLogin& login, const Wait& wait);

// Numeric addresses of a host, "," between them, under a deadline (getaddrinfo has none of its own).
[[nodiscard]] std::string resolve_host(const std::string& host, std::size_t& count, const Wait& wait);

// "public" -> "\"public\""
[[nodiscard]] std::string quoted(const std::string& name);
// What names mean in every session: pg_catalog, the configured schemas, pg_temp last.
[[nodiscard]] std::string search_path_of(const std::vector<std::string>& schemas);

// {"a","b"} as the text form of a text[].
[[nodiscard]] std::string text_array(const std::vector<std::string>& items);

}  // namespace libguard::backend::postgres
