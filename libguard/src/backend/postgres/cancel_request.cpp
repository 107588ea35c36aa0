#include "backend/postgres/cancel_request.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace libguard::backend::postgres {
namespace {

// A path that swallows packets holds each helper for minutes; more than this many would be a leak, and the connection
// is closed anyway.
constexpr int kHelpersMax = 16;
std::atomic<int> helpers{0};

struct Answer {
  std::mutex mutex;
  std::condition_variable done;
  bool ended = false;
  bool accepted = false;
};

struct CancelFree {
  void operator()(PGcancel* cancel) const noexcept { PQfreeCancel(cancel); }
};
using CancelHandle = std::unique_ptr<PGcancel, CancelFree>;

void run(CancelHandle handle, const std::shared_ptr<Answer>& answer) noexcept {
  char ignored[256];  // server text: never shown
  bool accepted = PQcancel(handle.get(), ignored, sizeof ignored) == 1;
  handle.reset();
  {
    std::lock_guard lock(answer->mutex);
    answer->ended = true;
    answer->accepted = accepted;
  }
  answer->done.notify_all();
  --helpers;
}

}  // namespace

bool cancel_request(PGconn* connection, std::chrono::milliseconds span) noexcept {
  if (++helpers > kHelpersMax) {
    --helpers;
    return false;
  }
  try {
    CancelHandle handle(PQgetCancel(connection));
    if (!handle) {
      --helpers;
      return false;
    }
    auto answer = std::make_shared<Answer>();
    std::thread(run, std::move(handle), answer).detach();
    std::unique_lock lock(answer->mutex);
    return answer->done.wait_for(lock, span, [&] { return answer->ended; }) && answer->accepted;
  } catch (...) {
    --helpers;  // no memory or no thread: the thread's own decrement did not happen
    return false;
  }
}

}  // namespace libguard::backend::postgres
