#include "policy/cedar/excerpt.h"

#include <algorithm>

#include "base/text.h"
#include "policy/cedar/lexer.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kBeforeMax = 60;  // bytes of the line shown before the place
constexpr std::size_t kAfterMax = 40;

bool inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string excerpt(std::string_view source, std::size_t offset) {
  offset = std::min(offset, source.size());
  std::size_t newline = offset == 0 ? std::string_view::npos : source.rfind('\n', offset - 1);
  std::size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  std::size_t line_end = std::min(source.find('\n', offset), source.size());
  std::size_t from = offset - line_start > kBeforeMax ? offset - kBeforeMax : line_start;
  std::size_t to = std::min(line_end, offset + kAfterMax);
  while (from < offset && inside_character(source, from)) ++from;
  while (to > offset && inside_character(source, to)) --to;
  std::string before = (from > line_start ? "..." : "") + text::visible(source.substr(from, offset - from));
  std::string after = text::visible(source.substr(offset, to - offset)) + (to < line_end ? "..." : "");
  std::string number = std::to_string(position_of(source, offset).line);
  return "  " + number + " | " + before + after + "\n  " + std::string(number.size(), ' ') + " | " +
         std::string(characters(before), ' ') + "^";
}

}  // namespace libguard::policy::cedar
