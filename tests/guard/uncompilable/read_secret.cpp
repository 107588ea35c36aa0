// Promise 3: a secret's bytes have no door outside backend/.
#include "approval/approver.h"
#include "base/secret.h"
#include "audit/journal.h"
#include "backend/backend.h"
#include "masking/masker.h"

namespace libguard {
std::string_view peek(const Secret& secret) { return secret.reveal(); }
}  // namespace libguard
