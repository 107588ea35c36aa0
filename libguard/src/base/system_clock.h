#pragma once
// The real Clock and IdSource, and manual ones for golden records and examples.

#include <atomic>
#include <memory>

#include "libguard/clock.h"

namespace libguard {

[[nodiscard]] std::shared_ptr<Clock> system_clock();
[[nodiscard]] std::shared_ptr<IdSource> random_ids(std::shared_ptr<Clock> clock);

class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t now_us) : now_us_(now_us) {}
  [[nodiscard]] std::int64_t now_us() const override { return now_us_.load(); }
  void advance_us(std::int64_t span_us) { now_us_ += span_us; }

 private:
  std::atomic<std::int64_t> now_us_;
};

// "r-000001", "r-000002" ...
class CountingIds final : public IdSource {
 public:
  [[nodiscard]] std::string make(std::string_view prefix) override;

 private:
  std::atomic<std::uint64_t> next_{1};
};

}  // namespace libguard
