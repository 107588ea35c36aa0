#include "command/sqlite/lexer.h"

#include <algorithm>

#include "base/limits.h"

namespace libguard::command::sqlite {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_name(char c) { return is_name_start(c) || is_digit(c) || c == '$'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Lexed run() {
    out_.tokens.reserve(text_.size() / 4 + 8);
    while (at_ < text_.size()) {
      if (skip_blank()) continue;
      if (!token()) return std::move(out_);
    }
    push(TokenKind::end, at_);
    out_.ok = true;
    return std::move(out_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void push(TokenKind kind, std::size_t end, bool double_quoted = false) {
    Token token;
    token.kind = kind;
    token.double_quoted = double_quoted;
    token.start = at_;
    token.end = end;
    token.text = text_.substr(at_, end - at_);
    out_.tokens.push_back(token);
    at_ = end;
  }

  bool skip_blank() {
    if (is_space(peek())) {
      ++at_;
      return true;
    }
    if (peek() == '-' && peek(1) == '-') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return true;
    }
    if (peek() == '/' && peek(1) == '*') {
      std::size_t close = text_.find("*/", at_ + 2);
      at_ = close == std::string_view::npos ? text_.size() : close + 2;
      return true;
    }
    return false;
  }

  bool token() {
    char c = peek();
    if (c == '\'') return quoted('\'', TokenKind::string);
    if (c == '"') return quoted('"', TokenKind::quoted_name);
    if (c == '`') return quoted('`', TokenKind::quoted_name);
    if (c == '[') return bracketed();
    if ((c == 'x' || c == 'X') && peek(1) == '\'') return blob();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_name_start(c)) return word();
    if (c == '?' || c == ':' || c == '@' || c == '$' || c == '#') return parameter();
    return symbol();
  }

  bool quoted(char quote, TokenKind kind) {
    std::size_t end = at_ + 1;
    for (; end < text_.size(); ++end) {
      if (text_[end] != quote) continue;
      if (end + 1 >= text_.size() || text_[end + 1] != quote) {
        push(kind, end + 1, quote == '"');
        return true;
      }
      ++end;
    }
    return false;
  }

  bool bracketed() {
    std::size_t close = text_.find(']', at_);
    if (close == std::string_view::npos) return false;
    push(TokenKind::quoted_name, close + 1);
    return true;
  }

  bool blob() {
    std::size_t end = at_ + 2;
    while (end < text_.size() && is_hex(text_[end])) ++end;
    if (end >= text_.size() || text_[end] != '\'' || (end - at_) % 2 != 0) return false;
    push(TokenKind::blob, end + 1);
    return true;
  }

  bool number() {
    std::size_t end = at_;
    TokenKind kind = TokenKind::integer;
    auto digits = [&] {
      while (end < text_.size() && is_digit(text_[end])) ++end;
    };
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && is_hex(peek(2))) {
      for (end += 2; end < text_.size() && is_hex(text_[end]);) ++end;
    } else {
      digits();
      if (end < text_.size() && text_[end] == '.') {
        kind = TokenKind::decimal;
        ++end;
        digits();
      }
      std::size_t exponent = end + 1;
      if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
        if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
        if (exponent < text_.size() && is_digit(text_[exponent])) {
          kind = TokenKind::decimal;
          end = exponent;
          digits();
        }
      }
    }
    if (end < text_.size() && is_name(text_[end])) return false;
    push(kind, end);
    return true;
  }

  bool word() {
    std::size_t end = at_;
    while (end < text_.size() && is_name(text_[end])) ++end;
    push(TokenKind::name, end);
    return true;
  }

  // ?  ?NNN  :name  @name  $name  $ns::name(suffix)
  bool parameter() {
    char sigil = peek();
    std::size_t end = at_ + 1;
    if (sigil == '?') {
      int number = 0;
      for (; end < text_.size() && is_digit(text_[end]); ++end)
        number = std::min(number * 10 + (text_[end] - '0'), 1'000'000);
      bool numbered = end > at_ + 1;
      push(TokenKind::parameter, end);
      return give_number(numbered ? number : out_.parameters + 1);
    }
    std::size_t letters = 0;
    while (end < text_.size()) {
      if (is_name(text_[end])) {
        ++letters;
        ++end;
      } else if (text_[end] == '(' && letters > 0) {
        while (end < text_.size() && !is_space(text_[end]) && text_[end] != ')') ++end;
        if (end >= text_.size() || text_[end] != ')') return false;
        ++end;
        break;
      } else if (text_[end] == ':' && end + 1 < text_.size() && text_[end + 1] == ':') {
        end += 2;
      } else {
        break;
      }
    }
    if (letters == 0 || sigil == '#') return false;
    push(TokenKind::parameter, end);
    return give_number(number_of_name());
  }

  int number_of_name() {
    std::string_view name = out_.tokens.back().text;
    for (const auto& [earlier, number] : named_) {
      if (earlier == name) return number;
    }
    named_.emplace_back(name, out_.parameters + 1);
    return out_.parameters + 1;
  }

  bool give_number(int number) {
    if (number < 1 || number > static_cast<int>(limits::kParamsMax)) return false;
    out_.tokens.back().parameter = number;
    out_.parameters = std::max(out_.parameters, number);
    return true;
  }

  bool symbol() {
    static constexpr std::string_view kLong[] = {"->>", "->", "||", "<<", ">>", "<=", ">=", "<>", "!=", "=="};
    for (std::string_view candidate : kLong) {
      if (text_.substr(at_, candidate.size()) == candidate) {
        push(TokenKind::symbol, at_ + candidate.size());
        return true;
      }
    }
    char c = peek();
    if (std::string_view("()+-*/%=<>,;.&|~").find(c) == std::string_view::npos) return false;
    if (c == '(') out_.too_deep = out_.too_deep || ++depth_ > limits::kNestingMax;
    if (c == ')') --depth_;
    push(TokenKind::symbol, at_ + 1);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<std::pair<std::string_view, int>> named_;
  Lexed out_;
};

}  // namespace

Lexed lex(std::string_view text) { return Lexer(text).run(); }

std::string name_of(const Token& token) {
  if (token.kind != TokenKind::quoted_name && token.kind != TokenKind::string) return std::string(token.text);
  if (token.text.size() < 2) return {};
  char quote = token.text.front();
  std::string_view inner = token.text.substr(1, token.text.size() - 2);
  if (quote == '[') return std::string(inner);
  std::string out;
  out.reserve(inner.size());
  for (std::size_t i = 0; i < inner.size(); ++i) {
    out += inner[i];
    if (inner[i] == quote) ++i;
  }
  return out;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] - 'A' + 'a') : b[i];
    if (x != y) return false;
  }
  return true;
}

}  // namespace libguard::command::sqlite
