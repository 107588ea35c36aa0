#pragma once
// Sentences that teach: what was refused, by which rule, and what to do instead.

#include <string>

#include "policy/rounds.h"

namespace libguard::policy {

// What a sentence may have to say beside the objection.
struct Said {
  const cedar::Names& names;
  const Usage& usage;
};

[[nodiscard]] std::string reason_of_objection(const Objection& objection, const LoadedPolicies& policies,
                                              const Said& said);
// True when the objection is a forbid that compares a counter with a limit, and the limit is reached.
[[nodiscard]] bool is_over_budget(const Objection& objection, const LoadedPolicies& policies, const Usage& usage);
[[nodiscard]] std::string reason_to_give_one(const std::vector<std::string>& asked_by, std::int64_t least,
                                             std::int64_t given);
[[nodiscard]] std::string reason_to_ask(const std::vector<Stage>& stages);
[[nodiscard]] std::string reason_to_allow(const std::vector<std::string>& permits);
// "DENIED: <why>. Final for this statement, do not rephrase it."
[[nodiscard]] std::string final_refusal(const std::string& why);

}  // namespace libguard::policy
