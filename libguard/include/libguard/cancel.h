#pragma once
// A deadline and a cancel token: every Request carries both, every wait of the guard obeys both.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace libguard {

// Copies share one state. Thread-safe. `poll` is an optional hook that a waiting loop calls at least
// ten times a second on its own thread (Python's signal check is one); returning true cancels.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}
  explicit CancelToken(std::function<bool()> poll) : CancelToken() { state_->poll = std::move(poll); }

  void cancel() const noexcept { state_->cancelled.store(true); }
  [[nodiscard]] bool cancelled() const noexcept { return state_->cancelled.load(); }

  // For waiting loops: asks the hook too. Never throws; a hook that throws counts as a cancel.
  [[nodiscard]] bool poll() const noexcept {
    if (state_->cancelled.load()) return true;
    if (!state_->poll) return false;
    try {
      if (!state_->poll()) return false;
    } catch (...) {
    }
    state_->cancelled.store(true);
    return true;
  }

 private:
  struct State {
    std::atomic<bool> cancelled{false};
    std::function<bool()> poll;
  };
  std::shared_ptr<State> state_;
};

// A point on the steady clock. There is no "no deadline": a guard never hangs.
class Deadline {
 public:
  using Steady = std::chrono::steady_clock;
  static Deadline after(std::chrono::milliseconds span) { return Deadline(Steady::now() + span); }
  explicit Deadline(Steady::time_point at) : at_(at) {}

  [[nodiscard]] Steady::time_point at() const noexcept { return at_; }
  [[nodiscard]] bool passed() const noexcept { return Steady::now() >= at_; }
  // Never negative.
  [[nodiscard]] std::chrono::milliseconds left() const noexcept {
    auto span = std::chrono::duration_cast<std::chrono::milliseconds>(at_ - Steady::now());
    return span.count() > 0 ? span : std::chrono::milliseconds{0};
  }
  [[nodiscard]] Deadline earlier(Deadline other) const noexcept { return other.at_ < at_ ? other : *this; }

 private:
  Steady::time_point at_;
};

}  // namespace libguard
