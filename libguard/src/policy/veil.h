#pragma once
// A refusal teaches only whoever may see what it speaks of. When a command names something that the agent has no permit
// for, every refusal of it becomes one and the same sentence, whether that thing exists or not, whatever it is, and
// whatever else is wrong with the command.

#include <optional>
#include <string>

#include "policy/asks.h"
#include "policy/policy_loader.h"

namespace libguard::policy {

// The sentence for an agent that may not see something in `command`; nothing when it may see all that it named. Seeing
// is a permit to read it or to do to it what the command does, at its most careful (one row, by key); what a forbid
// says is its author's own wording and hides nothing.
[[nodiscard]] std::optional<std::string> veiled_refusal(const Identity& identity, const Request& request,
                                                        const Command& command, const ConnectionEntity& connection,
                                                        const Vocabulary& words, const LoadedPolicies& policies);

}  // namespace libguard::policy
