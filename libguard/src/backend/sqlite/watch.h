#pragma once
// What stops a statement: the deadline, the caller's cancel, or an effect beyond the permitted one. One Watch belongs
// to one action and is seen by SQLite's progress and busy handlers.

#include <chrono>
#include <cstdint>
#include <optional>

#include "backend/backend.h"

namespace libguard::backend::sqlite {

enum class Stop { none, deadline, cancelled, effect, busy };

class Watch {
 public:
  Watch(Deadline deadline, CancelToken cancel, std::int64_t busy_ms)
      : deadline_(deadline), cancel_(std::move(cancel)), busy_ms_(busy_ms) {}

  // True when the work must stop. Cheap: the caller's hook is asked only once in limits::kPollIntervalMs.
  [[nodiscard]] bool should_stop() noexcept;
  // Throws Error(unavailable, "backend.deadline" | "backend.cancelled") when there is no time left.
  void check();
  // Sleeps a little before another try for a lock; false when there is nothing left to wait for.
  [[nodiscard]] bool wait_for_lock(int tries) noexcept;
  void stop(Stop why) noexcept {
    if (stop_ == Stop::none) stop_ = why;
  }
  [[nodiscard]] Stop stopped() const noexcept { return stop_; }
  [[nodiscard]] const Deadline& deadline() const noexcept { return deadline_; }

 private:
  using Steady = std::chrono::steady_clock;
  Deadline deadline_;
  CancelToken cancel_;
  std::int64_t busy_ms_;
  Stop stop_ = Stop::none;
  Steady::time_point next_poll_{};
  Steady::time_point lock_wanted_{};
};

// The error for a stopped watch. Never returns.
[[noreturn]] void throw_stopped(Stop why);

}  // namespace libguard::backend::sqlite
