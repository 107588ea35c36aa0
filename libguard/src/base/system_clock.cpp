#include "base/system_clock.h"

#include <chrono>
#include <cstdio>

#include "base/crypto.h"

namespace libguard {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_us() const override {
    auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  }
};

class RandomIds final : public IdSource {
 public:
  explicit RandomIds(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}

  [[nodiscard]] std::string make(std::string_view prefix) override {
    static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    auto millis = static_cast<std::uint64_t>(clock_->now_us() / 1000);
    std::string chance = crypto::random_bytes(10);
    std::string out(prefix);
    out += '-';
    for (int shift = 45; shift >= 0; shift -= 5) out += kAlphabet[(millis >> shift) & 31];
    std::uint64_t buffer = 0;
    int bits = 0;
    for (unsigned char c : chance) {
      buffer = (buffer << 8) | c;
      for (bits += 8; bits >= 5; bits -= 5) out += kAlphabet[(buffer >> (bits - 5)) & 31];
    }
    return out;
  }

 private:
  std::shared_ptr<Clock> clock_;
};

}  // namespace

std::shared_ptr<Clock> system_clock() { return std::make_shared<SystemClock>(); }
std::shared_ptr<IdSource> random_ids(std::shared_ptr<Clock> clock) { return std::make_shared<RandomIds>(std::move(clock)); }

std::string CountingIds::make(std::string_view prefix) {
  char number[24];
  std::snprintf(number, sizeof number, "-%06llu", static_cast<unsigned long long>(next_.fetch_add(1)));
  return std::string(prefix) + number;
}

}  // namespace libguard
