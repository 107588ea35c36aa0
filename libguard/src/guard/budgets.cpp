#include "guard/budgets.h"

#include "base/crypto.h"
#include "base/log.h"
#include "guard/make_backend.h"
#include "guard/own_grant.h"
#include "libguard/error.h"
#include "model/hops.h"
#ifdef LIBGUARD_WITH_POSTGRES
#include "backend/postgres/store_session.h"
#endif

namespace libguard {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDayS = 86'400;
// Tasks are named by the process: past these the rest of a session share one counter.
constexpr std::size_t kTasksMax = 1'000;
constexpr const char* kOtherTasks = "\n";
// Longer names are told apart by their hash.
constexpr std::size_t kNameBytesMax = 200;

constexpr Budget kKept[] = {Budget::agent_today, Budget::account_today, Budget::user_today, Budget::last_min,
                            Budget::last_hour};

std::string bounded(std::string name) {
  if (name.size() <= kNameBytesMax) return name;
  return name.substr(0, kNameBytesMax / 2) + "#" + crypto::hex(crypto::sha256(name));
}

// Without a user whom the account acts for, the account is its own. An asserted user is counted within the account, so
// that nobody can use up what belongs to another by naming them.
std::string name_of(Budget budget, const Identity& identity, const Request& request) {
  if (budget == Budget::agent_today)
    return bounded(identity.account + "/" + std::string(hop_of(identity, request, "agent")));
  if (budget != Budget::user_today || !identity.user) return bounded(identity.account);
  const std::string& user = identity.user->account.empty() ? identity.user->subject : identity.user->account;
  return bounded(identity.user->verified ? user : identity.account + "/" + user);
}

// Midnight is where the day's number changes; clocks that are set forward or back move it by hours, not days.
std::int64_t next_day_us(const policy::TimeZone& zone, std::int64_t now_us) {
  std::int64_t low_s = now_us / kSecondUs;
  std::int64_t high_s = low_s + 2 * kDayS;
  const std::int64_t today = day_of(zone, now_us);
  while (high_s - low_s > 1) {
    std::int64_t middle_s = low_s + (high_s - low_s) / 2;
    (day_of(zone, middle_s * kSecondUs) > today ? high_s : low_s) = middle_s;
  }
  return high_s * kSecondUs;
}

#ifdef LIBGUARD_WITH_POSTGRES
std::shared_ptr<budget::Store> shared_store(const BudgetConfig& config, budget::DayOf day) {
  backend::StoreLogin login;
  login.host = config.host;
  login.port = static_cast<int>(config.port);
  login.database = config.database;
  login.ssl_mode = config.tls;
  login.ssl_root_cert = config.tls_root;
  login.schema = config.schema;
  login.role = config.login.role;
  login.source = make_credential_source(config.login.credential);
  login.deadline_ms = config.deadline_ms;
  return budget::shared_store(
      [login] { return backend::store_session(login, Pipeline::own_grant("budgets", "default")); }, std::move(day));
}
#else
std::shared_ptr<budget::Store> shared_store(const BudgetConfig&, budget::DayOf) {
  throw Error(ErrorKind::configuration, "config.driver", "this build of libguard has no PostgreSQL; use store: sqlite");
}
#endif

}  // namespace

std::int64_t day_of(const policy::TimeZone& zone, std::int64_t unix_us) {
  const std::int64_t second = unix_us / kSecondUs;
  return (second + zone.offset_s(second)) / kDayS;
}

Budgets open_budgets(const Config& config, const BudgetNeeds& needs) {
  Budgets budgets{needs, nullptr, std::make_shared<policy::TimeZone>(config.frame->timezone)};
  if (!needs.any_kept()) return budgets;
  auto day = [zone = budgets.zone](std::int64_t at_us) { return day_of(*zone, at_us); };
  budgets.store = config.budgets.store == "postgres" ? shared_store(config.budgets, day)
                                                     : budget::sqlite_store(config.budgets.path, day);
  return budgets;
}

Tally SessionTally::take(const Tally& amount) {
  Tally before;
  for (std::size_t i = 0; i < kMeasures; ++i)
    before.counts[i] = amount.counts[i] == 0 ? counts_[i].load() : counts_[i].fetch_add(amount.counts[i]);
  return before;
}

void SessionTally::settle(const Tally& held, const Tally& really) {
  for (std::size_t i = 0; i < kMeasures; ++i) {
    if (really.counts[i] != held.counts[i]) counts_[i].fetch_add(really.counts[i] - held.counts[i]);
  }
}

