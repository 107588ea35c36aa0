#pragma once
// The file of an embedded store of the guard's own: who may touch it may give approvals, or set budgets back.

#include <string>

namespace libguard {

struct StoreKind {
  const char* name;  // "the approval store"
  const char* code;  // "approval.store"
};

// Makes the file with mode 0600 (and its folder, when only that is missing, with 0700), or checks the one that is
// there: a regular file, ours or root's, closed to others. Throws Error(unavailable, kind.code).
void make_store_file(const std::string& path, const StoreKind& kind);

// "file:" would be read as a URI by this SQLite, with parameters that switch locking off, and ":memory:" as no file.
[[nodiscard]] std::string plain_path(const std::string& path);

}  // namespace libguard
