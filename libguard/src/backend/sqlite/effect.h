#pragma once
// How many rows a statement really changes, by SQLite's preupdate hook: sqlite3_changes and total_changes miss the rows
// that REPLACE removes and those of triggers. The hook also keeps SQLite from emptying a table without looking at its
// rows. It does not fire for virtual tables, whose shadow tables it counts instead, nor for SQLite's own system tables.

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "backend/sqlite/watch.h"

struct sqlite3;

namespace libguard::backend::sqlite {

// Counts from construction to destruction, on one handle. A row that is changed twice (by the statement and by a
// trigger that stamps it) counts once. More rows than `rows_max` stop the statement at once.
class Effect {
 public:
  // `uncounted`, in lower case: shadow tables, whose rows are how a virtual table keeps its own, and what DDL was
  // permitted to drop or rebuild.
  Effect(sqlite3* database, Watch& watch, std::int64_t rows_max, std::set<std::string> uncounted);
  ~Effect();
  Effect(const Effect&) = delete;
  Effect& operator=(const Effect&) = delete;

  // `direct`: sqlite3_changes64 after the statement, which knows the rows of virtual tables.
  [[nodiscard]] std::int64_t rows(std::int64_t direct) const noexcept;
  [[nodiscard]] bool exceeded(std::int64_t direct) const noexcept { return rows(direct) > rows_max_; }
  // Called by the hook.
  void row(const char* table, int operation, std::int64_t old_key, std::int64_t new_key) noexcept;

 private:
  sqlite3* database_;
  Watch& watch_;
  std::int64_t rows_max_;
  std::set<std::string> uncounted_;
  std::set<std::pair<std::string, std::int64_t>> seen_;
  std::int64_t rows_ = 0;
};

}  // namespace libguard::backend::sqlite
