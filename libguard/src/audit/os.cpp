#include "audit/os.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace libguard::audit {
namespace {

constexpr mode_t kSegmentMode = 0600;

class RealOs final : public Os {
 public:
  int open_new(const std::string& path) override {
    int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kSegmentMode);
    if (fd < 0) return -errno;
    // The umask can only take bits away; fchmod makes the mode exact whatever it is.
    if (::fchmod(fd, kSegmentMode) != 0 || ::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      int error = errno;
      ::close(fd);
      ::unlink(path.c_str());
      return -error;
    }
    return fd;
  }

  long write(int fd, std::string_view bytes) override {
    for (;;) {
      ssize_t written = ::write(fd, bytes.data(), bytes.size());
      if (written >= 0) return written;
      if (errno != EINTR) return -errno;
    }
  }

  int sync(int fd) override { return ::fdatasync(fd) == 0 ? 0 : -errno; }

  int sync_directory(const std::string& path) override {
    int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = ::fsync(fd) == 0 ? 0 : -errno;
    ::close(fd);
    return result;
  }

  int close(int fd) override { return ::close(fd) == 0 ? 0 : -errno; }
  int remove(const std::string& path) override { return ::unlink(path.c_str()) == 0 ? 0 : -errno; }
};

}  // namespace

std::shared_ptr<Os> real_os() { return std::make_shared<RealOs>(); }

}  // namespace libguard::audit
