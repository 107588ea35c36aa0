#include "masking/utf8.h"

#include <algorithm>
#include <array>

namespace libguard::masking {
namespace {

struct Range {
  std::uint32_t from;
  std::uint32_t to;
};

// Punctuation, symbols, separators and private use among the code points past ASCII; coarse on purpose.
constexpr std::array<Range, 17> kNotLetters{{{0x80, 0xA9},
                                             {0xAB, 0xB4},
                                             {0xB6, 0xB9},
                                             {0xBB, 0xBF},
                                             {0xD7, 0xD7},
                                             {0xF7, 0xF7},
                                             {0x37E, 0x37E},
                                             {0x55A, 0x55F},
                                             {0x60C, 0x60D},
                                             {0x61B, 0x61F},
                                             {0x2000, 0x2BFF},
                                             {0x2E00, 0x2E7F},
                                             {0x3000, 0x3004},
                                             {0x3008, 0x303F},
                                             {0xD800, 0xF8FF},
                                             {0xFE00, 0xFE6F},
                                             {0x1F000, 0x1FAFF}}};
constexpr std::array<Range, 7> kUnspaced{{{0xE00, 0xEFF},
                                          {0x1000, 0x109F},
                                          {0x1100, 0x11FF},
                                          {0x1780, 0x17FF},
                                          {0x2E80, 0xD7FF},
                                          {0xF900, 0xFAFF},
                                          {0x20000, 0x3FFFF}}};

template <typename Ranges>
bool in(const Ranges& ranges, std::uint32_t c) noexcept {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return c >= r.from && c <= r.to; });
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return {};
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(at);
  if (first < 0x80) return {first, 1};
  std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || length > text.size() - at) return {};
  std::uint32_t value = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(at + i) & 0x3FU);
  }
  bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || (value >= 0xD800 && value <= 0xDFFF) || value > 0x10FFFF) return {};
  return {value, length};
}

CodePoint code_point_before(std::string_view text, std::size_t end) noexcept {
  for (std::size_t back = 1; back <= 4 && back <= end; ++back) {
    if ((static_cast<unsigned char>(text[end - back]) & 0xC0) == 0x80) continue;
    CodePoint found = code_point_at(text, end - back);
    return found.length == back ? found : CodePoint{};
  }
  return {};
}

Letter letter_of(std::uint32_t code_point) noexcept {
  if (code_point < 0x80) {
    bool alpha = (code_point >= 'a' && code_point <= 'z') || (code_point >= 'A' && code_point <= 'Z');
    return alpha ? Letter::spaced : Letter::no;
  }
  if (code_point >= 0xFF00 || in(kNotLetters, code_point)) {
    // Full-width forms are folded before they get here; what is left of that block is punctuation.
    return code_point >= 0x10000 && !in(kNotLetters, code_point)
               ? (in(kUnspaced, code_point) ? Letter::unspaced : Letter::spaced)
               : Letter::no;
  }
  return in(kUnspaced, code_point) ? Letter::unspaced : Letter::spaced;
}

std::size_t count_code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += std::max<std::size_t>(1, code_point_at(text, at).length);
  return count;
}

}  // namespace libguard::masking
