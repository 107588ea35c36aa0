#include "audit/contained_json.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/json_plain.h"
#include "base/limits.h"
#include "base/text.h"

namespace libguard::audit {
namespace {

// A whole number of so few digits is within a double's range.
constexpr std::size_t kDigitsSurelyInRange = 300;

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  bool one_value() {
    bool want_value = true;
    for (;;) {
      spaces();
      if (want_value) {
        if (!begin_value(want_value)) return false;
      } else if (depth_ == 0) {
        return at_ == text_.size();
      } else if (!after_value(want_value)) {
        return false;
      }
    }
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void spaces() {
    while (peek() == ' ') ++at_;
  }

  bool begin_value(bool& want_value) {
    char c = peek();
    if (c != '{' && c != '[') {
      want_value = false;
      return scalar();
    }
    if (depth_ == open_.size()) return false;
    open_[depth_++] = c;
    ++at_;
    spaces();
    if (take(c == '{' ? '}' : ']')) {
      --depth_;
      want_value = false;
      return true;
    }
    return c == '[' || key();
  }

  bool after_value(bool& want_value) {
    bool object = open_[depth_ - 1] == '{';
    if (take(',')) {
      want_value = true;
      spaces();
      return !object || key();
    }
    --depth_;
    return take(object ? '}' : ']');
  }

  bool key() {
    if (!string()) return false;
    spaces();
    return take(':');
  }

  bool scalar() {
    switch (peek()) {
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      at_ = plain_json_end(text_, at_);
      if (at_ == text_.size()) break;
      auto c = static_cast<unsigned char>(text_[at_++]);
      if (c == '"') return true;
      if (c < 0x20 || (c == '\\' && !escape())) return false;
    }
    return false;
  }

  bool escape() {
    char c = peek();
    if (c == 'u') {
      auto unit = unicode();
      if (!unit || (*unit >= 0xDC00 && *unit <= 0xDFFF)) return false;
      if (*unit < 0xD800 || *unit > 0xDBFF) return true;
      if (!take('\\') || peek() != 'u') return false;
      auto low = unicode();
      return low && *low >= 0xDC00 && *low <= 0xDFFF;
    }
    ++at_;
    return c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
  }

  std::optional<std::uint32_t> unicode() {
    ++at_;  // the 'u'
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      char c = peek();
      if (c >= '0' && c <= '9')
        unit = unit * 16 + static_cast<std::uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f')
        unit = unit * 16 + static_cast<std::uint32_t>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        unit = unit * 16 + static_cast<std::uint32_t>(c - 'A' + 10);
      else
        return std::nullopt;
    }
    return unit;
  }

  bool digits() {
    std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
  }

  bool number() {
    std::size_t start = at_;
    take('-');
    if (!take('0') && !digits()) return false;
    const char next = peek();
    if (next != '.' && next != 'e' && next != 'E' && at_ - start <= kDigitsSurelyInRange) return true;
    if (take('.') && !digits()) return false;
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    double value = 0;  // readers refuse what is past a double's range
    auto [end, error] = std::from_chars(text_.data() + start, text_.data() + at_, value);
    return error == std::errc{} && end == text_.data() + at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::array<char, limits::kNestingMax / 2> open_{};
  std::size_t depth_ = 0;
};

}  // namespace

bool is_contained_json(std::string_view text) noexcept { return text::is_utf8(text) && Scan(text).one_value(); }

}  // namespace libguard::audit
