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
  std::int64_t in_doubt = 0;          // intents without an outcome
  std::vector<std::string> findings;  // "segment 2, record 29: hash differs from what record 30 was chained to; ..."
  std::vector<std::string> warnings;  // "no anchor: a cut of the tail cannot be seen"
};
[[nodiscard]] Verification verify(const std::string& directory);
[[nodiscard]] std::string to_json_text(const Verification& verification);

// JSON array of {session, account, user, started, actions, refused, pending, ...}, newest first.
[[nodiscard]] std::string sessions_json(const std::string& directory);
// JSON array of the records of one session in order, intents joined with their outcomes; "[]" when unknown.
[[nodiscard]] std::string session_json(const std::string& directory, std::string_view session);

}  // namespace libguard::audit
