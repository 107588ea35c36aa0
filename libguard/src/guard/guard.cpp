// The sentence. Everything else in this folder is a leaf of it.

#include "libguard/guard.h"

#include "guard/guard_state.h"
#include "guard/passage.h"
#include "libguard/error.h"

namespace libguard {
namespace {

// authenticate -> understand -> decide -> approve -> record the intent -> execute -> mask -> record the outcome.
// Each step consumes what only the step before can make: there is no Permit without an approval, no execution without a
// durable Intent, no rows that were not masked.
Outcome sentence(Passage& passage) {
  auto identity = passage.authenticate();
  if (!identity) return passage.stopped(identity.stop());

  auto understood = passage.understand(*identity);
  if (!understood) return passage.stopped(understood.stop());

  auto decision = passage.decide(*identity, *understood);
  if (!decision) return passage.stopped(decision.stop());

  auto permit = passage.approve(*identity, *understood, *decision);
  if (!permit) return passage.stopped(permit.stop());

  Prepared prepared = passage.prepare(*understood, *decision, std::move(*permit));
  const Intent& intent = passage.record_intent(prepared);
  RawResult raw = passage.execute(std::move(prepared), intent);
  MaskedResult masked = passage.mask(std::move(raw), *understood, *decision);
  return passage.record_outcome(intent, std::move(masked));
}

Error as_error(const std::exception& error) {
  const auto* known = dynamic_cast<const Error*>(&error);
  if (known != nullptr) return *known;
  return Error(ErrorKind::internal, "guard.internal",
               "something broke inside the guard, so the action was refused; tell the operator");
}

// The only catch of the pipeline. When not even the breakage can be recorded, the answer says so and holds nothing.
Outcome guarded_sentence(Passage& passage) {
  try {
    try {
      return sentence(passage);
    } catch (const std::exception& error) {
      return passage.broken(as_error(error));
    }
  } catch (const std::exception& error) {
    return passage.broken(Error(ErrorKind::unavailable, "audit.unwritable", as_error(error).what()));
  }
}

}  // namespace

Outcome Guard::run(SessionState& session, Request request, const ToolBody* body) {
  if (request.purpose.empty()) request.purpose = session.purpose;
  Passage passage(session, request, body);
  Outcome outcome = guarded_sentence(passage);
  if (!passage.catalogue_changed()) return outcome;
  Passage again(session, request, body);
  again.refresh_catalogue();
  return guarded_sentence(again);
}

}  // namespace libguard
