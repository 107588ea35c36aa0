#pragma once
// The user of one session in another session of the same guard.

#include "libguard/identity.h"

namespace libguard {

// `account` acting for whomever `parent` acts for: its user, as proven as there, or the person that `parent` itself is.
// Authority is the intersection over the chain, so this can only narrow what the account may do by itself.
[[nodiscard]] Identity with_user_of(const Identity& parent, Identity account);

}  // namespace libguard
