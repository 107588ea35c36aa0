#include "guard/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/crypto.h"
#include "libguard/error.h"

namespace libguard {
namespace {

[[noreturn]] void refuse(const std::string& path, const char* why) {
  throw Error(ErrorKind::configuration, "config.unsafe_file", path + ": " + why);
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string read_exactly(const std::string& path, std::size_t size) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0) refuse(path, "cannot be read");
  if ((info.st_mode & 077) != 0) refuse(path, "others may read it; chmod 600");
  std::string bytes(size + 1, '\0');
  ssize_t count = ::read(file.fd(), bytes.data(), bytes.size());
  if (count != static_cast<ssize_t>(size)) refuse(path, "does not hold what the guard wrote there");
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string load_or_make_private_file(const std::string& path, std::size_t size) {
  // Written under a name of its own and linked into place, so that nobody ever reads half of it.
  std::string bytes = crypto::random_bytes(size);
  std::string scratch = path + "." + crypto::hex(crypto::random_bytes(8));
  if (::access(path.c_str(), F_OK) == 0) return read_exactly(path, size);
  {
    File file(::open(scratch.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.fd() < 0) refuse(path, "cannot be made here");
    if (::write(file.fd(), bytes.data(), size) != static_cast<ssize_t>(size) || ::fsync(file.fd()) != 0) {
      ::unlink(scratch.c_str());
      refuse(path, "cannot be written");
    }
  }
  int linked = ::link(scratch.c_str(), path.c_str());
  int why = errno;
  ::unlink(scratch.c_str());
  if (linked != 0 && why != EEXIST) refuse(path, "cannot be made here");
  return read_exactly(path, size);
}

}  // namespace libguard
