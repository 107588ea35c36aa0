#pragma once
// The chain of hops, read for one kind.

#include <string_view>

#include "libguard/identity.h"
#include "libguard/request.h"

namespace libguard {

// The name of the innermost hop of this kind ("agent", "task" ...) that is verified, else of the innermost that the
// process asserted; empty when there is none. Valid as long as both arguments are.
[[nodiscard]] std::string_view hop_of(const Identity& identity, const Request& request, std::string_view kind);

}  // namespace libguard
