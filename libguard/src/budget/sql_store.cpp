#include "budget/sql_store.h"

#include <array>
#include <chrono>

#include "libguard/error.h"

namespace libguard::budget {
namespace {

constexpr std::array<std::string_view, kBudgets> kNames = {"session",    "task",     "agent_today", "account_today",
                                                           "user_today", "last_min", "last_hour"};

// Each entry takes the store from format i to i + 1. Never edit one that was released: append.
// bucket: the number of the day (.._today), of the second (last_min) or of the minute (last_hour).
constexpr const char* kMigrations[][2] = {
    {"CREATE TABLE libguard_budgets(tenant TEXT NOT NULL, budget TEXT NOT NULL, name TEXT NOT NULL,"
     " bucket BIGINT NOT NULL, calls BIGINT NOT NULL, \"rows\" BIGINT NOT NULL, bytes BIGINT NOT NULL,"
     " writes BIGINT NOT NULL, spend BIGINT NOT NULL, PRIMARY KEY(tenant, budget, name, bucket))",
     "CREATE TABLE libguard_budget_clock(one BIGINT PRIMARY KEY, latest_us BIGINT NOT NULL)"},
};
constexpr auto kFormat = static_cast<std::int64_t>(std::size(kMigrations));

// A caller who cannot get his turn by then is refused: a guard does not hang.
constexpr std::chrono::seconds kTurnMax{10};
constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kMinuteUs = 60 * kSecondUs;
constexpr std::int64_t kDaysKept = 2;

[[noreturn]] void fail(const std::string& sqlstate = {}) {
  throw Error(ErrorKind::unavailable, "budget.store",
              "the budget store cannot be read or written, so that nothing can be counted and nothing is allowed; tell "
              "the operator")
      .with_sqlstate(sqlstate);
}

std::int64_t number(const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr) fail();
  return *number;
}

std::string word(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) fail();
  return *text;
}

Tally tally_of(const Row& row, std::size_t from) {
  if (row.size() < from + kMeasures) fail();
  Tally tally;
  for (std::size_t i = 0; i < kMeasures; ++i) tally.counts[i] = number(row[from + i]);
  return tally;
}

std::vector<Value> key_values(const Key& key) { return {key.tenant, std::string(to_string(key.budget)), key.name}; }

}  // namespace

std::shared_ptr<Store> shared_store(Connect connect, DayOf day_of) {
  return std::make_shared<SqlStore>(std::move(connect), std::move(day_of));
}

std::string_view to_string(Budget budget) { return kNames[static_cast<std::size_t>(budget)]; }

SqlStore::SqlStore(Connect connect, DayOf day_of) : connect_(std::move(connect)), day_of_(std::move(day_of)) {}

// In a forked child the session is abandoned, not closed: it is the parent's.
SqlStore::~SqlStore() {
  if (!opened_in_.here()) static_cast<void>(session_.release());
}

void SqlStore::open() {
  guarded([&] {
    begin();
    session_->commit();
  });
}

// One caller at a time. After any failure the session is thrown away, and the next call starts with a fresh one.
template <typename Work>
auto SqlStore::guarded(Work work) -> decltype(work()) {
  if (!opened_in_.here())
    throw Error(ErrorKind::unavailable, "guard.forked", "this process was forked after the budget store was opened");
  const Turn::Held held = turn_.take(kTurnMax);
  if (!held) fail("busy");
  try {
    return work();
  } catch (const Error& error) {
    if (session_) session_->rollback();
    session_.reset();
    if (error.code() == "budget.store") throw;
    fail(error.sqlstate());
  }
}

// A session that broke while nobody used it is replaced once; nothing was counted by then.
void SqlStore::begin() {
  if (session_) {
    try {
      return session_->begin();
    } catch (const Error&) {
      session_.reset();
    }
  }
  session_ = connect_();
  session_->begin();
  try {
    migrate();
  } catch (const Error&) {
    // Of several that start on an empty store one makes the tables, and the others fail at it: by now they are there.
    session_->rollback();
    session_->begin();
    migrate();
  }
}

