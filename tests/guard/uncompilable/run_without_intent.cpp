// Promise 2: a backend runs nothing before the intent is on record.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
RawResult run(backend::Action& action, Permit&& permit) { return action.execute(std::move(permit)); }
}  // namespace libguard
