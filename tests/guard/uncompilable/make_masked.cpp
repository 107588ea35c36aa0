// Promise 4: only the masker makes a MaskedResult.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
MaskedResult forge() { return MaskedResult(); }
}  // namespace libguard
