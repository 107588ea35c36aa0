#include "backend/sqlite/pool.h"

#include <algorithm>

#include "base/limits.h"
#include "libguard/error.h"

namespace libguard::backend::sqlite {

Pool::Pool(SqliteConfig config) : config_(std::move(config)) {
  idle_.reserve(static_cast<std::size_t>(config_.connections_max));
}

// In a child the handles release themselves without a call to SQLite (Handle::~Handle).
Pool::~Pool() = default;

bool Pool::forked() const noexcept { return forked_.load() || !opened_in_.here(); }

void Pool::check_process() const {
  if (!forked()) return;
  throw Error(ErrorKind::unavailable, "guard.forked",
              "this process was forked after the database was opened; its handles belong to the parent");
}

// The youngest first: its pages are the warmest. A handle on a file that is no longer the one at the path is closed.
std::unique_ptr<Handle> Pool::idle(Access access) {
  const FileId now = file_id(config_.path);
  destroyed_ +=
      static_cast<std::int64_t>(std::erase_if(idle_, [&](const auto& handle) { return handle->file() != now; }));
  for (auto at = idle_.rbegin(); at != idle_.rend(); ++at) {
    if ((*at)->access() != access) continue;
    std::unique_ptr<Handle> handle = std::move(*at);
    idle_.erase(std::next(at).base());
    return handle;
  }
  return nullptr;
}

void Pool::wait_for_place(std::unique_lock<std::mutex>& lock, Watch& watch) {
  const auto began = std::chrono::steady_clock::now();
  while (in_use_ >= config_.connections_max) {
    // The caller's hook may take its time (it may be Python's); nobody should wait for it here.
    lock.unlock();
    watch.check();
    lock.lock();
    if (in_use_ < config_.connections_max) break;
    given_back_.wait_for(lock, std::chrono::milliseconds(limits::kPollIntervalMs));
  }
  waited_us_ += std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count();
}

std::unique_ptr<Handle> Pool::take(Access access, Watch& watch) {
  check_process();
  watch.check();
  std::unique_lock lock(mutex_);
  wait_for_place(lock, watch);
  std::unique_ptr<Handle> handle = idle(access);
  if (!handle) {
    // No more handles than configured, of both kinds together.
    if (in_use_ + static_cast<std::int64_t>(idle_.size()) >= config_.connections_max && !idle_.empty()) {
      idle_.erase(idle_.begin());
      ++destroyed_;
    }
    handle = std::make_unique<Handle>(config_.path, access, config_.foreign_keys);
    ++opened_;
  }
  ++in_use_;
  handle->watch(&watch);
  return handle;
}

void Pool::give_back(std::unique_ptr<Handle> handle, bool clean) noexcept {
  if (!handle || forked()) return;
  handle->watch(nullptr);
  // What the last action inserted is nobody else's business.
  sqlite3_set_last_insert_rowid(handle->get(), 0);
  {
    std::lock_guard lock(mutex_);
    --in_use_;
    if (clean)
      idle_.push_back(std::move(handle));
    else
      ++destroyed_;
  }
  given_back_.notify_one();
}

std::map<std::string, std::int64_t> Pool::stats() const {
  std::lock_guard lock(mutex_);
  return {{"connections", in_use_ + static_cast<std::int64_t>(idle_.size())},
          {"in_use", in_use_},
          {"opened", opened_},
          {"destroyed", destroyed_},
          {"waited_us", waited_us_}};
}

}  // namespace libguard::backend::sqlite
