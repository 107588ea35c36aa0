#pragma once
// Cedar text as tokens, one at a time. Never throws; a byte that begins no token is Token::bad.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::policy::cedar {

enum class Tok : std::uint8_t {
  end,
  bad,
  identifier,
  number,
  text,
  slot,
  at,
  dot,
  comma,
  semicolon,
  colon,
  path,
  open_paren,
  close_paren,
  open_brace,
  close_brace,
  open_bracket,
  close_bracket,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_or,
  logical_and,
  plus,
  minus,
  star,
  slash,
  percent,
  bang,
  assign,
};

struct Token {
  Tok kind = Tok::end;
  std::size_t start = 0;
  std::string_view text;  // of a text token: without its quotes, escapes unread
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  Token next();

 private:
  void skip_blanks();
  Token make(Tok kind, std::size_t length);
  Token string();
  std::string_view source_;
  std::size_t at_ = 0;
};

// A string literal's text; empty for a bad escape.
[[nodiscard]] std::optional<std::string> unescape(std::string_view raw);
// A pattern's literal pieces between its stars ("a*b" -> {"a", "b"}); `\*` is a star that means itself.
[[nodiscard]] std::optional<std::vector<std::string>> unescape_pattern(std::string_view raw);
[[nodiscard]] bool is_reserved(std::string_view identifier) noexcept;

// For messages: 1-based line and column (in characters) of an offset.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};
[[nodiscard]] Position position_of(std::string_view source, std::size_t offset);

}  // namespace libguard::policy::cedar
