#include "backend/sqlite/sqlite_backend.h"

#include <condition_variable>
#include <mutex>

#include "backend/sqlite/action.h"
#include "backend/sqlite/catalogue_loader.h"
#include "backend/sqlite/session.h"
#include "base/limits.h"
#include "libguard/error.h"

namespace libguard::backend {
namespace {

using sqlite::Access;
using sqlite::Pool;
using sqlite::Session;
using sqlite::Watch;

constexpr int kConnectionsMax = 256;

[[noreturn]] void bad_config(const char* sentence) {
  throw Error(ErrorKind::configuration, "backend.config", sentence);
}

SqliteConfig checked(SqliteConfig config) {
  if (config.path.empty() || config.path.find('\0') != std::string::npos)
    bad_config("an SQLite connection needs a path");
  if (config.path == ":memory:")
    bad_config("an SQLite connection needs a file; each handle would have a memory database of its own");
  if (config.connections_max < 1 || config.connections_max > kConnectionsMax)
    bad_config("connections_max must be from 1 to 256");
  if (config.deadline_ms < 1 || config.deadline_ms > limits::kDeadlineMsMax)
    bad_config("deadline_ms must be from 1 ms to 1 hour");
  if (config.busy_ms < 0) bad_config("busy_ms must not be negative");
  return config;
}

class SqliteBackend final : public Backend {
 public:
  explicit SqliteBackend(SqliteConfig config)
      : pool_(std::make_shared<Pool>(std::move(config))), cache_(std::make_shared<Cache>()) {}

  std::shared_ptr<const Catalogue> catalogue(const Grant& grant, const ActionLimits& limits, bool refresh) override {
    check(grant);
    const SqliteConfig& config = pool_->config();
    Watch watch(limits.deadline.earlier(Deadline::after(std::chrono::milliseconds(config.deadline_ms))), limits.cancel,
                config.busy_ms);
    // Another caller may be loading, with a later deadline than ours.
    const Turn turn(*cache_, watch);
    if (cache_->catalogue && !cache_->stale && !refresh) return cache_->catalogue;
    // Before reading: a DDL that commits meanwhile marks the new one as stale again.
    cache_->stale = false;
    try {
      cache_->catalogue = load(watch);
    } catch (...) {
      cache_->stale = true;
      throw;
    }
    return cache_->catalogue;
  }

  std::unique_ptr<Action> begin(const Grant& grant, const Permit& permit, const ActionLimits& limits) override {
    check(grant);
    return sqlite::make_action(pool_, permit, limits, [cache = cache_] { cache->stale = true; });
  }

  // SQLite gives a transaction no name that could be asked for later.
  std::string resolve(const Grant& grant, const std::string&, const std::string&, const ActionLimits&) override {
    check(grant);
    return "unknown";
  }

  void abandon_after_fork() noexcept override { pool_->abandon_after_fork(); }

  [[nodiscard]] std::map<std::string, std::int64_t> stats() const override {
    auto stats = pool_->stats();
    stats["catalogue_loads"] = cache_->loads.load();
    return stats;
  }

 private:
  struct Cache {
    std::mutex mutex;  // guards `taken`
    std::condition_variable freed;
    bool taken = false;  // whoever set it may touch `catalogue`
    std::shared_ptr<const Catalogue> catalogue;
    std::atomic<bool> stale{false};
    std::atomic<std::int64_t> loads{0};
  };

  // One caller's turn at the cache; waiting for it obeys the deadline and the cancel token.
  class Turn {
   public:
    Turn(Cache& cache, Watch& watch) : cache_(cache) {
      std::unique_lock lock(cache_.mutex);
      while (cache_.taken) {
        cache_.freed.wait_for(lock, std::chrono::milliseconds(limits::kPollIntervalMs));
        watch.check();
      }
      cache_.taken = true;
    }
    ~Turn() {
      {
        std::lock_guard lock(cache_.mutex);
        cache_.taken = false;
      }
      cache_.freed.notify_one();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Cache& cache_;
  };

  void check(const Grant& grant) const {
    pool_->check_process();
    if (grant.connection() == pool_->config().name && grant.tenant() == pool_->config().tenant) return;
    throw Error(ErrorKind::internal, "backend.other_grant", "the grant is for another connection or tenant");
  }

  // A schema that is still the cached one is not read again.
  std::shared_ptr<const Catalogue> load(Watch& watch) {
    Session session(pool_, Access::read, watch);
    const std::string& version = session.facts()->version;
    if (cache_->catalogue && cache_->catalogue->version == version) return cache_->catalogue;
    ++cache_->loads;
    return session.handle().guarded([&] { return sqlite::load_catalogue(session.database(), version); });
  }

  std::shared_ptr<Pool> pool_;
  std::shared_ptr<Cache> cache_;
};

}  // namespace

std::unique_ptr<Backend> sqlite_backend(SqliteConfig config) {
  return std::make_unique<SqliteBackend>(checked(std::move(config)));
}

}  // namespace libguard::backend
