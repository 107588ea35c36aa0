#include "masking/folded.h"

#include <array>
#include <cstdint>

#include "masking/detectors/detectors.h"
#include "masking/utf8.h"

namespace libguard::masking {
namespace {

// First code points of the decimal digits of other scripts (Unicode 15, general category Nd), ten each.
constexpr std::array<std::uint32_t, 46> kDigitZeros{
    0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66, 0x0CE6, 0x0D66,
    0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,  0x19D0, 0x1A80, 0x1A90,
    0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50, 0xABF0, 0xFF10,
    0x104A0, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x1E950};

constexpr int kKeep = -1;
constexpr int kDrop = 0;

int fold_digit(std::uint32_t c) noexcept {
  for (std::uint32_t zero : kDigitZeros) {
    if (c >= zero && c < zero + 10) return static_cast<int>('0' + (c - zero));
  }
  if (c >= 0x1D7CE && c <= 0x1D7FF) return static_cast<int>('0' + (c - 0x1D7CE) % 10);  // mathematical
  if (c == 0xB2 || c == 0xB3) return static_cast<int>('0' + (c - 0xB0));                // superscripts
  if (c == 0xB9) return '1';
  if (c == 0x2070 || (c >= 0x2074 && c <= 0x2079)) return static_cast<int>('0' + (c - 0x2070));
  if (c >= 0x2080 && c <= 0x2089) return static_cast<int>('0' + (c - 0x2080));  // subscripts
  if (c >= 0x2460 && c <= 0x2468) return static_cast<int>('1' + (c - 0x2460));  // circled
  return kKeep;
}

// Controls, zero-width and direction marks, variation selectors, combining marks, tags.
bool unseen(std::uint32_t c) noexcept {
  if (c < 0x20) return c != '\t' && c != '\n' && c != '\r';
  return (c >= 0x7F && c < 0xA0) || c == 0xAD || (c >= 0x300 && c <= 0x36F) || c == 0x61C || c == 0x115F ||
         c == 0x1160 || (c >= 0x17B4 && c <= 0x17B5) || (c >= 0x180B && c <= 0x180F) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0x20E3 || c == 0x3164 ||
         (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || c == 0xFFA0 || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

int fold_sign(std::uint32_t c) noexcept {
  if ((c >= 0x2010 && c <= 0x2015) || c == 0x2043 || c == 0x2212 || c == 0xFE58 || c == 0xFE63) return '-';
  if (c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000) return ' ';
  if (c == 0x2028 || c == 0x2029 || c == 0x85) return '\n';
  if (c == 0xFE6B) return '@';
  if (c == 0x2024 || c == 0xFE52) return '.';
  if (c >= 0xFF01 && c <= 0xFF5E) return static_cast<int>(c - 0xFF01 + '!');  // full-width ASCII
  if (c >= 0x1D400 && c <= 0x1D6A3) {                                         // mathematical letters
    std::uint32_t at = (c - 0x1D400) % 52;
    return static_cast<int>(at < 26 ? 'A' + at : 'a' + at - 26);
  }
  return kKeep;
}

int fold_code_point(std::uint32_t c) noexcept {
  int digit = fold_digit(c);
  if (digit != kKeep) return digit;
  int sign = fold_sign(c);
  if (sign != kKeep) return sign;
  return unseen(c) ? kDrop : kKeep;
}

int hex_value(char c) noexcept {
  return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "\u0040" at `at`; length 0 when there is none.
CodePoint unicode_escape(std::string_view text, std::size_t at) noexcept {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return {};
  std::uint32_t value = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    int digit = hex_value(text[i]);
    if (digit < 0) return {};
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return {value, 6};
}

CodePoint escape_at(std::string_view text, std::size_t at) noexcept {
  CodePoint high = unicode_escape(text, at);
  if (high.length != 0) {
    CodePoint low = unicode_escape(text, at + 6);
    bool pair = high.value >= 0xD800 && high.value < 0xDC00 && low.value >= 0xDC00 && low.value < 0xE000;
    return pair ? CodePoint{0x10000 + ((high.value - 0xD800) << 10) + (low.value - 0xDC00), 12} : high;
  }
  if (at + 1 >= text.size()) return {};
  switch (text[at + 1]) {
    case 'n':
    case 'r':
    case 't':
    case 'f':
      return {'\n', 2};
    case '/':
    case '"':
    case '\'':
    case '\\':
      return {static_cast<std::uint32_t>(text[at + 1]), 2};
    default:
      return {};
  }
}

class Folder {
 public:
  explicit Folder(std::string_view text) : text_(text) {
    out_.text.reserve(text.size());
    out_.start.reserve(text.size());
    out_.end.reserve(text.size());
  }
  Folded run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    CodePoint escape = text_[at_] == '\\' ? escape_at(text_, at_) : CodePoint{};
    CodePoint c = escape.length != 0 ? escape : code_point_at(text_, at_);
    if (c.length == 0) return copy(1);
    int folded = fold_code_point(c.value);
    // The ideographic full stop ends sentences, and inside a host name it is a dot (UTS 46).
    if (c.value == 0x3002 || c.value == 0xFF61) folded = dotted(at_ + c.length) ? int{'.'} : int{' '};
    if (folded == kKeep && escape.length != 0 && c.value < 0x80) folded = static_cast<int>(c.value);
    if (folded == kKeep) return copy(c.length);
    if (folded != kDrop) put(static_cast<char>(folded), c.length);
    at_ += c.length;
  }
  [[nodiscard]] bool dotted(std::size_t next) const noexcept {
    return next < text_.size() && is_alnum(text_[next]) && !out_.text.empty() && is_alnum(out_.text.back());
  }
  void put(char c, std::size_t length) {
    out_.text.push_back(c);
    out_.start.push_back(at_);
    out_.end.push_back(at_ + length);
  }
  void copy(std::size_t length) {
    std::size_t from = at_;
    for (std::size_t i = 0; i < length; ++i) {
      out_.text.push_back(text_[from + i]);
      out_.start.push_back(from);
      out_.end.push_back(from + length);
    }
    at_ += length;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Folded out_;
};

}  // namespace

bool may_fold(std::string_view text) noexcept {
  unsigned odd = 0;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    odd |= static_cast<unsigned>(byte >= 0x7F) | static_cast<unsigned>(byte == '\\') |
           static_cast<unsigned>(byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r');
  }
  return odd != 0;
}

Folded fold(std::string_view text) { return Folder(text).run(); }

}  // namespace libguard::masking
