#include "base/process_mark.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace libguard {
namespace {

using Number = std::atomic<std::uint64_t>;
static_assert(Number::is_always_lock_free);

// Memory that the kernel hands to a forked child as zeros; nullptr where it cannot (before Linux 4.14).
Number* make_wiped() noexcept {
  const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* page = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  if (::madvise(page, bytes, MADV_WIPEONFORK) == 0) return new (page) Number(0);
  ::munmap(page, bytes);
  return nullptr;
}

Number* wiped() noexcept {
  static Number* const number = make_wiped();
  return number;
}

// A child goes on counting where its parent was, so that no mark of the parent is ever good again.
std::uint64_t number_of_process() noexcept {
  static Number last{0};
  Number* const now = wiped();
  if (now == nullptr) return 0;
  std::uint64_t found = now->load();
  if (found != 0) return found;
  const std::uint64_t fresh = ++last;
  return now->compare_exchange_strong(found, fresh) ? fresh : found;
}

}  // namespace

ProcessMark::ProcessMark() noexcept : number_(number_of_process()), process_(::getpid()) {}

bool ProcessMark::here() const noexcept {
  return number_ != 0 ? wiped()->load(std::memory_order_relaxed) == number_ : ::getpid() == process_;
}

}  // namespace libguard
