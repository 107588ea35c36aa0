#pragma once
// One connection to the file, hardened, of one kind: it reads, or it also writes. Belongs to one thread at a time.

#include <sqlite3.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "backend/sqlite/failure.h"
#include "backend/sqlite/schema_facts.h"
#include "backend/sqlite/watch.h"
#include "base/process_mark.h"
#include "base/sqlite_handle.h"

namespace libguard::backend::sqlite {

enum class Access { read, write };

// Which file a path meant when it was opened: a file that was replaced is another database.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};
// Throws Error(unavailable, "backend.unreachable") for a missing file, and for anything but a regular one.
[[nodiscard]] FileId file_id(const std::string& path);

class Handle {
 public:
  // L1. Throws Error(unavailable, "backend.unreachable").
  Handle(const std::string& path, Access access, bool foreign_keys);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] sqlite3* get() const noexcept { return database_.get(); }
  [[nodiscard]] Access access() const noexcept { return access_; }
  [[nodiscard]] const FileId& file() const noexcept { return file_; }

  // While a watch is set, every statement of this handle obeys it (L4).
  void watch(Watch* watch) noexcept;
  // Runs one of the guard's own fixed statements. Throws as throw_failure does.
  void run(const char* sql);
  // BEGIN for readers, BEGIN IMMEDIATE for writers, so that no statement can fail on its way from reader to writer.
  void begin();
  // COMMIT, tried again until the deadline while another process reads; what cannot be committed is rolled back. Throws
  // Error(in_doubt, "backend.in_doubt") when the disk failed so that nobody knows.
  void commit();
  // Never throws; false when the handle must not be used again.
  bool rollback() noexcept;

  // The schema as this transaction sees it; null when the handle's own idea of it may be old and it must be replaced.
  [[nodiscard]] std::shared_ptr<const SchemaFacts> look();
  // Runs `work` with the errors of base/sqlite_handle.h turned into those of this driver.
  template <typename Work>
  auto guarded(Work work) -> decltype(work());

 private:
  [[nodiscard]] std::int64_t pragma(const char* sql);
  void declare_table_functions();

  Access access_;
  FileId file_;
  ProcessMark opened_in_;
  Watch* watch_ = nullptr;
  libguard::sqlite::Database database_;
  std::int64_t cookie_ = -1;
  std::int64_t data_version_ = -1;
  std::shared_ptr<const SchemaFacts> facts_;
};

template <typename Work>
auto Handle::guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Error& error) {
    if (!error.code().starts_with("sqlite.")) throw;
    const int extended = error.sqlstate().empty() ? SQLITE_ERROR : std::stoi(error.sqlstate());
    if (watch_ != nullptr) throw_failure(extended, *watch_);
    throw_unreachable("the database file cannot be read", extended);
  }
}

}  // namespace libguard::backend::sqlite
