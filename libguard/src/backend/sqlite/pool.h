#pragma once
// Handles at rest. Thread-safe.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/sqlite/handle.h"
#include "backend/sqlite/sqlite_backend.h"

namespace libguard::backend::sqlite {

class Pool {
 public:
  explicit Pool(SqliteConfig config);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] const SqliteConfig& config() const noexcept { return config_; }
  // Waits for a place under the watch. The handle obeys the watch until it is given back.
  [[nodiscard]] std::unique_ptr<Handle> take(Access access, Watch& watch);
  // `clean`: no transaction is open and nothing odd happened; else the handle is closed.
  void give_back(std::unique_ptr<Handle> handle, bool clean) noexcept;

  // Throws Error(unavailable, "guard.forked") in a child of the process that made the pool (L6).
  void check_process() const;
  void abandon_after_fork() noexcept { forked_.store(true); }
  [[nodiscard]] bool forked() const noexcept;
  [[nodiscard]] std::map<std::string, std::int64_t> stats() const;

 private:
  [[nodiscard]] std::unique_ptr<Handle> idle(Access access);
  void wait_for_place(std::unique_lock<std::mutex>& lock, Watch& watch);

  const SqliteConfig config_;
  const ProcessMark opened_in_;
  std::atomic<bool> forked_{false};
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Handle>> idle_;
  std::int64_t in_use_ = 0;
  std::int64_t opened_ = 0;
  std::int64_t destroyed_ = 0;
  std::int64_t waited_us_ = 0;
};

}  // namespace libguard::backend::sqlite
