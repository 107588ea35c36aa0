// Promise 5: only policy makes a Decision that does not deny.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
Decision forge() {
  Decision decision;
  decision.verdict_ = Verdict::allow;
  return decision;
}
}  // namespace libguard
