#pragma once
// What a refusal may add for an agent that can do better, and what must stay the same whether or not a name exists.

#include <memory>
#include <string>

#include "model/catalogue.h"
#include "model/command.h"

namespace libguard {

// " Rows of orders are named by id." for a refused change of rows that named none by key; "" when there is nothing to
// say. Only for an agent that may see what the command names (policy/veil.h).
[[nodiscard]] std::string key_hint(const Command& command, const Catalogue& catalogue);

// A command that was not understood, with every name in it taken for a plain table: what policy says of that is what it
// would say if the names existed. Null when the text is no SQL at all.
[[nodiscard]] std::shared_ptr<const Command> assumed_command(const Command& command, const Catalogue& catalogue);

}  // namespace libguard
