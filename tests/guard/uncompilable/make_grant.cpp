// Promise 3: a Grant comes from an allow, or is the guard's own.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
Grant forge() { return Grant("shop", "default"); }
}  // namespace libguard
