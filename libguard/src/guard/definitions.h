#pragma once
// What an approval stays bound to while the rest of the schema changes.

#include <string>

#include "model/catalogue.h"
#include "model/command.h"

namespace libguard {

// A digest of the definitions of everything that the command's facts name: columns, keys, foreign keys, parents and
// children, view texts, and every function, operator, cast and type of the database's users (any of which could be
// called behind an operator or a cast). Equal before and after a change elsewhere: then a person's approval still means
// what it meant.
//
// "" when part of the meaning lies where the catalogue does not look (row security, rules, triggers, functions of the
// database's users, a default that would be filled in, an object that is not in the catalogue, any doubt): then the
// approval is bound to the whole catalogue instead.
[[nodiscard]] std::string definitions_digest(const Command& command, const Catalogue& catalogue);

}  // namespace libguard
