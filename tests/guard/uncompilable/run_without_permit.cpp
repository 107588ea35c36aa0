// Promise 1: a backend runs nothing without a Permit.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
RawResult run(backend::Action& action, const Intent& intent) { return action.execute(intent); }
}  // namespace libguard
