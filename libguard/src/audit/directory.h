#pragma once
// The directory of the audit log on disk: made or refused at start-up, and what a dead writer left torn is put aside.

#include <cstdint>
#include <string>
#include <vector>

namespace libguard::audit {

// Makes the directory (0700, with its parents) or checks it: ours or root's, writable by nobody else, no segment that
// is a symbolic link or special file. A directory that others may only read is closed to them. Throws
// Error(configuration | unavailable, "audit.directory").
void prepare_directory(const std::string& directory);

struct Repair {
  std::string file;
  std::int64_t bytes_kept = 0;
  std::int64_t bytes_moved = 0;
};

// Moves the incomplete last line of every stream whose writer is gone into `<segment>.torn`; complete lines are never
// touched, and a segment that is locked by its writer is left alone. What cannot be repaired is logged and left:
// the verifier then shows it.
[[nodiscard]] std::vector<Repair> repair_torn_tails(const std::string& directory);

}  // namespace libguard::audit
