#pragma once
// PostgreSQL 13-18 commands as facts: see command/understander.h.

#include <memory>

#include "command/understander.h"

namespace libguard::command {

// The PostgreSQL branch of understander_without_catalogue.
[[nodiscard]] std::unique_ptr<Understander> postgres_understander_without_catalogue();

}  // namespace libguard::command
