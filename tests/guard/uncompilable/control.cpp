// The one that must compile, so that the others fail for the reason they name and not for a missing include.
#include "approval/approver.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
RawResult run(backend::Action& action, Permit&& permit, const Intent& intent) {
  return action.execute(std::move(permit), intent);
}
MaskedResult show(const masking::Masker& masker, RawResult&& raw, const Command& command,
                  const masking::MaskPlan& plan) {
  return masker.mask(std::move(raw), command, plan);
}
}  // namespace libguard