Tally& SessionTally::of(const std::string& task) {
  if (tasks_.size() < kTasksMax || tasks_.contains(task)) return tasks_[task];
  return tasks_[kOtherTasks];
}

Tally SessionTally::take(const std::string& task, const Tally& amount) {
  std::lock_guard lock(mutex_);
  Tally& tally = of(task);
  Tally before = tally;
  for (std::size_t i = 0; i < kMeasures; ++i) tally.counts[i] += amount.counts[i];
  return before;
}

void SessionTally::settle(const std::string& task, const Tally& held, const Tally& really) {
  std::lock_guard lock(mutex_);
  Tally& tally = of(task);
  for (std::size_t i = 0; i < kMeasures; ++i) tally.counts[i] += really.counts[i] - held.counts[i];
}

// What nobody reads is neither held nor counted in a store; in a session counting costs nothing.
Tally Draw::wanted(Budget budget, const Tally& amount) const {
  Tally out;
  for (std::size_t i = 0; i < kMeasures; ++i) {
    if (budgets_.needs.has(budget, static_cast<Measure>(i))) out.counts[i] = amount.counts[i];
  }
  return out;
}

void Draw::open(const Identity& identity, const Request& request, const Tally& most) {
  most_ = most;
  if (budgets_.needs.any(Budget::task)) task_ = bounded(std::string(hop_of(identity, request, "task")));
  for (Budget budget : kKept) {
    if (budgets_.needs.any(budget))
      takes_.push_back({{budget, identity.tenant, name_of(budget, identity, request)}, {}});
  }
  tried_ = true;
  opened_ = true;
  Tally amount = most_;
  amount[Measure::calls] = 1;
  take(amount);
  if (!takes_.empty()) say_when_free();
}

void Draw::take(const Tally& amount) {
  for (budget::Take& take : takes_) take.amount = wanted(take.key.budget, amount);
  if (!takes_.empty()) taken_ = budgets_.store->take(takes_, clock_.now_us());
  Tally session = wanted(Budget::session, amount);
  session[Measure::calls] = amount[Measure::calls];
  usage_[Budget::session] = session_.take(session);
  if (budgets_.needs.any(Budget::task)) usage_[Budget::task] = session_.take(task_, wanted(Budget::task, amount));
  for (std::size_t i = 0; i < takes_.size(); ++i) usage_[takes_[i].key.budget] = taken_.before[i];
  holds_ = true;
}

void Draw::settle(const Tally& really) {
  if (!holds_) return;
  holds_ = false;
  session_.settle(wanted(Budget::session, most_), really);
  if (budgets_.needs.any(Budget::task))
    session_.settle(task_, wanted(Budget::task, most_), wanted(Budget::task, really));
  std::vector<Tally> counted;
  bool moves = false;
  for (budget::Take& take : takes_) {
    take.amount = wanted(take.key.budget, most_);
    counted.push_back(wanted(take.key.budget, really));
    moves = moves || take.amount != Tally{} || counted.back() != Tally{};
  }
  if (moves) budgets_.store->settle(takes_, taken_, counted, clock_.now_us());
}

void Draw::release() {
  if (opened_) settle({});
}

void Draw::hold_again() {
  if (!opened_) return;
  settle({});
  const Usage first = usage_;
  take(most_);
  for (std::size_t i = 0; i < kBudgets; ++i) usage_.tallies[i][Measure::calls] = first.tallies[i][Measure::calls];
}

void Draw::close(const Tally& really) noexcept {
  if (!opened_) return;
  opened_ = false;
  try {
    Tally rest = really;
    rest[Measure::calls] = 0;
    settle(rest);
  } catch (const std::exception& error) {
    log(LogLevel::warning, std::string("an action stays counted with the most that it could take: ") + error.what());
  }
}

void Draw::say_when_free() {
  auto free_at = [&](Budget budget) -> std::int64_t& { return usage_.frees_at_us[static_cast<std::size_t>(budget)]; };
  free_at(Budget::last_min) = taken_.at_us + 61 * kSecondUs;
  free_at(Budget::last_hour) = taken_.at_us + 61 * 60 * kSecondUs;
  const std::int64_t tomorrow_us = next_day_us(*budgets_.zone, taken_.at_us);
  for (Budget budget : {Budget::agent_today, Budget::account_today, Budget::user_today}) free_at(budget) = tomorrow_us;
}

}  // namespace libguard
