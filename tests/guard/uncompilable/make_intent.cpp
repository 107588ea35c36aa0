// Promise 2: only the journal makes an Intent.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
Intent forge() { return Intent("r-1", "digest"); }
}  // namespace libguard
