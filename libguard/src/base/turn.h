#pragma once
// One at a time, and who waits too long is told so. In place of std::timed_mutex, whose timed lock ThreadSanitizer does
// not see through (pthread_mutex_clocklock), so that it reports races where there are none.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace libguard {

class Turn {
 public:
  struct GiveBack {
    void operator()(Turn* turn) const noexcept { turn->give(); }
  };
  // Empty when the time ran out.
  using Held = std::unique_ptr<Turn, GiveBack>;

  [[nodiscard]] Held take(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    if (!free_.wait_for(lock, at_most, [this] { return !taken_; })) return nullptr;
    taken_ = true;
    return Held(this);
  }

 private:
  void give() noexcept {
    const std::scoped_lock lock(mutex_);
    taken_ = false;
    free_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable free_;
  bool taken_ = false;
};

}  // namespace libguard
