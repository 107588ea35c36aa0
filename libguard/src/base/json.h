#pragma once
// Strict JSON reading (RFC 8259 and no more): duplicate members, non-UTF-8, nesting past kNestingMax, input
// past kJsonBytesMax, and trailing bytes are refused. nlohmann keeps the last of duplicate members silently,
// so every reader in this project goes through here.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/value.h"

namespace libguard {

using Json = nlohmann::json;

// An integer that no 64 bits hold. RFC 8259 allows it; the document holds it rounded, as a real.
struct LongInteger {
  std::string member;  // of the outermost object, under which it stands; "" elsewhere
  bool directly = false;
  std::string digits;  // as written
};

// Never throws for bad input: `error` is a sentence that names the byte offset and holds no input.
struct JsonResult {
  std::optional<Json> value;
  std::string error;
  std::vector<LongInteger> long_integers = {};
};
[[nodiscard]] JsonResult read_json(std::string_view text);
// Deeper nesting for readers that bound it themselves (Cedar entities).
[[nodiscard]] JsonResult read_json(std::string_view text, int nesting_max);

// The JSON form of a Value (value.h). Text that is not UTF-8 gets U+FFFD for each bad byte.
[[nodiscard]] Json to_json(const Value& value);
// Throws Error(invalid, "request.malformed").
[[nodiscard]] Value value_from_json(const Json& json);
// Compact, and never throws on bad UTF-8.
[[nodiscard]] std::string dump(const Json& json);

}  // namespace libguard
