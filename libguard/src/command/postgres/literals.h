#pragma once
// Where the literals of a text stand, for records that must not show them.

#include <string_view>
#include <vector>

#include "model/command.h"

namespace libguard::command::postgres {

// `sql` has passed PostgreSQL's grammar, so quotes and comments are balanced; on other text the answer is some spans
// within it, never a crash. Strings of every quoting, bit strings and numbers; quoted identifiers and parameters are no
// literals.
[[nodiscard]] std::vector<LiteralSpan> literal_spans(std::string_view sql);

}  // namespace libguard::command::postgres
