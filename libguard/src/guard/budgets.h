#pragma once
// What one action takes of its budgets. The call is counted, and the most that it may still take is held, before
// policy is asked, so that actions which run at the same time cannot pass a limit together; afterwards what it really
// took stands.

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "budget/store.h"
#include "guard/config.h"
#include "libguard/clock.h"
#include "libguard/request.h"
#include "policy/time_zone.h"

namespace libguard {

// The counters of one session, and of the tasks that it worked on. Thread-safe.
class SessionTally {
 public:
  // Adds, and answers what was there before.
  Tally take(const Tally& amount);
  Tally take(const std::string& task, const Tally& amount);
  void settle(const Tally& held, const Tally& really);
  void settle(const std::string& task, const Tally& held, const Tally& really);

 private:
  Tally& of(const std::string& task);
  std::array<std::atomic<std::int64_t>, kMeasures> counts_{};
  std::mutex mutex_;  // guards tasks_
  std::map<std::string, Tally> tasks_;
};

// The budgets of a snapshot: what policy reads, and where it is kept.
struct Budgets {
  BudgetNeeds needs;
  std::shared_ptr<budget::Store> store;  // none when no counter that outlives a session is read
  std::shared_ptr<const policy::TimeZone> zone;
};

// Opens the store when it is needed. Throws Error(unavailable, "budget.store") for a file that cannot be used.
[[nodiscard]] Budgets open_budgets(const Config& config, const BudgetNeeds& needs);
// The number of the local day.
[[nodiscard]] std::int64_t day_of(const policy::TimeZone& zone, std::int64_t unix_us);

// Not thread-safe: belongs to one action.
class Draw {
 public:
  Draw(const Budgets& budgets, SessionTally& session, const Clock& clock)
      : budgets_(budgets), session_(session), clock_(clock) {}
  // An action that ends without close() took nothing but its call.
  ~Draw() { close({}); }
  Draw(const Draw&) = delete;
  Draw& operator=(const Draw&) = delete;

  // Counts the call and holds `most`; throws Error(unavailable, "budget.store"). Then usage() is what was used before.
  void open(const Identity& identity, const Request& request, const Tally& most);
  // While people think, nothing is held; at execution it is again, and usage() is of then but for the calls: this
  // one's turn came when it was asked for.
  void release();
  void hold_again();
  // Counts what was really taken (calls do not matter). A store that fails now keeps what was held.
  void close(const Tally& really) noexcept;
  // open() was called, whatever came of it.
  [[nodiscard]] bool tried() const noexcept { return tried_; }
  [[nodiscard]] const Usage& usage() const noexcept { return usage_; }

 private:
  [[nodiscard]] Tally wanted(Budget budget, const Tally& amount) const;
  void take(const Tally& amount);
  void settle(const Tally& really);
  void say_when_free();

  const Budgets& budgets_;
  SessionTally& session_;
  const Clock& clock_;
  Usage usage_;
  Tally most_;
  bool tried_ = false;
  bool opened_ = false;
  bool holds_ = false;
  std::string task_;
  std::vector<budget::Take> takes_;
  budget::Taken taken_;
};

}  // namespace libguard
