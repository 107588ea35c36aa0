#pragma once
// The leaves of a JSON text one by one, so that what is not hidden stays what it was: numbers with all of their digits,
// members in their order.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace libguard::masking {

// `member`: the name under which a leaf stands; elements of an array share that of the array.
struct LeafMasks {
  // True when something of it was hidden.
  std::function<bool(std::string& text, std::string_view member)> text;
  std::function<bool(std::string& name)> name;
  // The text in place of a number; nullopt when it may be seen.
  std::function<std::optional<std::string>(std::string_view digits, std::string_view member)> number;
};

struct MaskedJson {
  std::string text;  // without white space between the tokens, and with no more escapes than needed
  bool changed = false;
};

// `json` has been read by read_json, so it is valid and its depth is bounded.
[[nodiscard]] MaskedJson mask_json_leaves(std::string_view json, const LeafMasks& masks);

}  // namespace libguard::masking
