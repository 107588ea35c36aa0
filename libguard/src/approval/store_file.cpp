#include "approval/store_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "approval/shown.h"

namespace libguard::approval {
namespace {

// A file that others can write is an approval that others can give.
void check_file(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) store_failed("the approval store is not a regular file");
  if (status.st_uid != geteuid() && status.st_uid != 0) store_failed("the approval store belongs to another user");
  if ((status.st_mode & 077) != 0)
    store_failed("the approval store can be read or written by others; its mode must be 0600");
}

}  // namespace

// An existing file is looked at, never opened here: closing any descriptor of it would drop the locks that other
// handles of this process hold (POSIX).
void make_store_file(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) return check_file(status);
  std::error_code ignored;
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty() && std::filesystem::create_directory(parent, ignored)) {
    std::filesystem::permissions(parent, std::filesystem::perms::owner_all, ignored);
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0) {
    ::close(fd);
  } else if (errno != EEXIST) {
    store_failed("the approval store cannot be made");
  }
  if (lstat(path.c_str(), &status) != 0) store_failed("the approval store cannot be opened");
  check_file(status);
}

std::string plain_path(const std::string& path) {
  return path.starts_with("file:") || path.starts_with(":") ? "./" + path : path;
}

}  // namespace libguard::approval
