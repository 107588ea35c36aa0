#pragma once
// The file of the ticket store: who may touch it is who may approve.

#include <string>

namespace libguard::approval {

// Makes the file with mode 0600 (and its folder, when only that is missing, with 0700), or checks the one that is
// there: a regular file, ours or root's, closed to others. Throws Error(unavailable, "approval.store").
void make_store_file(const std::string& path);

// "file:" would be read as a URI by this SQLite, with parameters that switch locking off, and ":memory:" as no file.
[[nodiscard]] std::string plain_path(const std::string& path);

}  // namespace libguard::approval
