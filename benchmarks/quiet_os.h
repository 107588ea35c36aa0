#pragma once
// The journal's operating-system calls without the wait for the disk. Only benchmarks have it: no setting reaches it.

#include <memory>
#include <string>

#include "audit/os.h"

namespace libguard::bench {

class QuietOs final : public audit::Os {
 public:
  int open_new(const std::string& path) override { return real_->open_new(path); }
  long write(int fd, std::string_view bytes) override { return real_->write(fd, bytes); }
  int sync(int) override { return 0; }
  int sync_directory(const std::string&) override { return 0; }
  int close(int fd) override { return real_->close(fd); }

 private:
  std::shared_ptr<audit::Os> real_ = audit::real_os();
};

}  // namespace libguard::bench
