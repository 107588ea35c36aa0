#pragma once
// One line of a segment: `<json> TAB <64 hex>`, where the hash is SHA-256 over the hash of the line before (its 64 hex
// characters) followed by the json bytes. The format is in docs/RECORD_FORMAT.md.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libguard::audit {

inline constexpr int kFormatVersion = 1;
inline constexpr std::size_t kHashChars = 64;
// What the very first record of a stream is chained to.
inline constexpr std::string_view kNoHash = "0000000000000000000000000000000000000000000000000000000000000000";

// A place in a stream: the chain continues from here.
struct Position {
  std::int64_t segment = 0;
  std::int64_t seq = 0;
  std::string hash{kNoHash};
};

[[nodiscard]] std::string chain_hash(std::string_view previous_hash, std::string_view json);

// Puts version and sequence number in front of `body` (which starts with `"type":` and ends with '}') and the chained
// hash behind it. `hash` goes in as the previous record's and comes out as this one's. `buffer`: whose memory is used.
[[nodiscard]] std::string make_line(std::int64_t seq, std::string_view body, std::string& hash,
                                    std::string buffer = {});

// The line of a body is at most so long, whatever its number: `{"v":1,"seq":`, 19 digits, a comma, the hash and its TAB
// and LF.
[[nodiscard]] constexpr std::size_t line_bytes_max(std::string_view body) { return body.size() + kHashChars + 48; }

struct LineParts {
  std::string_view json;
  std::string_view hash;
};
// Without the final new line; empty when this is no record line at all.
[[nodiscard]] std::optional<LineParts> split_line(std::string_view line);

// The leading members of a record, which our writer sets in a fixed order so that nobody has to parse the rest.
struct RecordHead {
  std::int64_t version = 0;
  std::int64_t seq = 0;
  std::string type;
  std::string at;
  std::string record;  // empty for segment headers, events and the end
  std::string session;
  bool in_doubt = false;  // an outcome that says so: not an end yet
};
// Reads the fixed order, else the whole JSON; empty when it is no record.
[[nodiscard]] std::optional<RecordHead> read_head(std::string_view json);

}  // namespace libguard::audit
