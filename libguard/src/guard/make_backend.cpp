#include "guard/make_backend.h"

#include <algorithm>
#include <array>

#include "backend/sqlite/sqlite_backend.h"
#ifdef LIBGUARD_WITH_POSTGRES
#include "backend/postgres/postgres_backend.h"
#endif
#include "libguard/error.h"

namespace libguard {
namespace {

std::unique_ptr<backend::Backend> make_sqlite(const ConnectionConfig& config, const std::shared_ptr<Clock>&) {
  backend::SqliteConfig out;
  out.name = config.name;
  out.tenant = config.tenant;
  out.path = config.path;
  out.connections_max = static_cast<int>(config.connections_max);
  out.deadline_ms = config.deadline_ms;
  return backend::sqlite_backend(std::move(out));
}

#ifdef LIBGUARD_WITH_POSTGRES
backend::PostgresLogin login_of(const LoginConfig& config) {
  backend::PostgresLogin login;
  login.role = config.role;
  if (!config.role.empty()) login.source = make_credential_source(config.credential);
  return login;
}

std::unique_ptr<backend::Backend> make_postgres(const ConnectionConfig& config, const std::shared_ptr<Clock>& clock) {
  backend::PostgresConfig out;
  out.connection = config.name;
  out.tenant = config.tenant;
  out.host = config.host;
  out.port = static_cast<int>(config.port);
  out.database = config.database;
  out.ssl_mode = config.tls;
  out.ssl_root_cert = config.tls_root;
  out.read = login_of(config.read);
  out.write = login_of(config.write);
  out.connections_max = static_cast<int>(config.connections_max);
  out.lifetime_s = config.lifetime_s;
  out.deadline_ms = config.deadline_ms;
  out.schemas = config.schemas;
  out.verify_always = config.verify_always;
  return backend::postgres_backend(std::move(out), clock);
}
#endif

struct Driver {
  const char* name;
  std::unique_ptr<backend::Backend> (*make)(const ConnectionConfig&, const std::shared_ptr<Clock>&);
};

constexpr std::array kDrivers = {
    Driver{"sqlite", &make_sqlite},
#ifdef LIBGUARD_WITH_POSTGRES
    Driver{"postgres", &make_postgres},
#endif
};

}  // namespace

std::unique_ptr<backend::Backend> make_backend(const ConnectionConfig& config, const std::shared_ptr<Clock>& clock) {
  for (const Driver& driver : kDrivers) {
    if (config.driver == driver.name) return driver.make(config, clock);
  }
  throw Error(ErrorKind::configuration, "config.driver", "this build of libguard has no driver " + config.driver);
}

std::unique_ptr<credentials::CredentialSource> make_credential_source(const CredentialConfig& config) {
  if (config.kind == "file") return credentials::file_source(config.place);
  if (config.kind == "env") return credentials::env_source(config.place);
  throw Error(ErrorKind::configuration, "config.credential", "a credential comes from file or env");
}

}  // namespace libguard
