#pragma once
// What tests and benchmarks may replace: the clock, ids and the journal's operating-system calls. Not public, and no
// configuration reaches it.

#include <memory>
#include <string>

#include "audit/os.h"
#include "guard/make_backend.h"
#include "libguard/clock.h"
#include "libguard/guard.h"

namespace libguard {

class GuardParts {
 public:
  std::shared_ptr<Clock> clock;   // default: the system's
  std::shared_ptr<IdSource> ids;  // default: random
  std::shared_ptr<audit::Os> os;  // default: real
  BackendMaker backend;           // default: the table of drivers
  [[nodiscard]] Guard open(const std::string& path) const;
};

}  // namespace libguard
