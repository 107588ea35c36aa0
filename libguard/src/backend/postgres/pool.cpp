#include "backend/postgres/pool.h"

#include <algorithm>
#include <utility>

#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// A connection that was silent for longer is asked whether it still lives (HikariCP's rule: younger ones almost
// always do, and asking costs a round trip).
constexpr auto kPingAfter = std::chrono::milliseconds(500);
// A pooled connection that does not answer within this is given up for a new one, so that one dead path does not eat
// the whole deadline.
constexpr auto kValidateSpan = std::chrono::milliseconds(1'000);

}  // namespace

Pool::Pool(Open open, int connections_max, std::int64_t idle_s, std::shared_ptr<FdTable> fds,
           std::shared_ptr<Clock> clock)
    : open_(std::move(open)),
      connections_max_(connections_max),
      idle_max_(idle_s),
      fds_(std::move(fds)),
      clock_(std::move(clock)) {}

Pool::Lease Pool::acquire(const Grant& grant, const Wait& wait) {
  enter(wait);
  try {
    while (std::unique_ptr<Connection> idle = take_idle()) {
      if (usable(*idle, wait)) return Lease(this, std::move(idle));
      idle.reset();
      std::lock_guard lock(mutex_);
      ++stats_.destroyed;
    }
    std::unique_ptr<Connection> opened = open_(grant, wait);
    {
      std::lock_guard lock(mutex_);
      ++stats_.opened;
    }
    return Lease(this, std::move(opened));
  } catch (...) {
    leave(nullptr);
    throw;
  }
}

// Takes one of connections_max places. Who comes while others wait goes behind them, even when a place is free.
void Pool::enter(const Wait& wait) {
  std::unique_lock lock(mutex_);
  if (waiters_.empty() && stats_.in_use < connections_max_) {
    ++stats_.in_use;
    return;
  }
  auto start = Connection::Steady::now();
  Waiter self;
  waiters_.push_back(&self);
  auto stop_waiting = [&] {
    ++stats_.waits;
    stats_.waited_us +=
        std::chrono::duration_cast<std::chrono::microseconds>(Connection::Steady::now() - start).count();
  };
  while (!self.granted) {
    self.turn.wait_for(lock, std::chrono::milliseconds(tick_ms(wait)), [&] { return self.granted; });
    if (self.granted) break;
    lock.unlock();  // the cancel hook may take its time, or Python's lock
    bool cancelled = wait.cancel.poll();
    lock.lock();
    if (self.granted || (!cancelled && !wait.deadline.passed())) continue;
    waiters_.erase(std::find(waiters_.begin(), waiters_.end(), &self));
    stop_waiting();
    if (cancelled)
      throw Error(ErrorKind::unavailable, "backend.cancelled",
                  "the action was cancelled while it waited for a connection");
    throw Error(ErrorKind::unavailable, "backend.deadline",
                "no database connection came free before the action's deadline; pool.connections_max may be too small");
  }
  stop_waiting();
}

// The place goes to the first who waits, or becomes free.
void Pool::leave(std::unique_ptr<Connection> returned) noexcept {
  std::lock_guard lock(mutex_);
  if (returned) idle_.push_back(std::move(returned));
  if (waiters_.empty()) {
    --stats_.in_use;
    return;
  }
  Waiter* next = waiters_.front();
  waiters_.pop_front();
  next->granted = true;
  next->turn.notify_one();
}

void Pool::give_back(std::unique_ptr<Connection> connection) noexcept {
  if (fds_->forked()) return;  // the destructor leaks the handle on purpose (P6)
  if (connection->idle() && !outlived(*connection))
    connection->begin_reset();
  else
    connection->mark_broken();
  if (connection->broken()) {
    connection.reset();
    std::lock_guard lock(mutex_);
    ++stats_.destroyed;
  }
  leave(std::move(connection));
}

std::unique_ptr<Connection> Pool::take_idle() {
  std::vector<std::unique_ptr<Connection>> ended;  // closed after the lock is given back
  std::lock_guard lock(mutex_);
  auto keep =
      std::stable_partition(idle_.begin(), idle_.end(), [&](const auto& connection) { return !outlived(*connection); });
  std::move(keep, idle_.end(), std::back_inserter(ended));
  idle_.erase(keep, idle_.end());
  stats_.destroyed += static_cast<std::int64_t>(ended.size());
  if (idle_.empty()) return nullptr;
  // The last used one whose reset is answered: it is the warmest. When none is, waiting for a reset would cost a caller
  // about as much as a query, so a lone connection gets a second one beside it; the two then take turns.
  auto ready = std::find_if(idle_.rbegin(), idle_.rend(), [](const auto& idle) { return idle->reset_answered(); });
  if (ready == idle_.rend() && idle_.size() == 1 && stats_.in_use == 1 && connections_max_ > 1) return nullptr;
  auto chosen = ready == idle_.rend() ? idle_.begin() : std::prev(ready.base());
  std::unique_ptr<Connection> taken = std::move(*chosen);
  idle_.erase(chosen);
  return taken;
}

bool Pool::outlived(const Connection& connection) const {
  auto now = Connection::Steady::now();
  return now >= connection.ends_at || now - connection.idle_since > idle_max_ ||
         (connection.lease_expires_at_us != 0 && clock_->now_us() >= connection.lease_expires_at_us);
}

// P2. A cancel is the caller's; every other trouble is the connection's, and there may be a better one.
bool Pool::usable(Connection& connection, const Wait& wait) {
  bool silent = Connection::Steady::now() - connection.idle_since > kPingAfter;
  Wait span{wait.deadline.earlier(Deadline::after(kValidateSpan)), wait.cancel};
  try {
    return connection.finish_reset(span) && (!silent || connection.ping(span));
  } catch (const Error&) {
    check(wait);
    return false;
  }
}

PoolStats Pool::stats() const {
  std::lock_guard lock(mutex_);
  PoolStats out = stats_;
  out.idle = static_cast<std::int64_t>(idle_.size());
  return out;
}

}  // namespace libguard::backend::postgres
