#pragma once
// What generated columns are computed from: `total` of `price * 2` shows the price.

#include "command/postgres/names.h"

namespace libguard::command::postgres {

// Before the views are read, whose columns pass it on.
void read_generated(Names& names);

}  // namespace libguard::command::postgres
