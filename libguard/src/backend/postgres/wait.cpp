#include "backend/postgres/wait.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "base/limits.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {

void check(const Wait& wait) {
  if (wait.cancel.poll()) {
    throw Error(ErrorKind::unavailable, "backend.cancelled", "the action was cancelled before the database answered");
  }
  if (wait.deadline.passed()) {
    throw Error(ErrorKind::unavailable, "backend.deadline", "the database did not answer before the action's deadline");
  }
}

int tick_ms(const Wait& wait) {
  return static_cast<int>(std::clamp<std::int64_t>(wait.deadline.left().count() + 1, 0, limits::kPollIntervalMs));
}

short wait_for(int fd, short events, const Wait& wait) {
  for (;;) {
    pollfd polled{fd, events, 0};
    int ready = ::poll(&polled, 1, tick_ms(wait));
    // POLLERR and POLLHUP are readiness too: the next read reports what happened.
    if (ready > 0) return polled.revents;
    if (ready < 0 && errno != EINTR) {
      throw Error(ErrorKind::unavailable, "backend.unreachable", "the connection to the database broke");
    }
    check(wait);
  }
}

}  // namespace libguard::backend::postgres
