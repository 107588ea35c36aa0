#pragma once
// Reads journals back: verification, sessions, replay. Accepts any bytes without crashing.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::audit {

struct Verification {
  bool intact = false;
  std::int64_t segments = 0;
  std::int64_t records = 0;
  std::int64_t in_doubt = 0;          // intents of which nobody knows how they ended
  std::vector<std::string> findings;  // "segment 2, record 29: hash differs from what record 30 was chained to; ..."
  std::vector<std::string> warnings;  // "no anchor: a cut of the tail cannot be seen"
};
[[nodiscard]] Verification verify(const std::string& directory);
[[nodiscard]] std::string to_json_text(const Verification& verification);

// An intent without an end: its process died, or COMMIT was never answered.
struct OpenIntent {
  std::string record, session, tenant;
  std::string connection, kind, effect;  // kind: "sql" | "tool"
  std::string xid, system_identifier;    // PostgreSQL writes
};
// In the order of writing, out of the newest segments until `bytes_max` were read. The chain is verify()'s business.
[[nodiscard]] std::vector<OpenIntent> open_intents(const std::string& directory, std::int64_t bytes_max);

// JSON array of {session, account, user, started, actions, refused, pending, ...}, newest first.
[[nodiscard]] std::string sessions_json(const std::string& directory);
// JSON array of the records of one session in order, intents joined with their outcomes; "[]" when unknown.
// `name` is the session's id, or that of one of its records.
[[nodiscard]] std::string session_json(const std::string& directory, std::string_view name);

}  // namespace libguard::audit
