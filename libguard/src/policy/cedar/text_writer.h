#pragma once
// Policies as Cedar text: one space between words, the fewest parentheses. The formatter lays it out.

#include <optional>
#include <string>

#include "policy/cedar/library.h"

namespace libguard::policy::cedar {

// One policy, with all its annotations. Reading it again gives the same JSON form. Nullopt when it would pass
// kWrittenBytesMax.
[[nodiscard]] std::optional<std::string> to_text(const ParsedPolicy& policy, const Names& names);

// A string literal with its quotes; what cannot be seen is escaped.
[[nodiscard]] std::string text_literal(std::string_view text);
[[nodiscard]] bool is_identifier(std::string_view text);

}  // namespace libguard::policy::cedar
