#include "backend/postgres/postgres_backend.h"

#include <algorithm>
#include <utility>

#include "backend/postgres/core.h"
#include "backend/postgres/postgres_action.h"
#include "backend/postgres/sql_error.h"
#include "base/limits.h"
#include "libguard/error.h"

namespace libguard::backend {
namespace {

using namespace postgres;

[[noreturn]] void misconfigured(const PostgresConfig& config, const std::string& why) {
  throw Error(ErrorKind::configuration, "backend.config", "connection " + config.connection + ": " + why);
}

void validate(const PostgresConfig& config) {
  if (config.host.empty()) misconfigured(config, "host is missing");
  if (config.host.find(',') != std::string::npos) misconfigured(config, "host must be one host, not a list");
  if (config.port < 1 || config.port > 65535) misconfigured(config, "port is not between 1 and 65535");
  if (config.database.empty()) misconfigured(config, "database is missing");
  if (config.database.find('=') != std::string::npos || config.database.starts_with("postgres://") ||
      config.database.starts_with("postgresql://")) {
    misconfigured(config, "database must be a name, not a connection string");
  }
  if (config.read.role.empty()) misconfigured(config, "login.read.role is missing");
  if (config.read.role == config.write.role)
    misconfigured(config, "login.read and login.write must be different roles");
  if (config.connections_max < 1 || config.connections_max > 1'000)
    misconfigured(config, "pool.connections_max is not between 1 and 1,000");
  if (config.lifetime_s < 1 || config.idle_s < 1) misconfigured(config, "pool.lifetime_s and idle_s must be positive");
  if (config.lifetime_s > 31'536'000 || config.idle_s > 31'536'000)
    misconfigured(config, "pool.lifetime_s and idle_s must be at most a year");
  if (config.deadline_ms < 1 || config.deadline_ms > limits::kDeadlineMsMax)
    misconfigured(config, "deadline_ms is out of range");
  for (const std::string& schema : config.schemas) {
    bool bad = schema.empty() || schema.starts_with("pg_") || schema == "information_schema" ||
               schema.find('\0') != std::string::npos;
    if (bad) misconfigured(config, "schemas must name user schemas");
  }
  static constexpr const char* kModes[] = {"", "disable", "require", "verify-ca", "verify-full"};
  if (std::find(std::begin(kModes), std::end(kModes), config.ssl_mode) == std::end(kModes)) {
    misconfigured(config, "sslmode must be disable, require, verify-ca or verify-full");
  }
}

class PostgresBackend final : public Backend {
 public:
  PostgresBackend(PostgresConfig config, const std::shared_ptr<Clock>& clock)
      : core_(std::make_shared<Core>(std::move(config), clock)) {}

  std::shared_ptr<const Catalogue> catalogue(const Grant& grant, const ActionLimits& limits, bool refresh) override {
    core_->check_use(grant);
    return core_->snapshots.get(grant, own_wait(limits), refresh)->catalogue();
  }

  std::unique_ptr<Action> begin(const Grant& grant, const Permit& permit, const ActionLimits& limits) override {
    core_->check_use(grant);
    const Command& command = permit.command();
    if (!command.runnable || command.text.find('\0') != std::string::npos) {
      throw Error(ErrorKind::invalid, "command.not_runnable", "this command is not run through the guard");
    }
    bool write = permit.write_allowed();
    if (write && core_->config.write.role.empty()) {
      throw Error(
          ErrorKind::configuration, "backend.no_write_login",
          "connection " + core_->config.connection + " has no login.write, so nothing can be written through it");
    }
    auto snapshot = core_->snapshots.current();
    if (!snapshot || snapshot->catalogue()->version != command.catalogue_version) {
      throw Error(ErrorKind::unavailable, "command.changed",
                  "the command was understood against another catalogue than the current one; nothing was run");
    }
    Pool::Lease lease = core_->pool(write).acquire(grant, Wait{limits.deadline, limits.cancel});
    return write ? write_action(core_, std::move(snapshot), permit, limits, std::move(lease))
                 : read_action(core_, std::move(snapshot), permit, limits, std::move(lease));
  }

  std::string resolve(const Grant& grant, const std::string& system_identifier, const std::string& xid,
                      const ActionLimits& limits) override {
    core_->check_use(grant);
    bool number = !xid.empty() && xid.size() <= 20 &&
                  std::all_of(xid.begin(), xid.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!number || system_identifier.empty()) return "unknown";
    Wait wait = own_wait(limits);
    Pool::Lease connection = core_->pool(false).acquire(grant, wait);
    if (connection->system_identifier != system_identifier) return "unknown";
    Params params;
    params.text(xid);
    connection->send("SELECT pg_xact_status($1::xid8)", params);
    connection->send_sync();
    connection->flush(wait);
    Result answer = connection->one(wait);
    connection->drain_to_sync(wait);
    // NULL: too long ago; an error: an xid that this server never gave out.
    bool known = PQresultStatus(answer.get()) == PGRES_TUPLES_OK && PQgetisnull(answer.get(), 0, 0) == 0;
    return known ? PQgetvalue(answer.get(), 0, 0) : "unknown";
  }

  void abandon_after_fork() noexcept override { core_->fds->abandon(); }

  [[nodiscard]] std::map<std::string, std::int64_t> stats() const override {
    if (core_->fds->forked()) return {};  // a lock could be held by a thread that does not exist here
    PoolStats read = core_->read_pool.stats();
    PoolStats write = core_->write_pool.stats();
    return {{"connections", read.idle + read.in_use + write.idle + write.in_use},
            {"in_use", read.in_use + write.in_use},
            {"opened", read.opened + write.opened},
            {"destroyed", read.destroyed + write.destroyed},
            {"waits", read.waits + write.waits},
            {"waited_us", read.waited_us + write.waited_us}};
  }

 private:
  [[nodiscard]] Wait own_wait(const ActionLimits& limits) const {
    return {limits.deadline.earlier(Deadline::after(std::chrono::milliseconds(core_->config.deadline_ms))),
            limits.cancel};
  }

  std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<Backend> postgres_backend(PostgresConfig config, const std::shared_ptr<Clock>& clock) {
  validate(config);
  return std::make_unique<PostgresBackend>(std::move(config), clock);
}

}  // namespace libguard::backend
