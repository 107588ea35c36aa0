#pragma once
// The operating-system calls of the journal, behind an interface: tests inject faults at the N-th call, benchmarks
// leave fdatasync out. No configuration reaches this.

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

namespace libguard::audit {

// Each returns 0 or more on success and -errno on failure, like the calls they stand for. Thread-safe.
class Os {
 public:
  virtual ~Os() = default;
  // O_CREAT|O_EXCL|O_APPEND|O_CLOEXEC|O_NOFOLLOW, 0600, and an exclusive flock: whoever can lock a segment later knows
  // that its writer is gone.
  virtual int open_new(const std::string& path) = 0;
  virtual long write(int fd, std::string_view bytes) = 0;  // may be short
  virtual int sync(int fd) = 0;                            // fdatasync
  virtual int sync_directory(const std::string& path) = 0;
  virtual int close(int fd) = 0;
  // A segment whose header could not be written. Only tidiness depends on it, so an implementation may leave it out.
  virtual int remove(const std::string&) { return -ENOSYS; }
};

[[nodiscard]] std::shared_ptr<Os> real_os();

}  // namespace libguard::audit
