#pragma once
// The PostgreSQL driver: async libpq in pipeline mode with our own deadlines, one pool for each login role.
//
//   auto backend = backend::postgres_backend(config, system_clock());
//
// Invariants, cited by number in the sources and tests:
//   P1  No call waits past its deadline or 50 ms past a cancel, whatever the server or the path does.
//   P2  A connection is used again only after ROLLBACK (where needed), DISCARD ALL and a check of what they left.
//   P3  A statement runs only when the catalogue it was understood against is still the server's.
//   P4  A write that touched more rows than permitted is rolled back.
//   P5  No text of the server (errors, notices) leaves this folder.
//   P6  After a fork the child closes the sockets and never calls libpq on them.
//   P7  Nothing runs whose plan, where it is asked for, touches more than policy was asked about (agreement.h).

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "credentials/credential_source.h"
#include "libguard/clock.h"

namespace libguard::backend {

// A login role of its own for each kind of work; never SET ROLE. `source` may be null for servers that trust the peer.
struct PostgresLogin {
  std::string role;
  std::shared_ptr<credentials::CredentialSource> source;
};

struct PostgresConfig {
  std::string connection;  // name in guard.yaml; grants of other connections are refused
  std::string tenant = "default";
  std::string host;  // one host name or address, or the absolute path of a socket directory
  int port = 5432;
  std::string database;
  std::string ssl_mode;       // "" = verify-full on TCP, no TLS on a socket
  std::string ssl_root_cert;  // path, or "" for libpq's default
  PostgresLogin read;
  PostgresLogin write;              // role "" = the connection never writes
  int connections_max = 8;          // of each login role
  std::int64_t lifetime_s = 1'800;  // less up to 2.5 % by chance, so that connections do not all end at once
  std::int64_t idle_s = 600;
  std::int64_t deadline_ms = 10'000;      // of the guard's own work when the caller's is longer
  std::int64_t statement_timeout_ms = 0;  // 0: what is left until the deadline
  bool verify_always = false;             // P7 for every statement, not only where something stands behind a name
  std::vector<std::string> schemas = {"public"};
};

// Throws Error(configuration, "backend.config") for a configuration that can never work. Connects to nothing yet.
// The first connection throws Error(configuration, "backend.unsafe_login") when a login role could undo the guard.
[[nodiscard]] std::unique_ptr<Backend> postgres_backend(PostgresConfig config, const std::shared_ptr<Clock>& clock);

}  // namespace libguard::backend
