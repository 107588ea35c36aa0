#include "audit/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "audit/segment_file.h"
#include "base/limits.h"
#include "base/log.h"
#include "libguard/error.h"

namespace libguard::audit {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kTornMode = 0600;
constexpr mode_t kOthersWrite = 0022;
constexpr mode_t kOthersAny = 0077;

std::string because(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse(const std::string& directory, const std::string& why) {
  throw Error(ErrorKind::configuration, "audit.directory", "the audit directory " + directory + " " + why);
}

void make_with_parents(const std::string& directory) {
  for (std::size_t slash = directory.find('/', 1);; slash = directory.find('/', slash + 1)) {
    std::string path = directory.substr(0, slash);
    if (::mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      throw Error(ErrorKind::unavailable, "audit.directory",
                  "the audit directory " + directory + " cannot be made: " + because(errno));
    }
    if (slash == std::string::npos) return;
  }
}

void check_mode(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) refuse(directory, "cannot be read: " + because(errno));
  if (!S_ISDIR(info.st_mode)) refuse(directory, "is not a directory");
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    refuse(directory, "belongs to another user, who could change the log");
  if ((info.st_mode & kOthersWrite) != 0)
    refuse(directory, "can be written by others; chmod it to 0700 once you know what they did");
  if ((info.st_mode & kOthersAny) != 0 && ::chmod(directory.c_str(), kDirectoryMode) != 0) {
    refuse(directory, "can be read by others and its mode cannot be changed: " + because(errno));
  }
}

void check_segments(const std::string& directory) {
  auto files = list_segments(directory);
  if (!files) refuse(directory, "cannot be listed");
  for (const SegmentFile& file : *files) {
    struct stat info {};
    if (::lstat((directory + "/" + file.name).c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
      refuse(directory, "holds a segment that is no regular file: " + file.name);
    }
  }
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

// Reads the bytes behind the last new line; empty when the last line is too long to be one of ours.
std::optional<std::string> torn_tail(int fd, off_t size) {
  off_t window = std::min<off_t>(size, static_cast<off_t>(limits::kRecordBytesMax) + 1);
  std::string tail(static_cast<std::size_t>(window), '\0');
  for (std::size_t done = 0; done < tail.size();) {
    ssize_t got = ::pread(fd, tail.data() + done, tail.size() - done, size - window + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    done += static_cast<std::size_t>(got);
  }
  std::size_t newline = tail.rfind('\n');
  if (newline == std::string::npos && window < size) return std::nullopt;
  return newline == std::string::npos ? tail : tail.substr(newline + 1);
}

bool ends_in_new_line(int fd, off_t size) {
  char last = 0;
  return ::pread(fd, &last, 1, size - 1) == 1 && last == '\n';
}

// The copy is durable before the original is cut: a crash in between leaves the bytes twice, never nowhere.
bool save_aside(const std::string& path, const std::string& bytes) {
  File aside(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kTornMode));
  if (aside.fd() < 0) return false;
  return ::write(aside.fd(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
         ::fsync(aside.fd()) == 0;
}

std::optional<Repair> repair(const std::string& directory, const SegmentFile& segment) {
  std::string path = directory + "/" + segment.name;
  File file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
    return std::nullopt;
  if (ends_in_new_line(file.fd(), info.st_size)) return std::nullopt;
  // Its writer holds this lock for as long as it lives. The size is read again under the lock.
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  if (::fstat(file.fd(), &info) != 0 || info.st_size == 0) return std::nullopt;
  auto tail = torn_tail(file.fd(), info.st_size);
  if (tail && tail->empty()) return std::nullopt;
  Repair done{segment.name, 0, 0};
  if (tail) {
    done.bytes_moved = static_cast<std::int64_t>(tail->size());
    done.bytes_kept = info.st_size - done.bytes_moved;
    if (save_aside(path + ".torn", *tail) && ::ftruncate(file.fd(), done.bytes_kept) == 0 && ::fsync(file.fd()) == 0)
      return done;
  }
  log(LogLevel::warning, "the incomplete last line of audit segment " + segment.name + " could not be put aside");
  return std::nullopt;
}

}  // namespace

void prepare_directory(const std::string& directory) {
  if (directory.empty()) refuse("(empty)", "has no name");
  make_with_parents(directory);
  check_mode(directory);
  check_segments(directory);
}

std::vector<Repair> repair_torn_tails(const std::string& directory) {
  std::vector<Repair> repairs;
  auto files = list_segments(directory);
  if (!files) return repairs;
  for (std::size_t i = 0; i < files->size(); ++i) {
    const SegmentFile& file = (*files)[i];
    // Inside a stream, a torn end is explained by the next segment's header and stays as evidence.
    if (i + 1 < files->size() && (*files)[i + 1].stream == file.stream) continue;
    if (auto done = repair(directory, file)) repairs.push_back(std::move(*done));
  }
  return repairs;
}

}  // namespace libguard::audit
