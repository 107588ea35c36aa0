#include "guard/plain_line.h"

#include <utility>

#include "base/json_plain.h"

namespace libguard {
namespace {

// So many digits are a whole number that no reader rounds.
constexpr std::size_t kDigitsMax = 15;

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return '\0';
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool line(PlainLine& line) {
    if (!take('{')) return false;
    bool has_id = false;
    bool has_sql = false;
    do {
      if (taken("\"id\"")) {
        if (std::exchange(has_id, true) || !take(':') || !id(line.id_json)) return false;
      } else if (taken("\"sql\"")) {
        if (std::exchange(has_sql, true) || !take(':') || !text(line.sql)) return false;
      } else {
        return false;
      }
    } while (take(','));
    if (!take('}') || !has_sql) return false;
    spaces();
    return at_ == text_.size();
  }

 private:
  void spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool taken(std::string_view expected) {
    spaces();
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  bool take(char expected) { return taken({&expected, 1}); }

  // null, a whole number, or a text without escapes: echoed as it stands.
  bool id(std::string& json) {
    if (taken("null")) return true;
    const std::size_t start = at_;
    if (take('"')) {
      at_ = plain_json_end(text_, at_);
      if (at_ == text_.size() || text_[at_] != '"') return false;
      json = text_.substr(start, ++at_ - start);
      return true;
    }
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    const std::size_t digits = at_ - start;
    if (digits == 0 || digits > kDigitsMax || (text_[start] == '0' && digits > 1)) return false;
    json = text_.substr(start, digits);
    return at_ < text_.size() && (text_[at_] == ',' || text_[at_] == '}' || text_[at_] == ' ');
  }

  bool text(std::string& out) {
    if (!take('"')) return false;
    for (;;) {
      const std::size_t end = plain_json_end(text_, at_);
      out.append(text_, at_, end - at_);
      at_ = end;
      if (at_ == text_.size()) return false;
      if (text_[at_] == '"') break;
      if (text_[at_] != '\\' || at_ + 1 == text_.size()) return false;
      const char c = unescaped(text_[at_ + 1]);
      if (c == '\0') return false;
      out += c;
      at_ += 2;
    }
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<PlainLine> read_plain_line(std::string_view text) {
  PlainLine line;
  if (!Reader(text).line(line)) return std::nullopt;
  return line;
}

}  // namespace libguard