void SqlStore::migrate() {
  // A role that may only read and write works once the tables are there.
  if (!session_->has_table("libguard_budget_format")) {
    (void)session_->run("CREATE TABLE libguard_budget_format(one BIGINT PRIMARY KEY, format BIGINT NOT NULL)", {});
    (void)session_->run("INSERT INTO libguard_budget_format(one, format) VALUES (1, 0)", {});
  }
  // The update locks the row: of two machines that start at once, one makes the tables.
  auto rows = session_->run("UPDATE libguard_budget_format SET format = format WHERE one = 1 RETURNING format", {});
  if (rows.size() != 1) fail();
  std::int64_t at = number(rows[0][0]);
  if (at < 0 || at > kFormat) {
    throw Error(ErrorKind::unavailable, "budget.store", "the budget store was made by a newer libguard");
  }
  if (at == kFormat) return;
  for (; at < kFormat; ++at) {
    for (const char* statement : kMigrations[at]) (void)session_->run(statement, {});
  }
  (void)session_->run("UPDATE libguard_budget_format SET format = $1", {kFormat});
}

// Also the lock that gives each caller his turn, across machines.
std::int64_t SqlStore::latest(std::int64_t now_us) {
  auto rows = session_->run(
      "INSERT INTO libguard_budget_clock(one, latest_us) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET latest_us ="
      " CASE WHEN excluded.latest_us > libguard_budget_clock.latest_us THEN excluded.latest_us"
      " ELSE libguard_budget_clock.latest_us END RETURNING latest_us",
      {now_us});
  if (rows.size() != 1) fail();
  return number(rows[0][0]);
}

std::int64_t SqlStore::bucket(Budget budget, std::int64_t at_us) const {
  if (budget == Budget::last_min) return at_us / kSecondUs;
  if (budget == Budget::last_hour) return at_us / kMinuteUs;
  return day_of_(at_us);
}

// A bucket that began inside the window counts whole, so that the window is never too short.
std::int64_t SqlStore::first_bucket(Budget budget, std::int64_t at_us) const {
  bool window = budget == Budget::last_min || budget == Budget::last_hour;
  return bucket(budget, at_us) - (window ? 60 : 0);
}

Tally SqlStore::sum(const Key& key, std::int64_t at_us) {
  std::vector<Value> params = key_values(key);
  params.emplace_back(first_bucket(key.budget, at_us));
  auto rows = session_->run(
      "SELECT CAST(coalesce(sum(calls), 0) AS BIGINT), CAST(coalesce(sum(\"rows\"), 0) AS BIGINT),"
      " CAST(coalesce(sum(bytes), 0) AS BIGINT), CAST(coalesce(sum(writes), 0) AS BIGINT),"
      " CAST(coalesce(sum(spend), 0) AS BIGINT) FROM libguard_budgets"
      " WHERE tenant = $1 AND budget = $2 AND name = $3 AND bucket >= $4",
      params);
  if (rows.size() != 1) fail();
  return tally_of(rows[0], 0);
}

void SqlStore::add(const Key& key, const Tally& amount, std::int64_t at_us) {
  if (amount == Tally{}) return;
  std::vector<Value> params = key_values(key);
  params.emplace_back(bucket(key.budget, at_us));
  for (std::int64_t count : amount.counts) params.emplace_back(count);
  (void)session_->run(
      "INSERT INTO libguard_budgets AS b (tenant, budget, name, bucket, calls, \"rows\", bytes, writes, spend)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant, budget, name, bucket) DO UPDATE SET"
      " calls = b.calls + excluded.calls, \"rows\" = b.\"rows\" + excluded.\"rows\", bytes = b.bytes + excluded.bytes,"
      " writes = b.writes + excluded.writes, spend = b.spend + excluded.spend",
      params);
}

