#include "guard/config_parts.h"
#include "base/limits.h"
#include "libguard/error.h"

namespace libguard {

LoginConfig read_login(const Section& section, const std::string& directory) {
  section.only({"role", "credential"});
  LoginConfig login;
  login.role = section.text("role");
  login.credential = read_credential(section.section("credential"), directory);
  return login;
}

std::string read_tls(const Section& section, const std::string& host) {
  std::string tls = section.text("tls", host.starts_with('/') ? "disable" : "verify-full");
  if (tls != "verify-full" && tls != "verify-ca" && tls != "require" && tls != "disable")
    section.fail("tls", "config.choice", "use verify-full (default), verify-ca, require or disable");
  return tls;
}

namespace {

void read_limits(const Section& section, ConnectionConfig& connection) {
  connection.deadline_ms = section.number("deadline_ms", limits::kDeadlineMs, 1, limits::kDeadlineMsMax);
  connection.price = section.number("price", 0, 0, kPriceMax);
  connection.rows_max = section.number("rows_max", limits::kRowsMax, 1, 10'000'000);
  connection.bytes_max = section.number("bytes_max", limits::kResultBytesMax, 1, 1'073'741'824);
  Section pool = section.section("pool");
  pool.only({"connections_max", "lifetime_s"});
  connection.connections_max = pool.number("connections_max", 8, 1, 1'000);
  connection.lifetime_s = pool.number("lifetime_s", 1'800, 1, 604'800);
}

void read_postgres(const Section& section, ConnectionConfig& connection, const std::string& directory) {
  connection.host = section.text("host");
  connection.port = section.number("port", 5432, 1, 65'535);
  connection.database = section.text("database");
  connection.tls = read_tls(section, connection.host);
  if (section.has("tls_root")) connection.tls_root = absolute_path(directory, section.text("tls_root"));
  connection.schemas = section.list("schemas");
  if (connection.schemas.empty()) connection.schemas = {"public"};
  Section login = section.section("login");
  login.only({"read", "write"});
  if (!login.has("read")) login.fail("read", "config.missing_key", "a read login (role, credential) is required");
  connection.read = read_login(login.section("read"), directory);
  if (login.has("write")) connection.write = read_login(login.section("write"), directory);
}

// One of two words, the first of which is the default.
bool second_of(const Section& section, const char* key, const char* first, const char* second) {
  const std::string word = section.text(key, first);
  if (word != first && word != second)
    section.fail(key, "config.choice", std::string("use ") + first + " (default) or " + second);
  return word == second;
}

ConnectionConfig read_connection(const std::string& name, const Section& section, const std::string& directory) {
  ConnectionConfig connection;
  connection.name = name;
  connection.driver = section.text("driver");
  if (connection.driver == "sqlite") {
    section.only({"driver", "path", "tags", "tenant", "pool", "deadline_ms", "rows_max", "bytes_max",
                  "rows_affected_max", "multi_statement", "price"});
    connection.path = absolute_path(directory, section.text("path"));
  } else if (connection.driver == "postgres") {
    section.only({"driver", "host", "port", "database", "tls", "tls_root", "schemas", "login", "tags", "tenant", "pool",
                  "deadline_ms", "rows_max", "bytes_max", "rows_affected_max", "multi_statement", "verify", "price"});
    read_postgres(section, connection, directory);
    connection.verify_always = second_of(section, "verify", "auto", "always");
  } else {
    section.fail("driver", "config.choice", "unknown driver; use sqlite or postgres");
  }
  connection.tenant = section.text("tenant", "default");
  connection.split_statements = second_of(section, "multi_statement", "refuse", "split");
  read_limits(section, connection);
  return connection;
}

}  // namespace

CredentialConfig read_credential(const Section& credential, const std::string& directory) {
  credential.only({"kind", "path", "variable"});
  CredentialConfig out;
  out.kind = credential.text("kind");
  if (out.kind == "file") {
    out.place = absolute_path(directory, credential.text("path"));
  } else if (out.kind == "env") {
    out.place = credential.text("variable");
  } else {
    credential.fail("kind", "config.choice", "use file (path, mode 0600) or env (variable)");
  }
  return out;
}

void read_connections(const Section& root, Config& config, Frame& frame) {
  for (const auto& [name, section] : root.section("connections").entries()) {
    if (name.find('/') != std::string::npos)
      root.fail("connections", "config.name", "a connection's name may not hold '/'");
    config.connections.push_back(read_connection(name, section, config.directory));
    ConnectionFrame& entry = frame.connections[name];
    entry.name = name;
    for (const std::string& tag : section.list("tags")) {
      if (tag == "safe") section.fail("tags", "config.reserved", "the tag \"safe\" is reserved for vetted functions");
      entry.tags.insert(tag);
    }
    entry.rows_affected_max = section.number("rows_affected_max", limits::kRowsAffectedMax, 1, 1'000'000'000);
  }
}

}  // namespace libguard
