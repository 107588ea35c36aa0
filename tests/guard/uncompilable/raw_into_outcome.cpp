// Promise 4: a RawResult cannot become an Outcome.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
void leak(RawResult raw, Outcome& outcome) { std::move(raw).into(outcome); }
}  // namespace libguard
