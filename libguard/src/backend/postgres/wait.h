#pragma once
// Waiting for a socket under a deadline and a cancel token: the only place of the driver that blocks.

#include "libguard/cancel.h"

namespace libguard::backend::postgres {

struct Wait {
  Deadline deadline;
  CancelToken cancel;
};

// Throws Error(unavailable, "backend.deadline" | "backend.cancelled") when there is nothing left to wait for.
void check(const Wait& wait);

// Until `fd` is ready for one of `events` (POLLIN, POLLOUT); returns the ready ones. Throws as `check` does.
short wait_for(int fd, short events, const Wait& wait);

// Sleeps one tick of limits::kPollIntervalMs at most.
[[nodiscard]] int tick_ms(const Wait& wait);

}  // namespace libguard::backend::postgres
