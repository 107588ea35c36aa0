#pragma once
// What an approver reads, and the JSON forms of a ticket's parts.

#include <string>

#include "approval/approver.h"
#include "base/json.h"

namespace libguard::approval {

// {who, kind, connection, tool, command, params, arguments, effect, kinds, touches, functions, doubts,
// rows_affected_max,
//  row_limit, risk, risk_parts, asked_by, purpose, explanation}. Every text an agent or process could have written has
// its control, bidirectional and zero-width characters escaped. `explanation` is {text, verified: false}.
[[nodiscard]] std::string shown_json(const Identity& identity, const Request& request, const Command& command,
                                     const Decision& decision);

[[nodiscard]] Json stages_json(const std::vector<Stage>& stages);
// Throws Error(unavailable, "approval.store"): only the store reads it back.
[[nodiscard]] std::vector<Stage> stages_from_json(const std::string& text);
[[nodiscard]] Json strings_json(const std::vector<std::string>& strings);
[[nodiscard]] std::vector<std::string> strings_from_json(const std::string& text);

[[noreturn]] void store_failed(const std::string& sentence, const std::string& sqlstate = {});

}  // namespace libguard::approval
