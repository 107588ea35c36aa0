#include "base/text.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace libguard::text {
namespace {

// Length of the well-formed sequence at `at`, 0 when there is none (Unicode 15, table 3-7).
std::size_t sequence_at(std::string_view s, std::size_t at, std::uint32_t& code_point) noexcept {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  unsigned char first = byte(at);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > s.size()) return 0;
  code_point = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
    code_point = (code_point << 6) | (byte(at + i) & 0x3FU);
  }
  bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return overlong || surrogate || code_point > 0x10FFFF ? 0 : length;
}

bool hidden(std::uint32_t c) noexcept {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return c != '\n' && c != '\t';
  return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE0FFF) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x115F || c == 0x1160 || c == 0x3164 ||
         c == 0xFFA0;
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  std::uint32_t code_point = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t word = 0;
    if (at + sizeof word <= bytes.size()) {
      std::memcpy(&word, bytes.data() + at, sizeof word);
      if ((word & 0x8080808080808080U) == 0) {  // eight bytes of ASCII
        at += sizeof word;
        continue;
      }
    }
    std::size_t length = sequence_at(bytes, at, code_point);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string visible(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  char escape[16];
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t plain = at;
    while (plain < bytes.size() && bytes[plain] >= 0x20 && bytes[plain] < 0x7F) ++plain;
    out.append(bytes, at, plain - at);
    at = plain;
    if (at == bytes.size()) break;
    std::uint32_t code_point = 0;
    std::size_t length = sequence_at(bytes, at, code_point);
    if (length == 0) {
      std::snprintf(escape, sizeof escape, "\\x{%02X}", static_cast<unsigned char>(bytes[at]));
      out += escape;
      ++at;
    } else if (hidden(code_point)) {
      std::snprintf(escape, sizeof escape, "\\u{%04X}", code_point);
      out += escape;
      at += length;
    } else {
      out.append(bytes, at, length);
      at += length;
    }
  }
  return out;
}

namespace {

void put(std::string& out, std::size_t at, std::size_t width, std::uint32_t value) {
  for (std::size_t i = width; i-- > 0; value /= 10) out[at + i] = static_cast<char>('0' + value % 10);
}

std::string rfc3339_of(std::chrono::sys_seconds second) {
  using namespace std::chrono;
  const sys_days day = floor<days>(second);
  const year_month_day date{day};
  const hh_mm_ss clock{second - day};
  std::string out = "0000-00-00T00:00:00.000000Z";
  put(out, 0, 4, static_cast<std::uint32_t>(static_cast<int>(date.year())));
  put(out, 5, 2, static_cast<unsigned>(date.month()));
  put(out, 8, 2, static_cast<unsigned>(date.day()));
  put(out, 11, 2, static_cast<std::uint32_t>(clock.hours().count()));
  put(out, 14, 2, static_cast<std::uint32_t>(clock.minutes().count()));
  put(out, 17, 2, static_cast<std::uint32_t>(clock.seconds().count()));
  return out;
}

}  // namespace

// By hand, because records are stamped twice an action and the C library's formatting is slower than the rest of one.
// Most stamps are of the same second as the one before.
std::string rfc3339(std::int64_t unix_us) {
  using namespace std::chrono;
  struct Last {
    sys_seconds second{seconds::max()};
    std::string text;
  };
  thread_local Last last;
  const sys_time<microseconds> time{microseconds{unix_us}};
  const auto second = floor<seconds>(time);
  if (second != last.second) last = {second, rfc3339_of(second)};
  std::string out = last.text;
  put(out, 20, 6, static_cast<std::uint32_t>((time - second).count()));
  return out;
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

namespace {

// Edits from one word to the other; two neighbours that changed places are one.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edits(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

void append_entity_part(std::string& out, std::string_view part) {
  for (char c : part) {
    switch (c) {
      case '/':
        out += "%2F";
        break;
      case '.':
        out += "%2E";
        break;
      case '%':
        out += "%25";
        break;
      case '"':
        out += "%22";
        break;
      default:
        out += c;
    }
  }
}

std::string entity_part(std::string_view part) {
  std::string out;
  out.reserve(part.size());
  append_entity_part(out, part);
  return out;
}

}  // namespace libguard::text
