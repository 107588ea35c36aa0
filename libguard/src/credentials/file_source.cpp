// kind: file. The descriptor is opened once and everything is asked of *it*, so that nobody can swap the file between
// the check and the reading; a symbolic link is followed (secret mounts are made of them), the file it leads to counts.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "credentials/credential_source.h"
#include "libguard/error.h"

namespace libguard::credentials {
namespace {

// No password or key is longer; a larger file is a mistake (a log, a device) and would be read without bound.
constexpr std::size_t kSecretBytesMax = 64 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void unsafe(const std::string& path, const std::string& why) {
  throw Error(ErrorKind::configuration, "credential.unsafe_file", "the credential file " + path + " " + why);
}

class FileSource final : public CredentialSource {
 public:
  explicit FileSource(std::string path) : path_(std::move(path)) {}

  Lease acquire(const Grant&) override {
    Descriptor file = open_checked();
    Lease lease;
    lease.secret = read_all(file.get());
    return lease;
  }

  std::string check() override {
    (void)open_checked();
    return "";
  }

 private:
  // O_NONBLOCK: opening a FIFO that nobody writes to must not hang; the check of the type follows.
  Descriptor open_checked() const {
    int fd = path_.find('\0') == std::string::npos ? ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
                                                   : -1;
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == EIO) {
        throw Error(ErrorKind::unavailable, "credential.unavailable",
                    "the credential file " + path_ + " cannot be opened now");
      }
      throw Error(ErrorKind::configuration, "credential.missing",
                  "the credential file " + path_ + " does not exist or cannot be read by this process");
    }
    Descriptor file(fd);
    check_mode(fd);
    return file;
  }

  void check_mode(int fd) const {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
      throw Error(ErrorKind::unavailable, "credential.unavailable",
                  "the credential file " + path_ + " cannot be examined");
    }
    if (!S_ISREG(status.st_mode)) unsafe(path_, "is not a regular file");
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
      unsafe(path_, "belongs to another user; it must be yours or root's");
    mode_t mode = status.st_mode & 07777;
    if (mode != 0600 && mode != 0400) unsafe(path_, "can be read or written by others; its mode must be 0600 or 0400");
    if (status.st_size > static_cast<off_t>(kSecretBytesMax)) unsafe(path_, "is larger than any credential");
  }

  Secret read_all(int fd) const {
    // Reserved at once: a string that grows would leave copies of the secret in freed memory.
    std::string bytes(kSecretBytesMax + 1, '\0');
    std::size_t size = 0;
    while (size < bytes.size()) {
      ssize_t got = ::read(fd, bytes.data() + size, bytes.size() - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        wipe(bytes);
        throw Error(ErrorKind::unavailable, "credential.unavailable",
                    "the credential file " + path_ + " cannot be read");
      }
      if (got == 0) break;
      size += static_cast<std::size_t>(got);
    }
    bool too_large = size > kSecretBytesMax;
    if (size > 0 && bytes[size - 1] == '\n') --size;
    if (too_large || size == 0) {
      wipe(bytes);
      unsafe(path_, too_large ? "is larger than any credential" : "is empty");
    }
    std::string exact(bytes, 0, size);
    wipe(bytes);
    return Secret(std::move(exact));
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<CredentialSource> file_source(std::string path) {
  return std::make_unique<FileSource>(std::move(path));
}

}  // namespace libguard::credentials
