#pragma once
// Reading UTF-8 forwards and backwards, and what a code point is good for. Bytes that are not UTF-8 read as length 0.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace libguard::masking {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;  // bytes; 0: not UTF-8 here
};
[[nodiscard]] CodePoint code_point_at(std::string_view text, std::size_t at) noexcept;
// The one that ends at `end`.
[[nodiscard]] CodePoint code_point_before(std::string_view text, std::size_t end) noexcept;

// Scripts that write without spaces run into an address that stands next to them; a change between the two kinds is
// therefore the edge of a word.
enum class Letter { no, spaced, unspaced };
[[nodiscard]] Letter letter_of(std::uint32_t code_point) noexcept;

// Code points, each bad byte counted as one.
[[nodiscard]] std::size_t count_code_points(std::string_view text) noexcept;

}  // namespace libguard::masking
