#pragma once
// The sockets of one backend, in a form that a forked child can read without taking a lock (another thread of the
// parent may have held any of them at the moment of the fork).

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "base/process_mark.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {

class FdTable {
 public:
  static constexpr int kFree = -1;
  static constexpr int kReserved = -2;  // a connection is being opened; it has no socket yet

  explicit FdTable(std::size_t size) : slots_(size) {
    for (auto& slot : slots_) slot.store(kFree);
  }

  // A slot of one connection. It is emptied *before* the socket is closed: the number may be anybody's afterwards, and
  // a child that closes too little leaks a descriptor, while one that closes too much breaks a stranger.
  class Slot {
   public:
    Slot() = default;
    Slot(std::shared_ptr<FdTable> table, std::atomic<int>* at) : table_(std::move(table)), at_(at) {}
    Slot(Slot&& other) noexcept : table_(std::move(other.table_)), at_(std::exchange(other.at_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() { clear(); }
    void set(int fd) noexcept { at_->store(fd); }
    void clear() noexcept {
      if (at_ != nullptr) std::exchange(at_, nullptr)->store(kFree);
    }

   private:
    std::shared_ptr<FdTable> table_;
    std::atomic<int>* at_ = nullptr;
  };

  [[nodiscard]] static Slot reserve(const std::shared_ptr<FdTable>& table) {
    for (auto& slot : table->slots_) {
      int free = kFree;
      if (slot.compare_exchange_strong(free, kReserved)) return Slot(table, &slot);
    }
    throw Error(ErrorKind::internal, "backend.fd_table_full", "more connections were opened than the pools allow");
  }

  [[nodiscard]] bool forked() const noexcept { return abandoned_.load() || !opened_in_.here(); }

  // P6. Async-signal-safe.
  void abandon() noexcept {
    abandoned_.store(true);
    if (opened_in_.here()) return;  // called in the parent by mistake: its connections stay alive
    for (auto& slot : slots_) {
      int fd = slot.exchange(kFree);
      if (fd >= 0) ::close(fd);
    }
  }

 private:
  ProcessMark opened_in_;
  std::atomic<bool> abandoned_{false};
  std::vector<std::atomic<int>> slots_;
};

}  // namespace libguard::backend::postgres
