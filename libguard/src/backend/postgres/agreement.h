#pragma once
// P7: two sources must agree. What the parser and the catalogue say of a command is compared with what the server
// itself plans to do, before it does it: every relation and table function of the plan must be one that policy was
// asked about. A difference is nobody's permission; the command is refused (command.disagreement).
//
// The plan is asked for when the decision rests on more than the plain text: a view, partition, inheritance, rule,
// trigger, row security, foreign table or function of the database's users is involved, or there is a doubt; or always,
// when the connection says `verify: always`. A statement on plain tables with vetted functions leaves nothing to
// expand: its RowDescription is compared anyway (masking), and the plan would only double the server's work.
//
// EXPLAIN runs some functions while it plans. So it stands behind the proof of the catalogue (P3): the functions are
// still those that were resolved, and that policy allowed.

#include <string>
#include <string_view>

#include "backend/postgres/core.h"
#include "model/command.h"

namespace libguard::backend::postgres {

[[nodiscard]] bool plan_wanted(const Command& command, const Snapshot& snapshot, bool always);
// The statement that shows the plan and does not run the command. `server_version` as PQserverVersion says it.
[[nodiscard]] std::string plan_query(const std::string& text, int server_version);
// What stands in the plan and not in the facts ("relation public.salaries"); empty when they agree.
[[nodiscard]] std::string beyond_facts(const Command& command, const Snapshot& snapshot, std::string_view plan_json);

}  // namespace libguard::backend::postgres
