#pragma once
// For the benchmark's own build of the bindings: a guard whose journal does not wait for the disk.

#include <string>

#include "guard/guard_parts.h"
#include "quiet_os.h"

namespace libguard::bindings {

inline Guard open_without_sync(const std::string& path) {
  GuardParts parts;
  parts.os = std::make_shared<bench::QuietOs>();
  return parts.open(path);
}

}  // namespace libguard::bindings
