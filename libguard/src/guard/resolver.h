#pragma once
// An action in doubt is asked about until somebody knows: at once, when the connection is next used, when a guard
// opens, and by `libguard audit resolve`. The answer becomes a record that closes the intent.

#include <string>

#include "audit/reader.h"
#include "guard/guard_state.h"

namespace libguard {

enum class Resolved { committed, aborted, nothing_changed, unknown };

// Asks the database how the transaction of one intent ended, for at most `span`, and records an answer. Never throws:
// what cannot be asked or recorded stays in doubt.
[[nodiscard]] Resolved resolve(GuardState& guard, const Snapshot& snapshot, const audit::OpenIntent& intent,
                               std::chrono::milliseconds span) noexcept;

// What this process left in doubt on a connection is asked about again when the connection works.
void resolve_later(GuardState& guard, audit::OpenIntent intent);
void resolve_waiting(GuardState& guard, const Snapshot& snapshot, const std::string& connection);

// Every intent on record that nothing ended, of one connection or (empty) of all. JSON array of {record, session,
// connection, kind, effect, status}; status is "committed", "aborted", "nothing_changed" or "unknown".
[[nodiscard]] std::string resolve_all(GuardState& guard, const Snapshot& snapshot, const std::string& connection,
                                      std::int64_t bytes_max);

}  // namespace libguard
