#include "policy/cedar/lexer.h"

#include <algorithm>

namespace libguard::policy::cedar {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// Bytes of a Unicode White_Space character at the front of `text`, 0 when there is none. Cedar accepts them all.
std::size_t blank_length(std::string_view text) {
  auto c = static_cast<unsigned char>(text[0]);
  if (c == ' ' || (c >= 0x09 && c <= 0x0D)) return 1;
  if (text.size() >= 2 && c == 0xC2) {
    auto d = static_cast<unsigned char>(text[1]);
    return d == 0x85 || d == 0xA0 ? 2 : 0;
  }
  if (text.size() < 3) return 0;
  std::string_view three = text.substr(0, 3);
  if (three == "\u1680" || three == "\u202F" || three == "\u205F" || three == "\u3000") return 3;
  if (!three.starts_with("\xE2\x80")) return 0;
  auto last = static_cast<unsigned char>(three[2]);
  return (last >= 0x80 && last <= 0x8A) || last == 0xA8 || last == 0xA9 ? 3 : 0;
}

struct Punctuation {
  Tok kind = Tok::bad;
  std::size_t length = 1;
};

// One character, or two where the second makes another token of it.
Punctuation punctuation(char c, char next) {
  const auto doubled = [&](char second, Tok both, Tok alone) {
    return next == second ? Punctuation{both, 2} : Punctuation{alone, 1};
  };
  switch (c) {
    case ':':
      return doubled(':', Tok::path, Tok::colon);
    case '=':
      return doubled('=', Tok::equal, Tok::assign);
    case '!':
      return doubled('=', Tok::not_equal, Tok::bang);
    case '<':
      return doubled('=', Tok::less_equal, Tok::less);
    case '>':
      return doubled('=', Tok::greater_equal, Tok::greater);
    case '|':
      return doubled('|', Tok::logical_or, Tok::bad);
    case '&':
      return doubled('&', Tok::logical_and, Tok::bad);
    default:
      break;
  }
  static constexpr std::string_view kMarks = "@.,;(){}[]+-*/%";
  static constexpr Tok kKinds[] = {Tok::at,           Tok::dot,           Tok::comma,      Tok::semicolon,
                                   Tok::open_paren,   Tok::close_paren,   Tok::open_brace, Tok::close_brace,
                                   Tok::open_bracket, Tok::close_bracket, Tok::plus,       Tok::minus,
                                   Tok::star,         Tok::slash,         Tok::percent};
  const auto at = kMarks.find(c);
  return {at == std::string_view::npos ? Tok::bad : kKinds[at], 1};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void put_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// `\u{41}`: one to six hexadecimal digits, underscores after the first. `raw` begins behind the `u`.
bool read_unicode(std::string_view& raw, std::string& out) {
  auto close = raw.find('}');
  if (!raw.starts_with('{') || close == std::string_view::npos) return false;
  std::string_view body = raw.substr(1, close - 1);
  if (body.empty() || body.front() == '_') return false;
  std::uint32_t value = 0;
  int digits = 0;
  for (char c : body) {
    if (c == '_') continue;
    int hex = hex_value(c);
    if (hex < 0 || ++digits > 6) return false;
    value = value * 16 + static_cast<std::uint32_t>(hex);
  }
  if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return false;
  put_utf8(out, value);
  raw.remove_prefix(close + 1);
  return true;
}

bool read_escape(std::string_view& raw, std::string& out) {
  char c = raw.front();
  raw.remove_prefix(1);
  switch (c) {
    case 'n':
      out += '\n';
      return true;
    case 'r':
      out += '\r';
      return true;
    case 't':
      out += '\t';
      return true;
    case '0':
      out += '\0';
      return true;
    case '\\':
    case '"':
    case '\'':
      out += c;
      return true;
    case 'u':
      return read_unicode(raw, out);
    case 'x': {
      int high = raw.size() < 2 ? -1 : hex_value(raw[0]);
      int low = raw.size() < 2 ? -1 : hex_value(raw[1]);
      if (high < 0 || low < 0 || high > 7) return false;
      out += static_cast<char>(high * 16 + low);
      raw.remove_prefix(2);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

void Lexer::skip_blanks() {
  while (at_ < source_.size()) {
    std::string_view rest = source_.substr(at_);
    if (std::size_t length = blank_length(rest)) {
      at_ += length;
    } else if (rest.front() != '/') {
      return;
    } else if (rest.starts_with("//")) {
      at_ = std::min(source_.find_first_of("\n\r", at_), source_.size());
    } else {
      return;
    }
  }
}

Token Lexer::make(Tok kind, std::size_t length) {
  Token token{kind, at_, source_.substr(at_, length)};
  at_ += length;
  return token;
}

Token Lexer::string() {
  for (std::size_t end = at_ + 1; end < source_.size(); ++end) {
    if (source_[end] == '"') {
      Token token{Tok::text, at_, source_.substr(at_ + 1, end - at_ - 1)};
      at_ = end + 1;
      return token;
    }
    if (source_[end] == '\\' && (++end >= source_.size() || source_[end] == '\n')) break;
  }
  return make(Tok::bad, 1);
}

Token Lexer::next() {
  skip_blanks();
  if (at_ >= source_.size()) return {Tok::end, source_.size(), {}};
  char c = source_[at_];
  if (letter(c) || (c == '?' && at_ + 1 < source_.size() && letter(source_[at_ + 1]))) {
    std::size_t end = at_ + 1;
    while (end < source_.size() && (letter(source_[end]) || digit(source_[end]))) ++end;
    return make(c == '?' ? Tok::slot : Tok::identifier, end - at_);
  }
  if (digit(c)) {
    std::size_t end = at_;
    while (end < source_.size() && digit(source_[end])) ++end;
    return make(Tok::number, end - at_);
  }
  if (c == '"') return string();
  const Punctuation mark = punctuation(c, at_ + 1 < source_.size() ? source_[at_ + 1] : '\0');
  return make(mark.kind, mark.length);
}

std::optional<std::string> unescape(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    char c = raw.front();
    raw.remove_prefix(1);
    if (c != '\\') {
      out += c;
    } else if (raw.empty() || !read_escape(raw, out)) {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<std::vector<std::string>> unescape_pattern(std::string_view raw) {
  std::vector<std::string> pieces(1);
  while (!raw.empty()) {
    char c = raw.front();
    raw.remove_prefix(1);
    if (c == '*') {
      pieces.emplace_back();
    } else if (c != '\\') {
      pieces.back() += c;
    } else if (raw.starts_with('*')) {
      pieces.back() += '*';
      raw.remove_prefix(1);
    } else if (raw.empty() || !read_escape(raw, pieces.back())) {
      return std::nullopt;
    }
  }
  return pieces;
}

bool is_reserved(std::string_view identifier) noexcept {
  static constexpr std::string_view kReserved[] = {"true", "false", "if",   "then", "else",
                                                   "in",   "is",    "like", "has",  "__cedar"};
  return std::find(std::begin(kReserved), std::end(kReserved), identifier) != std::end(kReserved);
}

Position position_of(std::string_view source, std::size_t offset) {
  std::string_view before = source.substr(0, std::min(offset, source.size()));
  auto line_start = before.rfind('\n');
  Position position;
  position.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  before.remove_prefix(line_start == std::string_view::npos ? 0 : line_start + 1);
  auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  position.column = 1 + static_cast<std::size_t>(std::count_if(before.begin(), before.end(), begins_character));
  return position;
}

}  // namespace libguard::policy::cedar
