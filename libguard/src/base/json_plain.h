#pragma once
// The one loop that both writing and checking JSON text spend their time in.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace libguard {

// Does any of eight bytes not stand for itself inside a JSON string? It is printable ASCII without '"' and '\\', or
// DEL, that does: a byte is not plain when its high bit is set, when it is below 0x20, or when it equals '"' or '\\';
// each test leaves a high bit where it hits.
[[nodiscard]] inline bool has_special(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  auto zero_byte = [](std::uint64_t bytes) { return (bytes - kOnes) & ~bytes; };
  const std::uint64_t low = (word - kOnes * 0x20) & ~word;
  return ((word | low | zero_byte(word ^ (kOnes * '"')) | zero_byte(word ^ (kOnes * '\\'))) & kHighs) != 0;
}

template <typename Word>
[[nodiscard]] inline std::uint64_t word_at(const char* bytes) noexcept {
  Word word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// All of a text at once: the last bytes are looked at in a word that overlaps the one before.
[[nodiscard]] inline bool is_plain_json(std::string_view text) noexcept {
  const char* at = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (has_special(word_at<std::uint64_t>(at + i))) return false;
    }
    return !has_special(word_at<std::uint64_t>(at + size - 8));
  }
  if (size >= 4) {
    return !has_special(word_at<std::uint32_t>(at) | (word_at<std::uint32_t>(at + size - 4) << 32));
  }
  if (size == 0) return true;
  const std::uint64_t middle = static_cast<unsigned char>(at[size / 2]);
  const std::uint64_t last = static_cast<unsigned char>(at[size - 1]);
  constexpr std::uint64_t kRest = 0x2020202020000000;  // spaces
  return !has_special(kRest | (last << 16) | (middle << 8) | static_cast<unsigned char>(at[0]));
}

// Where the run of bytes that stand for themselves ends.
[[nodiscard]] inline std::size_t plain_json_end(std::string_view text, std::size_t at) noexcept {
  while (at + 8 <= text.size() && !has_special(word_at<std::uint64_t>(text.data() + at))) at += 8;
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return at;
}

}  // namespace libguard
