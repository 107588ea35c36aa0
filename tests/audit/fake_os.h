#pragma once
// A disk in memory that fails when told to, and that knows what a crash would leave: bytes count only once a sync that
// began after they were written has succeeded, and a file only once its directory was synced.

#include <cerrno>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "audit/os.h"

namespace libguard::audit {

enum class Fault { none, open_fails, write_fails, write_short, sync_fails, directory_fails };

class FakeOs final : public Os {
 public:
  struct File {
    std::string path;
    std::string bytes;
    std::size_t synced = 0;
    bool named = false;  // the directory entry is durable
    bool dead = false;   // a write or sync failed on it: nobody may touch it again (S2)
    bool closed = false;
    bool removed = false;
  };

  // The n-th call (from 1) of the kind that the fault concerns fails, and `again` calls of that kind after it.
  void fail_at(Fault fault, int n, int again = 0) {
    std::lock_guard lock(mutex_);
    fault_ = fault;
    first_ = n;
    last_ = n + again;
    calls_ = 0;
  }

  int open_new(const std::string& path) override {
    std::lock_guard lock(mutex_);
    if (hit(Fault::open_fails)) return -EMFILE;
    for (const File& file : files_) {
      if (file.path == path && !file.removed) return -EEXIST;
    }
    files_.emplace_back().path = path;
    return static_cast<int>(files_.size()) + 99;
  }
  long write(int fd, std::string_view bytes) override {
    std::lock_guard lock(mutex_);
    File& file = writes_race ? files_.at(static_cast<std::size_t>(fd) - 100) : living(fd);
    if (hit(Fault::write_fails)) {
      file.dead = true;
      return -ENOSPC;
    }
    if (hit(Fault::write_short)) {
      file.dead = true;
      bytes = bytes.substr(0, bytes.size() / 2);
    }
    file.bytes += bytes;
    return static_cast<long>(bytes.size());
  }
  int sync(int fd) override {
    std::lock_guard lock(mutex_);
    File& file = living(fd);
    ++syncs;
    if (hit(Fault::sync_fails)) {
      file.dead = true;
      return -EIO;
    }
    file.synced = file.bytes.size();
    return 0;
  }
  int sync_directory(const std::string&) override {
    std::lock_guard lock(mutex_);
    if (hit(Fault::directory_fails)) return -EIO;
    for (File& file : files_) file.named = true;
    return 0;
  }
  int close(int fd) override {
    std::lock_guard lock(mutex_);
    File& file = files_.at(static_cast<std::size_t>(fd) - 100);
    if (file.closed) throw std::logic_error("closed twice");
    file.closed = true;
    return 0;
  }
  int remove(const std::string& path) override {
    std::lock_guard lock(mutex_);
    for (File& file : files_) {
      if (file.path == path) file.removed = true;
    }
    return 0;
  }

  // What is on the disk after the power went: what was synced, and of the rest as much as chance has it.
  void crash_into(const std::string& directory, std::mt19937& random) const {
    std::lock_guard lock(mutex_);
    for (const File& file : files_) {
      if (file.removed || (!file.named && random() % 2 == 0)) continue;
      std::size_t loose = file.bytes.size() - file.synced;
      std::size_t kept = file.synced + (loose == 0 ? 0 : random() % (loose + 1));
      std::string name = file.path.substr(file.path.rfind('/'));
      std::ofstream(directory + name, std::ios::binary) << file.bytes.substr(0, kept);
    }
  }
  [[nodiscard]] std::string durable_text() const {
    std::lock_guard lock(mutex_);
    std::string text;
    for (const File& file : files_) {
      if (file.named && !file.removed) text += file.bytes.substr(0, file.synced);
    }
    return text;
  }
  [[nodiscard]] std::size_t file_count() const {
    std::lock_guard lock(mutex_);
    return files_.size();
  }
  int syncs = 0;
  // Several threads: a write may begin after a sync failed and before the journal heard of it.
  bool writes_race = false;

 private:
  bool hit(Fault fault) {
    if (fault != fault_) return false;
    ++calls_;
    return calls_ >= first_ && calls_ <= last_;
  }
  File& living(int fd) {
    File& file = files_.at(static_cast<std::size_t>(fd) - 100);
    if (file.dead || file.closed) throw std::logic_error("a dead file was touched again");
    return file;
  }

  mutable std::mutex mutex_;
  std::vector<File> files_;
  Fault fault_ = Fault::none;
  int first_ = 0;
  int last_ = 0;
  int calls_ = 0;
};

}  // namespace libguard::audit
