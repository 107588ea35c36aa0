#pragma once
// The one loop that both writing and checking JSON text spend their time in.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace libguard {

// Where the run of bytes that stand for themselves inside a JSON string ends: printable ASCII without '"' and '\\', and
// DEL. Eight bytes at a time: a byte is not plain when its high bit is set, when it is below 0x20, or when it equals
// '"' or '\\'; each test leaves a high bit where it hits.
[[nodiscard]] inline std::size_t plain_json_end(std::string_view text, std::size_t at) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  auto zero_byte = [](std::uint64_t word) { return (word - kOnes) & ~word; };
  while (at + 8 <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t low = (word - kOnes * 0x20) & ~word;
    if (((word | low | zero_byte(word ^ (kOnes * '"')) | zero_byte(word ^ (kOnes * '\\'))) & kHighs) != 0) break;
    at += 8;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return at;
}

}  // namespace libguard
