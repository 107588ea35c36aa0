#pragma once
// Reads every view's definition once, in the order of their dependencies, with the same machinery as statements.

#include "command/postgres/names.h"

namespace libguard::command::postgres {

// The AST depth that one text may have: every level costs C++ stack, and a thread may have 256 KiB in all.
inline constexpr int kTreeDepthMax = 160;

// Fills Relation::view of every view and materialised view. A definition that cannot be read gives all columns of
// everything that the view depends on.
void read_views(Names& names);

}  // namespace libguard::command::postgres
