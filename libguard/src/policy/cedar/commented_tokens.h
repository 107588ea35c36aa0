#pragma once
// Tokens with the comments that stand at them, for tools that write a text again.

#include <string_view>
#include <vector>

#include "policy/cedar/lexer.h"

namespace libguard::policy::cedar {

struct Comment {
  std::string_view text;   // from `//` on, without the blanks at its end
  bool after_gap = false;  // an empty line stands above it
};

struct CommentedToken {
  Token token;
  std::string_view source;     // as it is written, quotes included
  std::vector<Comment> above;  // on lines of their own, before the token
  std::string_view behind;     // on the token's line, after it; "" when there is none
  bool after_gap = false;      // an empty line stands above it, below its comments
};

// All tokens of a text that the parser has taken; the last one is Tok::end and may have comments above.
[[nodiscard]] std::vector<CommentedToken> commented_tokens(std::string_view source);

}  // namespace libguard::policy::cedar
