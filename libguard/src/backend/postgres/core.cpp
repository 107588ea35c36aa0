#include "backend/postgres/core.h"

#include <algorithm>
#include <utility>

#include "backend/postgres/catalogue_loader.h"
#include "backend/postgres/connect.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// Two pools, and one connection of the catalogue loader.
std::size_t slots(const PostgresConfig& config) { return static_cast<std::size_t>(config.connections_max) * 2 + 1; }

}  // namespace

Snapshot::Snapshot(std::shared_ptr<const Catalogue> catalogue) : catalogue_(std::move(catalogue)) {
  for (const CatalogueRelation& relation : catalogue_->relations) {
    by_oid_.emplace(relation.oid, &relation);
    by_name_.emplace(relation.schema + "." + relation.name, &relation);
  }
}

const CatalogueRelation* Snapshot::relation(const std::string& name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

bool Snapshot::written_in_sql(const std::string& name) const {
  return std::any_of(catalogue_->functions.begin(), catalogue_->functions.end(),
                     [&](const CatalogueFunction& function) {
                       return function.language == "sql" && function.schema + "." + function.name == name;
                     });
}

std::string Snapshot::origin(Oid table, int column) const {
  if (table == InvalidOid || column == 0) return "";
  auto found = by_oid_.find(table);
  if (found != by_oid_.end()) {
    for (const CatalogueColumn& candidate : found->second->columns) {
      if (candidate.number == column) return found->second->schema + "." + found->second->name + "." + candidate.name;
    }
  }
  return "oid:" + std::to_string(table) + "." + std::to_string(column);
}

std::shared_ptr<const Snapshot> SnapshotCache::get(const Grant& grant, const Wait& wait, bool refresh) {
  std::unique_lock lock(mutex_);
  std::uint64_t wanted = refresh ? begun_ + 1 : 0;
  while (!snapshot_ || snapshot_of_ < wanted) {
    if (loading_) {
      ended_.wait_for(lock, std::chrono::milliseconds(tick_ms(wait)));
      lock.unlock();
      check(wait);
      lock.lock();
      continue;
    }
    loading_ = true;
    std::uint64_t mine = ++begun_;
    lock.unlock();
    std::shared_ptr<const Snapshot> loaded;
    try {
      loaded = std::make_shared<const Snapshot>(load_(grant, wait));
    } catch (...) {
      lock.lock();
      loading_ = false;
      ended_.notify_all();
      throw;
    }
    lock.lock();
    loading_ = false;
    snapshot_ = std::move(loaded);
    snapshot_of_ = mine;
    ended_.notify_all();
    if (mine >= wanted) break;
  }
  return snapshot_;
}

std::shared_ptr<const Snapshot> SnapshotCache::current() const {
  std::lock_guard lock(mutex_);
  return snapshot_;
}

void SnapshotCache::invalidate() {
  std::lock_guard lock(mutex_);
  snapshot_.reset();
}

Core::Core(PostgresConfig given, const std::shared_ptr<Clock>& clock)
    : config(std::move(given)),
      fds(std::make_shared<FdTable>(slots(config))),
      read_pool(
          [this](const Grant& grant, const Wait& wait) { return connect(config, config.read, true, grant, fds, wait); },
          config.connections_max, config.idle_s, fds, clock),
      write_pool([this](const Grant& grant,
                        const Wait& wait) { return connect(config, config.write, false, grant, fds, wait); },
                 config.connections_max, config.idle_s, fds, clock),
      snapshots([this](const Grant& grant, const Wait& wait) {
        auto connection = connect(config, config.read, true, grant, fds, wait);
        const auto known = snapshots.current();
        LoadedCatalogue loaded =
            load_catalogue(std::move(connection), config, known ? known->catalogue() : nullptr, wait);
        freshness.learned(loaded.catalogue->version, loaded.log_position);
        return loaded.catalogue;
      }) {}

void Core::check_use(const Grant& grant) {
  if (fds->forked()) {
    fds->abandon();
    throw Error(ErrorKind::unavailable, "guard.forked",
                "this process was forked from the one that opened the guard; open a guard of its own after exec");
  }
  if (grant.connection() != config.connection || grant.tenant() != config.tenant) {
    throw Error(ErrorKind::internal, "grant.other_connection",
                "a grant of another connection was used for " + config.connection);
  }
}

}  // namespace libguard::backend::postgres
