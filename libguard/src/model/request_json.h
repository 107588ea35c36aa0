#pragma once
// The JSON form of Request and Outcome (docs/RECORD_FORMAT.md): what bindings and a side-car exchange. Members are
// named like the struct's fields; a column's `op` is "operator" and its `data_class` is "class".

#include <string>
#include <string_view>

#include "libguard/outcome.h"
#include "libguard/request.h"

namespace libguard {

namespace limits {
// A name in guard.yaml, a ticket id or a tool name: longer ones are never real, and names reach log lines.
inline constexpr std::size_t kNameBytesMax = 1024;
// The agent's own words are shown to approvers on one screen.
inline constexpr std::size_t kNoteBytesMax = 16 * 1024;
}  // namespace limits

// Untrusted text in, so: unknown and duplicate members, wrong types, anything past base/limits.h and a hop that calls
// itself verified are refused. Absent members have the struct's defaults. A statement that is not UTF-8 travels as
// {"$bytes": base64}. Throws Error(invalid, "request.malformed"); the sentence names the member, never its value.
[[nodiscard]] Request request_from_json_text(std::string_view text);
[[nodiscard]] std::string to_json_text(const Request& request);

// As strict; every member is written, and all but `state` may be absent when read.
[[nodiscard]] Outcome outcome_from_json_text(std::string_view text);
[[nodiscard]] std::string to_json_text(const Outcome& outcome);
// Appends, for callers that write many (batch lines) into one buffer.
void append_json(std::string& out, const Outcome& outcome);

}  // namespace libguard
