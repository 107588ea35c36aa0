#pragma once
// Sentences that teach: what was refused, by which rule, and what to do instead.

#include <string>

#include "policy/rounds.h"

namespace libguard::policy {

[[nodiscard]] std::string reason_of_objection(const Objection& objection, const LoadedPolicies& policies,
                                              const cedar::Names& names);
[[nodiscard]] std::string reason_to_ask(const std::vector<Stage>& stages);
[[nodiscard]] std::string reason_to_allow(const std::vector<std::string>& permits);
// "DENIED: <why>. Final for this statement, do not rephrase it."
[[nodiscard]] std::string final_refusal(const std::string& why);

}  // namespace libguard::policy
