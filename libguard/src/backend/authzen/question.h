#pragma once
// One command as an OpenID AuthZEN 1.0 "access evaluations" question (section 7 of the specification), and the reading
// of its answer. Values of the command never go into the question: what is asked about is what it would do.

#include <cstddef>
#include <string>
#include <string_view>

#include "libguard/identity.h"
#include "libguard/request.h"
#include "model/command.h"

namespace libguard::backend {

struct AuthzenQuestion {
  std::string body;             // JSON
  std::size_t evaluations = 0;  // how many decisions the answer must hold
};

// subject: the account with its groups and the user it acts for; evaluations: connect (sql) or use (tool), and one for
// each (action, object) that the command touches.
[[nodiscard]] AuthzenQuestion authzen_question(const Identity& identity, const Request& request,
                                               const Command& command);

enum class AuthzenAnswer { malformed, denied, allowed };  // the zero value refuses
// Allowed only for exactly `evaluations` objects that all say `"decision": true`.
[[nodiscard]] AuthzenAnswer authzen_answer(std::string_view body, std::size_t evaluations);

}  // namespace libguard::backend