// A counter that was reset in between has nothing to give back: it never goes below zero.
void SqlStore::give_back(const Key& key, const Tally& amount, std::int64_t at_us) {
  if (amount == Tally{}) return;
  std::vector<Value> params;
  params.reserve(amount.counts.size() + 8);
  for (std::int64_t count : amount.counts) params.emplace_back(count);
  for (Value& value : key_values(key)) params.push_back(std::move(value));
  params.emplace_back(bucket(key.budget, at_us));
  (void)session_->run(
      "UPDATE libguard_budgets SET calls = CASE WHEN calls > $1 THEN calls - $1 ELSE 0 END,"
      " \"rows\" = CASE WHEN \"rows\" > $2 THEN \"rows\" - $2 ELSE 0 END,"
      " bytes = CASE WHEN bytes > $3 THEN bytes - $3 ELSE 0 END,"
      " writes = CASE WHEN writes > $4 THEN writes - $4 ELSE 0 END,"
      " spend = CASE WHEN spend > $5 THEN spend - $5 ELSE 0 END"
      " WHERE tenant = $6 AND budget = $7 AND name = $8 AND bucket = $9",
      params);
}

// Once a minute: what no window can see any more.
void SqlStore::prune(std::int64_t now_us) {
  if (now_us - pruned_at_us_ < kMinuteUs) return;
  pruned_at_us_ = now_us;
  (void)session_->run(
      "DELETE FROM libguard_budgets WHERE (budget = 'last_min' AND bucket < $1) OR (budget = 'last_hour' AND bucket < "
      "$2)"
      " OR (budget NOT IN ('last_min', 'last_hour') AND bucket < $3)",
      {first_bucket(Budget::last_min, now_us), first_bucket(Budget::last_hour, now_us), day_of_(now_us) - kDaysKept});
}

Taken SqlStore::take(const std::vector<Take>& takes, std::int64_t now_us) {
  return guarded([&] {
    begin();
    Taken taken;
    taken.at_us = latest(now_us);
    prune(taken.at_us);
    for (const Take& take : takes) {
      taken.before.push_back(sum(take.key, taken.at_us));
      add(take.key, take.amount, taken.at_us);
    }
    session_->commit();
    return taken;
  });
}

void SqlStore::settle(const std::vector<Take>& takes, const Taken& taken, const std::vector<Tally>& really,
                      std::int64_t now_us) {
  guarded([&] {
    begin();
    const std::int64_t at_us = latest(now_us);
    for (std::size_t i = 0; i < takes.size(); ++i) {
      give_back(takes[i].key, takes[i].amount, taken.at_us);
      add(takes[i].key, really.at(i), at_us);
    }
    session_->commit();
  });
}

std::vector<Line> SqlStore::list(const std::string& tenant, std::int64_t now_us) {
  return guarded([&] {
    begin();
    const std::int64_t at_us = latest(now_us);
    auto rows = session_->run(
        "SELECT budget, name, CAST(sum(calls) AS BIGINT), CAST(sum(\"rows\") AS BIGINT), CAST(sum(bytes) AS BIGINT),"
        " CAST(sum(writes) AS BIGINT), CAST(sum(spend) AS BIGINT) FROM libguard_budgets WHERE tenant = $1 AND"
        " ((budget = 'last_min' AND bucket >= $2) OR (budget = 'last_hour' AND bucket >= $3) OR"
        " (budget NOT IN ('last_min', 'last_hour') AND bucket >= $4)) GROUP BY budget, name ORDER BY budget, name"
        " LIMIT $5",
        {tenant, first_bucket(Budget::last_min, at_us), first_bucket(Budget::last_hour, at_us), day_of_(at_us),
         kLinesMax});
    session_->commit();
    std::vector<Line> lines;
    for (const Row& row : rows) {
      if (row.size() < 2) fail();
      std::string name = word(row[0]);
      for (std::size_t i = 0; i < kBudgets; ++i) {
        if (name == kNames[i]) lines.push_back({{static_cast<Budget>(i), tenant, word(row[1])}, tally_of(row, 2)});
      }
    }
    return lines;
  });
}

std::int64_t SqlStore::reset(const std::string& tenant, const std::string& name, std::int64_t now_us) {
  return guarded([&] {
    begin();
    (void)latest(now_us);
    auto rows = session_->run(
        "DELETE FROM libguard_budgets WHERE tenant = $1 AND ($2 = '' OR name = $2) RETURNING bucket", {tenant, name});
    if (name.empty()) (void)session_->run("UPDATE libguard_budget_clock SET latest_us = $1", {now_us});
    session_->commit();
    return static_cast<std::int64_t>(rows.size());
  });
}

}  // namespace libguard::budget
