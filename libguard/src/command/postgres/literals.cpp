#include "command/postgres/literals.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace libguard::command::postgres {
namespace {

// What a byte may be part of; a look-up, since every byte of every statement is asked about.
enum Part : std::uint8_t { kDigit = 1, kWordStart = 2, kDollar = 4, kStarts = 8 };

constexpr std::array<std::uint8_t, 256> parts() {
  std::array<std::uint8_t, 256> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool letter = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z') || i == '_' || i >= 0x80;
    const bool digit = i >= '0' && i <= '9';
    const bool starts = letter || digit || std::string_view("-/'\"$.").find(static_cast<char>(i)) < 6;
    out[i] = static_cast<std::uint8_t>((digit ? kDigit : 0) | (letter ? kWordStart : 0) | (i == '$' ? kDollar : 0) |
                                       (starts ? kStarts : 0));
  }
  return out;
}
constexpr std::array<std::uint8_t, 256> kParts = parts();

bool is(char c, int part) { return (kParts[static_cast<unsigned char>(c)] & part) != 0; }
bool is_digit(char c) { return is(c, kDigit); }
bool is_word_start(char c) { return is(c, kWordStart); }
bool is_word(char c) { return is(c, kWordStart | kDigit); }

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  std::vector<LiteralSpan> scan() {
    for (;;) {
      while (at_ < sql_.size() && !is(sql_[at_], kStarts)) ++at_;
      if (at_ == sql_.size()) return std::move(spans_);
      token();
    }
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  void token() {
    const char c = sql_[at_];
    if (c == '-' && peek(1) == '-') return line_comment();
    if (c == '/' && peek(1) == '*') return block_comment();
    if (c == '\'') return text(at_, false);
    if (c == '"') return identifier();
    if (c == '$') return dollar();
    if (is_word_start(c)) return word();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    ++at_;
  }

  void line_comment() {
    while (at_ < sql_.size() && sql_[at_] != '\n' && sql_[at_] != '\r') ++at_;
  }

  void block_comment() {
    int depth = 0;
    while (at_ < sql_.size()) {
      if (sql_[at_] == '/' && peek(1) == '*') {
        ++depth, at_ += 2;
      } else if (sql_[at_] == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
    at_ = std::min(at_, sql_.size());
  }

  void text(std::size_t start, bool escapes) {
    ++at_;
    while (at_ < sql_.size()) {
      if (escapes && sql_[at_] == '\\') {
        at_ += 2;
      } else if (sql_[at_] == '\'' && peek(1) == '\'') {
        at_ += 2;
      } else if (sql_[at_] == '\'') {
        ++at_;
        break;
      } else {
        ++at_;
      }
    }
    at_ = std::min(at_, sql_.size());
    spans_.push_back({start, at_});
    // 'a' and, after a line break, 'b' is one literal: the second part follows the rules of the first.
    if (!escapes) return;
    std::size_t next = at_;
    bool newline = false;
    while (next < sql_.size() &&
           (sql_[next] == ' ' || sql_[next] == '\t' || sql_[next] == '\n' || sql_[next] == '\r')) {
      newline = newline || sql_[next] == '\n' || sql_[next] == '\r';
      ++next;
    }
    if (newline && next < sql_.size() && sql_[next] == '\'') {
      at_ = next;
      text(next, true);
    }
  }

  void identifier() {
    ++at_;
    while (at_ < sql_.size()) {
      if (sql_[at_] == '"' && peek(1) == '"') {
        at_ += 2;
      } else if (sql_[at_++] == '"') {
        return;
      }
    }
  }

  void dollar() {
    const std::size_t start = at_;
    std::size_t end = at_ + 1;
    if (end < sql_.size() && is_digit(sql_[end])) {  // $1
      while (end < sql_.size() && is_digit(sql_[end])) ++end;
      at_ = end;
      return;
    }
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$') {
      ++at_;
      return;
    }
    const std::string_view tag = sql_.substr(start, end + 1 - start);
    const std::size_t close = sql_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
    spans_.push_back({start, at_});
  }

  void word() {
    const std::size_t start = at_;
    const char c = sql_[at_];
    if (peek(1) == '\'' && std::string_view("eEbBxXnN").find(c) != std::string_view::npos) {
      ++at_;
      return text(start, c == 'e' || c == 'E');
    }
    if ((c == 'u' || c == 'U') && peek(1) == '&' && peek(2) == '\'') {
      at_ += 2;
      return text(start, false);
    }
    while (at_ < sql_.size() && is(sql_[at_], kWordStart | kDigit | kDollar)) ++at_;
  }

  void number() {
    const std::size_t start = at_;
    while (at_ < sql_.size()) {
      const char c = sql_[at_];
      const bool exponent = (c == 'e' || c == 'E') && (peek(1) == '+' || peek(1) == '-') && is_digit(peek(2));
      if (exponent) {
        at_ += 2;
      } else if (c == '.' && peek(1) == '.') {
        break;  // 1..10 in PL/pgSQL
      } else if (!is_word(c) && c != '.') {
        break;
      } else {
        ++at_;
      }
    }
    spans_.push_back({start, at_});
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::vector<LiteralSpan> spans_;
};

}  // namespace

std::vector<LiteralSpan> literal_spans(std::string_view sql) { return Scanner(sql).scan(); }

}  // namespace libguard::command::postgres
