#pragma once
// Is this still the process that it was? A fork copies everything, sockets and counters of chance included, so what
// must not be used in the child asks before each use. A load from memory where getpid() is a call of the kernel.

#include <sys/types.h>

#include <cstdint>

namespace libguard {

class ProcessMark {
 public:
  // Of the process that this runs in. Thread-safe.
  ProcessMark() noexcept;
  // False in a fork, however it was made, and in its children.
  [[nodiscard]] bool here() const noexcept;

 private:
  std::uint64_t number_;
  pid_t process_;
};

}  // namespace libguard
