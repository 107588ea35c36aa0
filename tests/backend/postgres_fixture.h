#pragma once
// What the tests of the PostgreSQL driver share: a backend on the throw-away cluster, and one-line actions.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <string>

#include "backend/postgres/postgres_backend.h"
#include "base/system_clock.h"
#include "support/permit_forge.h"
#include "support/pg_cluster.h"

namespace libguard::test {

using namespace std::chrono_literals;

// A shared machine stands still for a moment now and then. Without a deadline these tests would wait for 30 seconds, so
// they still tell a kept one from a broken one.
inline constexpr int kPauseMs = 1'000;

inline std::shared_ptr<credentials::CredentialSource> password_file() {
  std::string path = pg_cluster()->directory() + "/password";
  std::ofstream(path) << PgCluster::kPassword << "\n";
  ::chmod(path.c_str(), 0600);
  return credentials::file_source(path);
}

inline backend::PostgresConfig config() {
  backend::PostgresConfig out;
  out.connection = "shop";
  out.host = pg_cluster()->host();
  out.port = PgCluster::kPort;
  out.database = "postgres";
  out.read = {"guard_reader", password_file()};
  out.write = {"guard_writer", password_file()};
  out.connections_max = 4;
  return out;
}

inline backend::ActionLimits limits(std::chrono::milliseconds span = 10s) {
  backend::ActionLimits out{.deadline = Deadline::after(span), .cancel = {}};
  return out;
}

inline std::string message_of(const std::function<void()>& act, std::string* what = nullptr,
                              std::string* state = nullptr) {
  try {
    act();
  } catch (const Error& error) {
    if (what != nullptr) *what = error.what();
    if (state != nullptr) *state = error.sqlstate();
    return error.code();
  }
  return "";
}

// One connection of guard.yaml, used as the guard uses it.
struct Shop {
  explicit Shop(backend::PostgresConfig given = config())
      : backend(backend::postgres_backend(std::move(given), system_clock())) {}

  Command command(std::string text, std::vector<Value> params = {}) {
    Command out;
    out.dialect = Dialect::postgres;
    out.connection = "shop";
    out.text = std::move(text);
    out.params = std::move(params);
    out.catalogue_version = version();
    out.effect = CommandEffect::read;
    return out;
  }
  std::string version(bool refresh = false) {
    return backend->catalogue(PermitForge::grant(), limits(), refresh)->version;
  }

  struct Answer {
    std::vector<RawColumn> columns;
    std::vector<Row> rows;
    std::int64_t affected = 0;
    bool truncated = false;
    backend::Prepared prepared;
    std::string tag;
  };
  Answer run(
      Command command, bool write, backend::ActionLimits limits = test::limits(),
      std::int64_t rows_affected_max = 1'000, std::int64_t row_limit = kUnproven,
      const std::function<void()>& between = [] {}) {
    Permit permit = PermitForge::permit(std::move(command), write, rows_affected_max, row_limit);
    auto action = backend->begin(PermitForge::grant(), permit, limits);
    Answer out;
    out.prepared = action->prepare();
    between();
    RawResult raw = action->execute(std::move(permit), PermitForge::intent());
    out.columns = std::move(raw.columns);
    Row row;
    while (raw.rows->next(row)) out.rows.push_back(std::move(row));
    out.truncated = raw.rows->truncated();
    out.affected = raw.affected;
    out.tag = raw.command_tag;
    return out;
  }
  Answer read(std::string text, std::vector<Value> params = {}, backend::ActionLimits limits = test::limits()) {
    return run(command(std::move(text), std::move(params)), false, std::move(limits));
  }
  Answer write(std::string text, std::vector<Value> params = {}, std::int64_t rows_affected_max = 1'000) {
    Command made = command(std::move(text), std::move(params));
    made.effect = CommandEffect::write;
    return run(std::move(made), true, limits(), rows_affected_max);
  }

  std::unique_ptr<backend::Backend> backend;
};

}  // namespace libguard::test

// Skips a test when there is no PostgreSQL here.
#define LIBGUARD_NEEDS_POSTGRES \
  if (libguard::test::pg_cluster() == nullptr) return
