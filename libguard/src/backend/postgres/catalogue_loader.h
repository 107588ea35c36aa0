#pragma once
// Reads the catalogue with libpqxx, on a short-lived connection of the read login, READ ONLY.

#include <memory>

#include "backend/postgres/connection.h"
#include "backend/postgres/postgres_backend.h"
#include "model/catalogue.h"

namespace libguard::backend::postgres {

struct LoadedCatalogue {
  std::shared_ptr<const Catalogue> catalogue;
  std::string log_position;  // at which the version was known to hold (probe.h)
};

// `known` (may be null) comes back as it is when the database has not changed since: only its version is read then.
// Uses the connection up. Throws as an action does; never past the deadline, although libpqxx blocks.
[[nodiscard]] LoadedCatalogue load_catalogue(std::unique_ptr<Connection> connection, const PostgresConfig& config,
                                             const std::shared_ptr<const Catalogue>& known, const Wait& wait);

}  // namespace libguard::backend::postgres
