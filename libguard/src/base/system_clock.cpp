#include "base/system_clock.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/crypto.h"
#include "base/process_mark.h"

namespace libguard {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_us() const override {
    auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  }
};

// Ten bytes of chance; of each 5 bits, and of 50 bits of time, one character.
constexpr std::size_t kBytes = 10;
constexpr std::size_t kIdChars = 10 + kBytes * 8 / 5;

// From a pool for each thread: one call of the generator serves 64 ids. A forked child starts a pool of its own.
std::string_view ten_random_bytes() {
  struct Pool {
    std::string bytes;
    std::size_t at = 0;
    ProcessMark owner;
  };
  thread_local Pool pool;
  if (pool.at + kBytes > pool.bytes.size() || !pool.owner.here())
    pool = {crypto::random_bytes(64 * kBytes), 0, ProcessMark()};
  pool.at += kBytes;
  return std::string_view(pool.bytes).substr(pool.at - kBytes, kBytes);
}

class RandomIds final : public IdSource {
 public:
  explicit RandomIds(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}

  [[nodiscard]] std::string make(std::string_view prefix) override {
    static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    auto millis = static_cast<std::uint64_t>(clock_->now_us() / 1000);
    std::string_view chance = ten_random_bytes();
    std::string out(prefix.size() + 1 + kIdChars, '-');
    char* to = std::copy(prefix.begin(), prefix.end(), out.data()) + 1;
    for (int shift = 45; shift >= 0; shift -= 5) *to++ = kAlphabet[(millis >> shift) & 31];
    std::uint64_t buffer = 0;
    int bits = 0;
    for (unsigned char c : chance) {
      buffer = (buffer << 8) | c;
      for (bits += 8; bits >= 5; bits -= 5) *to++ = kAlphabet[(buffer >> (bits - 5)) & 31];
    }
    return out;
  }

 private:
  std::shared_ptr<Clock> clock_;
};

}  // namespace

std::shared_ptr<Clock> system_clock() { return std::make_shared<SystemClock>(); }
std::shared_ptr<IdSource> random_ids(std::shared_ptr<Clock> clock) {
  return std::make_shared<RandomIds>(std::move(clock));
}

std::string CountingIds::make(std::string_view prefix) {
  char number[24];
  std::snprintf(number, sizeof number, "-%06llu", static_cast<unsigned long long>(next_.fetch_add(1)));
  return std::string(prefix) + number;
}

}  // namespace libguard
