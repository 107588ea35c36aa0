#pragma once
// The connections of one login role: at most connections_max, handed out first come first served, checked before each
// use (P2). Thread-safe. No thread of its own: a reset is answered by the server while nobody waits and read at the
// next checkout; connections past their time are closed when the pool is next used.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "backend/postgres/connection.h"
#include "libguard/clock.h"
#include "model/permit.h"

namespace libguard::backend::postgres {

struct PoolStats {
  std::int64_t idle = 0;
  std::int64_t in_use = 0;
  std::int64_t opened = 0;
  std::int64_t destroyed = 0;
  std::int64_t waited_us = 0;
  std::int64_t waits = 0;
};

class Pool {
 public:
  using Open = std::function<std::unique_ptr<Connection>(const Grant&, const Wait&)>;
  Pool(Open open, int connections_max, std::int64_t idle_s, std::shared_ptr<FdTable> fds, std::shared_ptr<Clock> clock);

  // Gives the connection back on destruction, or destroys it when it is not idle.
  class Lease {
   public:
    Lease(Pool* pool, std::unique_ptr<Connection> connection) : pool_(pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() const noexcept { return *connection_; }
    Connection* operator->() const noexcept { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // Throws Error(unavailable, "backend.pool_full" ...) when no connection came free before the deadline, and what
  // opening one throws.
  [[nodiscard]] Lease acquire(const Grant& grant, const Wait& wait);
  [[nodiscard]] PoolStats stats() const;

 private:
  struct Waiter {
    std::condition_variable turn;
    bool granted = false;
  };

  void enter(const Wait& wait);
  void leave(std::unique_ptr<Connection> returned) noexcept;
  void give_back(std::unique_ptr<Connection> connection) noexcept;
  std::unique_ptr<Connection> take_idle();
  bool usable(Connection& connection, const Wait& wait);
  [[nodiscard]] bool outlived(const Connection& connection) const;

  Open open_;
  int connections_max_;
  std::chrono::seconds idle_max_;
  std::shared_ptr<FdTable> fds_;
  std::shared_ptr<Clock> clock_;
  mutable std::mutex mutex_;
  std::deque<Waiter*> waiters_;                    // first come, first served
  std::vector<std::unique_ptr<Connection>> idle_;  // in the order of their return
  PoolStats stats_;
};

}  // namespace libguard::backend::postgres
