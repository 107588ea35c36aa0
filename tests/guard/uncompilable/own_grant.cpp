// Promise 3: the guard's own Grant is made in guard/ only.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
Grant forge() { return Grant::for_own_statements("shop", "default"); }
}  // namespace libguard
