#include "backend/sqlite/watch.h"

#include <algorithm>
#include <thread>

#include "base/limits.h"
#include "libguard/error.h"

namespace libguard::backend::sqlite {

bool Watch::should_stop() noexcept {
  if (stop_ != Stop::none) return true;
  const auto now = Steady::now();
  if (now >= deadline_.at()) {
    stop(Stop::deadline);
  } else if (cancel_.cancelled()) {
    stop(Stop::cancelled);
  } else if (now >= next_poll_) {
    next_poll_ = now + std::chrono::milliseconds(limits::kPollIntervalMs);
    if (cancel_.poll()) stop(Stop::cancelled);
  }
  return stop_ != Stop::none;
}

void Watch::check() {
  if (should_stop()) throw_stopped(stop_);
}

bool Watch::wait_for_lock(int tries) noexcept {
  if (should_stop()) return false;
  const auto now = Steady::now();
  if (tries == 0) lock_wanted_ = now;
  if (busy_ms_ > 0 && now - lock_wanted_ >= std::chrono::milliseconds(busy_ms_)) {
    stop(Stop::busy);
    return false;
  }
  // Short at first, since most locks are held for microseconds; never longer than a poll.
  const auto slice = std::chrono::milliseconds(std::min<std::int64_t>(1 + tries, limits::kPollIntervalMs));
  std::this_thread::sleep_for(
      std::min<std::chrono::milliseconds>(slice, deadline_.left() + std::chrono::milliseconds(1)));
  return true;
}

void throw_stopped(Stop why) {
  switch (why) {
    case Stop::cancelled:
      throw Error(ErrorKind::unavailable, "backend.cancelled", "the action was cancelled; nothing was changed");
    case Stop::busy:
      throw Error(ErrorKind::unavailable, "backend.busy",
                  "another process kept the database locked; nothing was changed, trying again may work");
    case Stop::effect:
    case Stop::none:
    case Stop::deadline:
      break;
  }
  throw Error(ErrorKind::unavailable, "backend.deadline", "the action's deadline passed; nothing was changed");
}

}  // namespace libguard::backend::sqlite
