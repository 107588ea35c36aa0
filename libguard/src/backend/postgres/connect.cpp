#include "backend/postgres/connect.h"

#include <poll.h>

#include <cstdlib>
#include <random>
#include <string>
#include <utility>

#include "backend/secret_door.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

constexpr int kServerVersionMin = 140'000;  // hash_record_extended and bit_xor of the catalogue probe

// Keywords and values for PQconnectStartParams. Whatever is left empty could be filled from the environment
// (PGOPTIONS, PGPASSFILE, PGSSLMODE ...), so everything that matters is said.
class Keywords {
 public:
  void add(const char* key, std::string value) {
    if (value.find('\0') != std::string::npos) {
      throw Error(ErrorKind::configuration, "backend.config",
                  std::string("the connection's ") + key + " holds a NUL character");
    }
    if (value.empty()) return;
    keys_.push_back(key);
    values_.push_back(std::move(value));
  }
  ~Keywords() {
    for (std::string& value : values_) wipe(value);  // one of them is the password
  }
  [[nodiscard]] Handle start() const {
    std::vector<const char*> keys(keys_.begin(), keys_.end());
    std::vector<const char*> values;
    values.reserve(values_.size() + 1);
    for (const std::string& value : values_) values.push_back(value.c_str());
    keys.push_back(nullptr);
    values.push_back(nullptr);
    return Handle(PQconnectStartParams(keys.data(), values.data(), 0));
  }

 private:
  std::vector<const char*> keys_;
  std::vector<std::string> values_;
};

std::string repeated(const std::string& host, std::size_t count) {
  std::string out = host;
  for (std::size_t i = 1; i < count; ++i) out += "," + host;
  return out;
}

void add_address(Keywords& keywords, const PostgresConfig& config, const Wait& wait) {
  keywords.add("port", std::to_string(config.port));
  if (config.host.starts_with('/')) {
    // A socket cannot override this variable, and it would lead to another server.
    if (std::getenv("PGHOSTADDR") != nullptr) {
      throw Error(ErrorKind::configuration, "backend.config",
                  "the environment variable PGHOSTADDR would redirect connection " + config.connection + "; unset it");
    }
    keywords.add("host", config.host);
    keywords.add("sslmode", config.ssl_mode.empty() ? "disable" : config.ssl_mode);
    return;
  }
  std::size_t count = 0;
  std::string addresses = resolve_host(config.host, count, wait);
  keywords.add("host", repeated(config.host, count));
  keywords.add("hostaddr", addresses);
  keywords.add("sslmode", config.ssl_mode.empty() ? "verify-full" : config.ssl_mode);
  keywords.add("sslrootcert", config.ssl_root_cert);
}

// Blanks and backslashes end or begin something in `options`.
std::string escaped(const std::string& value) {
  std::string out;
  for (char c : value) {
    if (c == ' ' || c == '\\' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f') out += '\\';
    out += c;
  }
  return out;
}

// The startup packet's settings are what DISCARD ALL returns to, and they win over those of the role and the database.
std::string session_options(const std::string& search_path, bool read_only) {
  std::string options = "-c search_path=" + escaped(search_path) +
                        " -c bytea_output=hex -c DateStyle=ISO,MDY"
                        " -c IntervalStyle=postgres -c extra_float_digits=1 -c row_security=on"
                        " -c standard_conforming_strings=on -c client_min_messages=error";
  if (read_only) options += " -c default_transaction_read_only=on";
  return options;
}

// The steps of libpq's own loop, on our clock. True when the server was reached at all.
bool drive(PGconn* handle, FdTable::Slot& slot, const Wait& wait) {
  bool reached = false;
  for (PostgresPollingStatusType status = PGRES_POLLING_WRITING;;) {
    slot.set(PQsocket(handle));
    wait_for(PQsocket(handle), status == PGRES_POLLING_READING ? POLLIN : POLLOUT, wait);
    status = PQconnectPoll(handle);
    ConnStatusType state = PQstatus(handle);
    reached = reached || (state != CONNECTION_BAD && state != CONNECTION_STARTED && state != CONNECTION_NEEDED);
    if (status == PGRES_POLLING_OK || status == PGRES_POLLING_FAILED) return reached;
  }
}

[[noreturn]] void refuse(const PostgresConfig& config, bool reached) {
  if (reached) {
    throw Error(ErrorKind::unavailable, "backend.login_refused",
                "the server of connection " + config.connection +
                    " was reached but refused the session (role, credential, TLS or pg_hba.conf); its log says which");
  }
  throw Error(ErrorKind::unavailable, "backend.unreachable",
              "the server of connection " + config.connection + " cannot be reached");
}

// Jitter of up to 2.5 % (as HikariCP does), so that a pool does not reconnect all at once.
Connection::Steady::time_point end_of_life(std::int64_t lifetime_s) {
  thread_local std::minstd_rand random(std::random_device{}());
  auto span = std::chrono::milliseconds(lifetime_s * 1000);
  auto jitter = std::uniform_int_distribution<std::int64_t>(0, span.count() / 40)(random);
  return Connection::Steady::now() + span - std::chrono::milliseconds(jitter);
}

Handle start(const PostgresConfig& config, const PostgresLogin& login, bool read_only, const credentials::Lease& lease,
             const Wait& wait) {
  Keywords keywords;
  add_address(keywords, config, wait);
  keywords.add("dbname", config.database);
  keywords.add("user", login.role);
  keywords.add("password", std::string(SecretDoor::read(lease.secret)));
  keywords.add("passfile", "/dev/null/none");  // a path that cannot exist: libpq warns on stderr about one that does
  keywords.add("gssencmode", "disable");
  keywords.add("client_encoding", "UTF8");
  keywords.add("application_name", "libguard");
  keywords.add("options", session_options(search_path_of(config.schemas), read_only));
  keywords.add("target_session_attrs", "any");
  keywords.add("replication", "false");
  return keywords.start();
}

}  // namespace

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string search_path_of(const std::vector<std::string>& schemas) {
  std::string path = "pg_catalog";
  for (const std::string& schema : schemas) path += ", " + quoted(schema);
  return path + ", pg_temp";
}

std::unique_ptr<Connection> connect(const PostgresConfig& config, const PostgresLogin& login, bool read_only,
                                    const Grant& grant, const std::shared_ptr<FdTable>& fds, const Wait& wait) {
  FdTable::Slot slot = FdTable::reserve(fds);
  credentials::Lease lease;
  if (login.source) lease = login.source->acquire(grant);
  Handle handle = start(config, login, read_only, lease, wait);
  lease.secret = Secret();
  if (!handle || PQstatus(handle.get()) == CONNECTION_BAD) refuse(config, false);
  PQsetNoticeProcessor(
      handle.get(), [](void*, const char*) {}, nullptr);
  bool reached = drive(handle.get(), slot, wait);
  if (PQstatus(handle.get()) != CONNECTION_OK) refuse(config, reached);
  slot.set(PQsocket(handle.get()));
  if (PQserverVersion(handle.get()) < kServerVersionMin) {
    throw Error(ErrorKind::configuration, "backend.unsupported_server", "PostgreSQL 14 or later is needed");
  }
  auto connection =
      std::make_unique<Connection>(std::move(handle), std::move(slot), login.role, search_path_of(config.schemas));
  connection->ends_at = end_of_life(config.lifetime_s);
  connection->lease_expires_at_us = lease.expires_at_us;
  check_login(*connection, config, login, wait);
  return connection;
}

}  // namespace libguard::backend::postgres
