#pragma once
// guard.yaml as plain values. Reading it opens nothing and starts nothing.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "identity/authenticator.h"
#include "model/frame.h"
#include "policy/decider.h"

namespace libguard {

// Where a secret comes from: {kind: file, path} or {kind: env, variable}.
struct CredentialConfig {
  std::string kind;
  std::string place;
};

struct LoginConfig {
  std::string role;
  CredentialConfig credential;
};

struct ConnectionConfig {
  std::string name;
  std::string driver;  // "sqlite" | "postgres"
  std::string tenant = "default";
  std::string path;  // sqlite: absolute
  std::string host;  // postgres: a host name or the directory of a unix socket
  std::int64_t port = 5432;
  std::string database;
  std::string tls = "verify-full";   // libpq's sslmode; a unix socket needs none
  std::string tls_root;              // file
  std::vector<std::string> schemas;  // postgres: search_path, default public
  LoginConfig read;
  LoginConfig write;
  std::int64_t connections_max = 8;
  std::int64_t lifetime_s = 1'800;
  std::int64_t deadline_ms = 10'000;
  std::int64_t rows_max = 10'000;
  std::int64_t bytes_max = 16 * 1024 * 1024;
  bool split_statements = false;  // multi_statement: refuse (false) | split (true)
  bool verify_always = false;     // postgres, verify: auto (false) | always (true)
  std::int64_t price = 0;         // of one action, in micro-units
};

// Prices are counted in whole micro-units of whatever money the operator thinks in.
inline constexpr std::int64_t kPriceMax = 1'000'000'000'000;

// Where counters that outlive a session are kept. Opened only when some policy reads one.
struct BudgetConfig {
  std::string store = "sqlite";  // or "postgres"
  std::string path;              // sqlite: absolute
  std::string host;
  std::int64_t port = 5432;
  std::string database;
  std::string schema = "public";
  std::string tls;
  std::string tls_root;
  LoginConfig login;
  std::int64_t deadline_ms = 5'000;
};

// external_decision: { url, timeout_ms, ca_file, credential }; url empty: none.
struct ExternalConfig {
  std::string url;
  std::string ca_file;
  std::int64_t timeout_ms = 500;
  CredentialConfig token;  // kind empty: none
};

struct Config {
  std::string file;       // as given, for messages
  std::string directory;  // relative paths start here
  std::string digest;     // of the bytes
  identity::IdentityConfig identity;
  std::vector<ConnectionConfig> connections;
  std::shared_ptr<const Frame> frame;
  bool detect = true;  // data.detect.text: default | off
  std::string detect_show = "label";
  std::vector<policy::PolicySource> policies;
  std::string approvals_store;  // absolute
  std::int64_t approvals_wait_ms = 0;
  BudgetConfig budgets;
  std::map<std::string, std::int64_t> tool_prices;
  ExternalConfig external;
  std::string audit_directory;   // absolute
  bool record_responses = true;  // audit.responses: masked (true) or digest (false)
  std::vector<std::string> warnings;
};

// Throws Error(configuration, "config.*" | "policy.*") naming file, line and path.
[[nodiscard]] Config read_config(const std::string& path);

}  // namespace libguard
