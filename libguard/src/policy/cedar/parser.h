#pragma once
// Cedar text to policies, as Cedar 4.x reads it (docs.cedarpolicy.com, "Grammar"). Takes any bytes, never throws, and
// nests no deeper than kExpressionDepthMax parentheses, records, sets, calls and ifs: 256 KiB of stack suffice.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cedar/ast.h"
#include "policy/cedar/lexer.h"

namespace libguard::policy::cedar {

namespace limits {
// Far beyond what a hand-written policy nests; a level costs at most about 900 bytes of stack.
inline constexpr int kExpressionDepthMax = 220;
}  // namespace limits

struct ParseError {
  std::size_t offset = 0;
  std::string message;  // one sentence without a full stop; shows at most one token of the text
};

struct ParseResult {
  std::vector<ParsedPolicy> policies;  // static ones and templates, in text order
  std::optional<ParseError> error;
};

// Literals are interned into `names` and kept by `heap`; both must outlive the policies.
[[nodiscard]] ParseResult parse_policies(std::string_view source, Names& names, Heap& heap);

// One expression, for tests and tools.
struct ExpressionResult {
  Expression expression;
  std::optional<ParseError> error;
};
[[nodiscard]] ExpressionResult parse_expression(std::string_view source, Names& names, Heap& heap);

}  // namespace libguard::policy::cedar
