#pragma once
// What has been used of each budget, as plain numbers: policy reads them, guard/ and budget/ count them.

#include <array>
#include <cstddef>
#include <cstdint>

namespace libguard {

// calls   actions asked for, refused and failed ones too
// rows    rows that answers held
// bytes   bytes of the answers as JSON
// writes  rows changed
// spend   price of what was run, in the micro-units of `price:`
enum class Measure : std::uint8_t { calls, rows, bytes, writes, spend };
inline constexpr std::size_t kMeasures = static_cast<std::size_t>(Measure::spend) + 1;

// Whose use is counted, and since when. The first two end with their session and live in memory; the others are kept
// in the budget store, shared by processes and machines. `last_min` and `last_hour` are the account's.
enum class Budget : std::uint8_t { session, task, agent_today, account_today, user_today, last_min, last_hour };
inline constexpr std::size_t kBudgets = static_cast<std::size_t>(Budget::last_hour) + 1;

struct Tally {
  std::array<std::int64_t, kMeasures> counts{};
  [[nodiscard]] std::int64_t operator[](Measure measure) const { return counts[static_cast<std::size_t>(measure)]; }
  std::int64_t& operator[](Measure measure) { return counts[static_cast<std::size_t>(measure)]; }
  auto operator<=>(const Tally&) const = default;
};

// Used before this action, running actions included with the most that they may still take.
struct Usage {
  std::array<Tally, kBudgets> tallies{};
  // When a budget of this kind is free again at the latest; 0: not in this session or task.
  std::array<std::int64_t, kBudgets> frees_at_us{};
  [[nodiscard]] const Tally& operator[](Budget budget) const { return tallies[static_cast<std::size_t>(budget)]; }
  Tally& operator[](Budget budget) { return tallies[static_cast<std::size_t>(budget)]; }
};

// Which counters some policy reads. What nobody reads is not counted, and costs nothing.
struct BudgetNeeds {
  std::array<std::array<bool, kMeasures>, kBudgets> wanted{};
  [[nodiscard]] bool any(Budget budget) const {
    for (bool one : wanted[static_cast<std::size_t>(budget)]) {
      if (one) return true;
    }
    return false;
  }
  [[nodiscard]] bool has(Budget budget, Measure measure) const {
    return wanted[static_cast<std::size_t>(budget)][static_cast<std::size_t>(measure)];
  }
  [[nodiscard]] bool any() const {
    for (std::size_t i = 0; i < kBudgets; ++i) {
      if (any(static_cast<Budget>(i))) return true;
    }
    return false;
  }
  // Some counter outlives its session, so that a store is needed.
  [[nodiscard]] bool any_kept() const {
    for (std::size_t i = static_cast<std::size_t>(Budget::agent_today); i < kBudgets; ++i) {
      if (any(static_cast<Budget>(i))) return true;
    }
    return false;
  }
};

}  // namespace libguard
