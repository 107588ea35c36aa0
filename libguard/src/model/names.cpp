// The words of the model's enumerations: the same in C++, JSON, CLI and docs.
#include "libguard/outcome.h"
#include "model/command.h"

namespace libguard {

const char* to_string(OutcomeState state) noexcept {
  switch (state) {
    case OutcomeState::refused:
      return "refused";
    case OutcomeState::pending:
      return "pending";
    case OutcomeState::completed:
      return "completed";
    case OutcomeState::failed:
      return "failed";
    case OutcomeState::in_doubt:
      return "in_doubt";
  }
  return "refused";
}

const char* to_string(Dialect dialect) noexcept { return dialect == Dialect::sqlite ? "sqlite" : "postgres"; }

const char* to_string(CommandEffect effect) noexcept {
  switch (effect) {
    case CommandEffect::opaque:
      return "opaque";
    case CommandEffect::read:
      return "read";
    case CommandEffect::write:
      return "write";
    case CommandEffect::ddl:
      return "ddl";
    case CommandEffect::dcl:
      return "dcl";
    case CommandEffect::session:
      return "session";
    case CommandEffect::maintenance:
      return "maintenance";
  }
  return "opaque";
}

const char* to_string(Bound bound) noexcept {
  switch (bound) {
    case Bound::none:
      return "none";
    case Bound::tautology:
      return "tautology";
    case Bound::weak:
      return "weak";
    case Bound::eq:
      return "eq";
  }
  return "none";
}

}  // namespace libguard
