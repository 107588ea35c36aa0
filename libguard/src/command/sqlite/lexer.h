#pragma once
// SQLite's own token rules (tokenize.c): comments do not nest, `--` ends at a newline, an unclosed /* ends with the
// text, "x", `x` and [x] are names, 'it''s' is text. Never throws; never reads outside `text`.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::command::sqlite {

enum class TokenKind : std::uint8_t { name, quoted_name, string, blob, integer, decimal, parameter, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  bool double_quoted = false;  // "x": SQLite falls back to text when no such name exists
  std::size_t start = 0;       // byte offsets into the text, end exclusive
  std::size_t end = 0;
  std::string_view text;  // the bytes of the token
  int parameter = 0;      // SQLite's number of a parameter, from 1
};

struct Lexed {
  std::vector<Token> tokens;  // ends with one TokenKind::end
  int parameters = 0;         // the largest parameter number
  bool ok = false;            // false: a character or an unclosed quote that SQLite refuses as well
  bool too_deep = false;      // parentheses nest past limits::kNestingMax
};

[[nodiscard]] Lexed lex(std::string_view text);

// The name that a token stands for: quotes removed, doubled quotes undone.
[[nodiscard]] std::string name_of(const Token& token);
// Without case, ASCII only, as SQLite compares names and keywords.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace libguard::command::sqlite
