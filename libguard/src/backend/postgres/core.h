#pragma once
// What the actions of one connection share: pools, the catalogue snapshot and its freshness.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "backend/postgres/pool.h"
#include "backend/postgres/postgres_backend.h"
#include "backend/postgres/probe.h"

namespace libguard::backend::postgres {

// A catalogue and a way from the oids of RowDescription into it.
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<const Catalogue> catalogue);
  [[nodiscard]] const std::shared_ptr<const Catalogue>& catalogue() const noexcept { return catalogue_; }
  // "schema.table.column"; "" for an expression; "oid:N.M" for a relation outside of the snapshot, which is equal to
  // no column that anybody knows.
  [[nodiscard]] std::string origin(Oid table, int column) const;
  // By "schema.name"; null for what the catalogue does not hold.
  [[nodiscard]] const CatalogueRelation* relation(const std::string& name) const;
  // True when a function of this "schema.name" is written in SQL.
  [[nodiscard]] bool written_in_sql(const std::string& name) const;

 private:
  std::shared_ptr<const Catalogue> catalogue_;
  std::unordered_map<std::int64_t, const CatalogueRelation*> by_oid_;
  std::unordered_map<std::string, const CatalogueRelation*> by_name_;
};

// One load at a time; who asks for a refresh is content with any load that *began* after it asked.
class SnapshotCache {
 public:
  using Load = std::function<std::shared_ptr<const Catalogue>(const Grant&, const Wait&)>;
  explicit SnapshotCache(Load load) : load_(std::move(load)) {}
  [[nodiscard]] std::shared_ptr<const Snapshot> get(const Grant& grant, const Wait& wait, bool refresh);
  [[nodiscard]] std::shared_ptr<const Snapshot> current() const;  // null: never loaded, or invalidated
  void invalidate();

 private:
  Load load_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::shared_ptr<const Snapshot> snapshot_;
  bool loading_ = false;
  std::uint64_t begun_ = 0;        // loads that were begun
  std::uint64_t snapshot_of_ = 0;  // which of them gave snapshot_
};

struct Core {
  Core(PostgresConfig config, const std::shared_ptr<Clock>& clock);

  // Throws Error(unavailable, "guard.forked") in a forked child, Error(internal, "grant.other_connection") for a grant
  // of another connection or tenant.
  void check_use(const Grant& grant);
  [[nodiscard]] Pool& pool(bool write) noexcept { return write ? write_pool : read_pool; }

  PostgresConfig config;
  std::shared_ptr<FdTable> fds;
  Freshness freshness;
  Pool read_pool;
  Pool write_pool;
  SnapshotCache snapshots;
};

}  // namespace libguard::backend::postgres
