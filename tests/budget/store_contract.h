#pragma once
// What every budget store must keep, whatever it is made of.

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "budget/store.h"
#include "libguard/error.h"

namespace libguard::budget::test {

inline constexpr std::int64_t kSecondUs = 1'000'000;
inline constexpr std::int64_t kNowUs = 1'763'985'600'000'000;  // 2025-11-24T12:00:00Z

inline std::int64_t utc_day(std::int64_t at_us) { return at_us / (86'400 * kSecondUs); }

inline Tally tally(std::int64_t calls, std::int64_t rows = 0, std::int64_t spend = 0) {
  return {{calls, rows, 0, 0, spend}};
}
inline Key account(const std::string& name, Budget budget = Budget::account_today) { return {budget, "default", name}; }

// `make` opens one more handle of the same store, as another process or machine would.
using Make = std::function<std::shared_ptr<Store>()>;

inline Tally before(Store& store, const Key& key, std::int64_t now_us, const Tally& amount = {}) {
  return store.take({{key, amount}}, now_us).before.at(0);
}

inline void counts_by_key_and_day(const Make& make) {
  auto store = make();
  CHECK(before(*store, account("a"), kNowUs, tally(1, 5)) == Tally{});
  CHECK(before(*store, account("a"), kNowUs, tally(1, 5)) == tally(1, 5));
  CHECK(before(*store, account("b"), kNowUs) == Tally{});
  CHECK(before(*store, account("a", Budget::user_today), kNowUs) == Tally{});
  CHECK(before(*store, {Budget::account_today, "other", "a"}, kNowUs) == Tally{});
  CHECK(before(*make(), account("a"), kNowUs) == tally(2, 10));
  CHECK(before(*store, account("a"), kNowUs + 86'400 * kSecondUs) == Tally{});
}

inline void slides_its_windows(const Make& make) {
  auto store = make();
  Key minute = account("a", Budget::last_min);
  Key hour = account("a", Budget::last_hour);
  (void)store->take({{minute, tally(3)}, {hour, tally(3)}}, kNowUs);
  CHECK(before(*store, minute, kNowUs + 59 * kSecondUs) == tally(3));
  CHECK(before(*store, minute, kNowUs + 60 * kSecondUs) == tally(3));
  CHECK(before(*store, minute, kNowUs + 61 * kSecondUs) == Tally{});
  CHECK(before(*store, hour, kNowUs + 3'600 * kSecondUs) == tally(3));
  CHECK(before(*store, hour, kNowUs + 3'660 * kSecondUs) == Tally{});
}

inline void a_clock_set_back_frees_nothing(const Make& make) {
  auto store = make();
  const std::int64_t tomorrow_us = kNowUs + 86'400 * kSecondUs;
  CHECK(before(*store, account("a"), tomorrow_us, tally(7)) == Tally{});
  CHECK(before(*store, account("a"), kNowUs, tally(1)) == tally(7));
  CHECK(before(*make(), account("a"), kNowUs - 86'400 * kSecondUs) == tally(8));
  CHECK(before(*store, account("a"), tomorrow_us) == tally(8));
}

inline void settles_what_was_held(const Make& make) {
  auto store = make();
  std::vector<Take> takes{{account("a"), tally(1, 1'000, 50)}};
  Taken taken = store->take(takes, kNowUs);
  CHECK(before(*store, account("a"), kNowUs) == tally(1, 1'000, 50));
  takes[0].amount = tally(0, 1'000, 50);
  store->settle(takes, taken, {tally(0, 3, 50)}, kNowUs);
  CHECK(before(*store, account("a"), kNowUs) == tally(1, 3, 50));
  // What was reset in between has nothing to give back.
  taken = store->take(takes, kNowUs);
  CHECK(store->reset("default", "a", kNowUs) == 1);
  store->settle(takes, taken, {tally(0, 2)}, kNowUs);
  CHECK(before(*store, account("a"), kNowUs) == tally(0, 2));
}

inline void lists_and_resets(const Make& make) {
  auto store = make();
  (void)store->take({{account("a"), tally(1)}, {account("a", Budget::last_min), tally(1)}}, kNowUs);
  (void)store->take({{account("b"), tally(2)}}, kNowUs);
  std::vector<Line> lines = store->list("default", kNowUs);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].key.name == "a");
  CHECK(lines[1].used == tally(2));
  CHECK(lines[2].key.budget == Budget::last_min);
  CHECK(store->list("other", kNowUs).empty());
  CHECK(store->list("default", kNowUs + 86'400 * kSecondUs).empty());
  CHECK(store->reset("other", "a", kNowUs) == 0);
  CHECK(store->reset("default", "a", kNowUs) == 2);
  CHECK(store->reset("default", "", kNowUs) == 1);
  CHECK(before(*store, account("b"), kNowUs) == Tally{});
}

// Four handles, each with threads of its own: each count is seen exactly once.
inline void no_two_see_the_same_count(const Make& make) {
  constexpr int kHandles = 4;
  constexpr int kThreads = 4;
  constexpr int kTakes = 8;
  std::atomic<int> within{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int handle = 0; handle < kHandles; ++handle) {
    auto store = make();
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([store, &within, &refused] {
        for (int i = 0; i < kTakes; ++i) {
          try {
            if (before(*store, account("a"), kNowUs, tally(1))[Measure::calls] < 10) ++within;
          } catch (const Error&) {
            ++refused;
          }
        }
      });
    }
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
  CHECK(within == 10);
  CHECK(before(*make(), account("a"), kNowUs) == tally(kHandles * kThreads * kTakes));
}

// Refused or stopped at the top, as the database has it; never begun anew.
inline void overflow_frees_nothing(const Make& make) {
  auto store = make();
  for (int i = 0; i < 3; ++i) {
    try {
      (void)before(*store, account("a"), kNowUs, tally(INT64_MAX));
    } catch (const Error& error) {
      CHECK(error.code() == "budget.store");
    }
  }
  CHECK(before(*store, account("a"), kNowUs) == tally(INT64_MAX));
  CHECK(before(*store, account("b"), kNowUs) == Tally{});
}

// Each with an empty store of its own.
inline void keeps_the_contract(const std::function<Make()>& fresh) {
  counts_by_key_and_day(fresh());
  slides_its_windows(fresh());
  a_clock_set_back_frees_nothing(fresh());
  settles_what_was_held(fresh());
  lists_and_resets(fresh());
  no_two_see_the_same_count(fresh());
  overflow_frees_nothing(fresh());
}

}  // namespace libguard::budget::test
