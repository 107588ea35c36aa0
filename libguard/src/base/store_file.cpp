#include "base/store_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "libguard/error.h"

namespace libguard {
namespace {

[[noreturn]] void fail(const StoreKind& kind, const char* what) {
  throw Error(ErrorKind::unavailable, kind.code, std::string(kind.name) + " " + what);
}

void check_file(const struct stat& status, const StoreKind& kind) {
  if (!S_ISREG(status.st_mode)) fail(kind, "is not a regular file");
  if (status.st_uid != geteuid() && status.st_uid != 0) fail(kind, "belongs to another user");
  if ((status.st_mode & 077) != 0) fail(kind, "can be read or written by others; its mode must be 0600");
}

}  // namespace

// An existing file is looked at, never opened here: closing any descriptor of it would drop the locks that other
// handles of this process hold (POSIX).
void make_store_file(const std::string& path, const StoreKind& kind) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) return check_file(status, kind);
  std::error_code ignored;
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty() && std::filesystem::create_directory(parent, ignored)) {
    std::filesystem::permissions(parent, std::filesystem::perms::owner_all, ignored);
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0) {
    ::close(fd);
  } else if (errno != EEXIST) {
    fail(kind, "cannot be made");
  }
  if (lstat(path.c_str(), &status) != 0) fail(kind, "cannot be opened");
  check_file(status, kind);
}

std::string plain_path(const std::string& path) {
  return path.starts_with("file:") || path.starts_with(":") ? "./" + path : path;
}

}  // namespace libguard
