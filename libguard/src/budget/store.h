#pragma once
// What outlives a session of the counters that budgets are held against: shared by processes (SQLite) or machines
// (PostgreSQL). Invariants:
//   1. take() answers what was there before and adds in one transaction: of two callers who see the same count, there
//      is none.
//   2. Time never goes back: the store keeps the latest time that any of its users saw, and counts by that.
//   3. What cannot be read or written throws Error(unavailable, "budget.store"); then nothing was allowed.
// Every implementation runs the contract suite in tests/budget.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/sql_session.h"
#include "model/usage.h"

namespace libguard::budget {

// Whose counter: an account, "account/agent", or a user, of one tenant. Only kinds that outlive a session.
struct Key {
  Budget budget = Budget::account_today;
  std::string tenant;
  std::string name;
};

struct Take {
  Key key;
  Tally amount;
};

struct Taken {
  std::int64_t at_us = 0;     // by the store's time
  std::vector<Tally> before;  // by the takes
};

struct Line {
  Key key;
  Tally used;
};

// Days are counted in the zone of the configuration: the number of the day that this moment belongs to.
using DayOf = std::function<std::int64_t(std::int64_t unix_us)>;

// Thread-safe. In a forked child every call throws Error(unavailable, "guard.forked").
class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual Taken take(const std::vector<Take>& takes, std::int64_t now_us) = 0;
  // Gives back what `taken` holds of `takes`, and counts `really` (one for each take) as of now.
  virtual void settle(const std::vector<Take>& takes, const Taken& taken, const std::vector<Tally>& really,
                      std::int64_t now_us) = 0;
  // Counters that are in force now, sorted; at most kLinesMax.
  [[nodiscard]] virtual std::vector<Line> list(const std::string& tenant, std::int64_t now_us) = 0;
  // Forgets all counters of this name ("" = of everybody), and the latest time; answers how many were forgotten.
  virtual std::int64_t reset(const std::string& tenant, const std::string& name, std::int64_t now_us) = 0;
};

inline constexpr std::int64_t kLinesMax = 10'000;

// One file for the processes of one machine. Opens it at once.
[[nodiscard]] std::shared_ptr<Store> sqlite_store(const std::string& path, DayOf day_of);

// For several machines: over a session that guard/ makes. Connects at the first call and again after a breakage.
using Connect = std::function<std::unique_ptr<SqlSession>()>;
[[nodiscard]] std::shared_ptr<Store> shared_store(Connect connect, DayOf day_of);

[[nodiscard]] std::string_view to_string(Budget budget);

}  // namespace libguard::budget
