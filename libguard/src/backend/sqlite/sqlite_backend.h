#pragma once
// The SQLite driver: one file, a small pool of read-only and of writing handles, one transaction for one action.
//
//   auto backend = backend::sqlite_backend({.name = "shop", .path = "shop.db"});
//
// Invariants, cited by number in the sources and tests:
//   L1  A handle is opened without CREATE and on a regular file only; reads use a handle that cannot write.
//   L2  A statement is prepared and run inside one transaction, in which the schema was seen to be the one that the
//       command was understood against. Whatever SQLite then asks leave for must be among the command's facts.
//   L3  A write that changed more rows than permitted, or was cut off, is rolled back. Rows that REPLACE, triggers and
//       cascades change are counted.
//   L4  No call waits past its deadline or 50 ms past a cancel. One VM instruction may take longer; the limits of
//       base/sqlite_rules.h keep the work of one instruction small.
//   L5  SQLite's error text never leaves this folder.
//   L6  After a fork the child never touches a handle of the parent, not even to close it.
//
// Not bounded here: memory. SQLite's hard heap limit is of the whole process, so it is the host's to set.

#include <cstdint>
#include <memory>
#include <string>

#include "backend/backend.h"

namespace libguard::backend {

struct SqliteConfig {
  std::string name;  // of the connection; grants of other connections are refused
  std::string path;
  std::string tenant = "default";
  int connections_max = 8;  // handles, of both kinds together
  std::int64_t deadline_ms = 10'000;
  std::int64_t busy_ms = 0;  // how long to wait for another writer; 0: until the deadline
  bool foreign_keys = true;  // enforce the foreign keys that the schema declares
};

// Throws Error(configuration, "backend.config") for a configuration that can never work. Opens nothing yet: a missing
// file is Error(unavailable, "backend.unreachable") at first use.
[[nodiscard]] std::unique_ptr<Backend> sqlite_backend(SqliteConfig config);

}  // namespace libguard::backend
