// Promise 1: a Permit cannot be copied, so it cannot be spent twice.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
Permit twice(const Permit& permit) { return permit; }
}  // namespace libguard
