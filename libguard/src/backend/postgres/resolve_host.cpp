// getaddrinfo waits as long as it likes, so it runs in a helper that owns all it needs; past the deadline it is left
// behind, and their number is bounded.

#include <netdb.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "backend/postgres/connect.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

constexpr int kResolversMax = 8;
constexpr std::size_t kAddressesMax = 8;
std::atomic<int> resolvers{0};

struct Answer {
  std::mutex mutex;
  std::condition_variable done;
  bool ended = false;
  std::string addresses;
  std::size_t count = 0;
};

void look_up(const std::string& host, const std::shared_ptr<Answer>& answer) noexcept {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  std::lock_guard lock(answer->mutex);
  for (addrinfo* at = failed == 0 ? found : nullptr; at != nullptr && answer->count < kAddressesMax; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    answer->addresses += (answer->count++ == 0 ? "" : ",") + std::string(text);
  }
  if (found != nullptr) ::freeaddrinfo(found);
  answer->ended = true;
  answer->done.notify_all();
  --resolvers;
}

[[noreturn]] void unresolved() {
  throw Error(ErrorKind::unavailable, "backend.unreachable", "the name of the database host cannot be resolved");
}

}  // namespace

std::string resolve_host(const std::string& host, std::size_t& count, const Wait& wait) {
  auto answer = std::make_shared<Answer>();
  if (++resolvers > kResolversMax) {
    --resolvers;
    unresolved();
  }
  try {
    std::thread(look_up, host, answer).detach();
  } catch (...) {
    --resolvers;
    unresolved();
  }
  std::unique_lock lock(answer->mutex);
  while (!answer->done.wait_for(lock, std::chrono::milliseconds(tick_ms(wait)), [&] { return answer->ended; }))
    check(wait);
  if (answer->count == 0) unresolved();
  count = answer->count;
  return answer->addresses;
}

}  // namespace libguard::backend::postgres
