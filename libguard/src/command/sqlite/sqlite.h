#pragma once
// The SQLite half of command/: see understander.h for what it promises.

#include "command/understander.h"

namespace libguard::command {

// Built-ins resolve; every table counts as a plain one of `main` whose columns are those that are named.
[[nodiscard]] std::unique_ptr<Understander> sqlite_understander_without_catalogue();

}  // namespace libguard::command
