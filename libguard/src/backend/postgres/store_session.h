#pragma once
// A session on PostgreSQL for the guard's own stores, never for an agent's statement.

#include <cstdint>
#include <memory>
#include <string>

#include "base/sql_session.h"
#include "credentials/credential_source.h"

namespace libguard::backend {

struct StoreLogin {
  std::string host;
  int port = 5432;
  std::string database;
  std::string ssl_mode;
  std::string ssl_root_cert;
  std::string schema = "public";  // must exist; the tables are made in it
  std::string role;
  std::shared_ptr<credentials::CredentialSource> source;  // none: the server asks for no password
  std::int64_t deadline_ms = 5'000;                       // of one transaction, however the network behaves
};

// Connects at once. Throws Error(unavailable, "store.postgres"), and as the credential source does. Not thread-safe.
[[nodiscard]] std::unique_ptr<SqlSession> store_session(const StoreLogin& login, const Grant& grant);

}  // namespace libguard::backend
