// Promise 3: a secret is never copied.
#include "approval/approver.h"
#include "base/secret.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
Secret copy(const Secret& secret) { return secret; }
}  // namespace libguard
