// Promise 1: only the approver makes a Permit.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
Permit forge() { return Permit(); }
}  // namespace libguard
