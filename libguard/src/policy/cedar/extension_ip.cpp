// IP addresses and ranges, as Rust's std::net reads them and Cedar compares them.
#include <algorithm>

#include "policy/cedar/extension.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kGroups = 8;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool read_v4(std::string_view text, Ip& ip) {
  for (std::size_t i = 0; i < 4; ++i) {
    std::size_t end = i == 3 ? text.size() : text.find('.');
    if (end == std::string_view::npos || end == 0 || end > 3) return false;
    std::string_view octet = text.substr(0, end);
    if (octet.size() > 1 && octet.front() == '0') return false;
    int value = 0;
    for (char c : octet) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    if (value > 255) return false;
    ip.bytes[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return true;
}

// One to four hexadecimal digits at the front, taken off; -1 when there are none or too many.
int take_group(std::string_view& text) {
  int value = 0;
  std::size_t count = 0;
  while (count < text.size() && hex_digit(text[count]) >= 0) {
    if (++count > 4) return -1;
    value = value * 16 + hex_digit(text[count - 1]);
  }
  text.remove_prefix(count);
  return count == 0 ? -1 : value;
}

// Groups separated by single colons, at most `most`; stops before "::" or at the end. Negative: malformed.
int take_groups(std::string_view& text, std::array<int, kGroups>& groups, std::size_t most) {
  std::size_t count = 0;
  while (count < most && !text.empty() && hex_digit(text.front()) >= 0) {
    int value = take_group(text);
    if (value < 0) return -1;
    groups[count++] = value;
    if (text.size() < 2 || text[0] != ':' || text[1] == ':') break;
    if (count < most) text.remove_prefix(1);
  }
  return static_cast<int>(count);
}

void put_group(Ip& ip, std::size_t at, int value) {
  ip.bytes[at * 2] = static_cast<std::uint8_t>(value >> 8);
  ip.bytes[at * 2 + 1] = static_cast<std::uint8_t>(value & 0xFF);
}

bool read_v6(std::string_view text, Ip& ip) {
  ip.v6 = true;
  std::array<int, kGroups> head{};
  int before = take_groups(text, head, kGroups);
  if (before < 0) return false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(before); ++i) put_group(ip, i, head[i]);
  if (static_cast<std::size_t>(before) == kGroups) return text.empty();
  if (!text.starts_with("::")) return false;
  text.remove_prefix(2);
  std::array<int, kGroups> tail{};
  int after = take_groups(text, tail, kGroups - static_cast<std::size_t>(before) - 1);
  if (after < 0 || !text.empty()) return false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(after); ++i) {
    put_group(ip, kGroups - static_cast<std::size_t>(after) + i, tail[i]);
  }
  return true;
}

bool read_prefix(std::string_view text, bool v6, std::uint8_t& prefix) {
  if (text.empty() || text.size() > (v6 ? 3U : 2U)) return false;
  if (text.size() > 1 && text.front() == '0') return false;
  int value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  if (value > (v6 ? 128 : 32)) return false;
  prefix = static_cast<std::uint8_t>(value);
  return true;
}

}  // namespace

std::optional<Ip> read_ip(std::string_view text) {
  // IPv4 inside IPv6 (::ffff:1.2.3.4) would give one host two spellings; Cedar refuses it, and so do we.
  bool v6 = text.find(':') != std::string_view::npos;
  if (v6 && text.find('.') != std::string_view::npos) return std::nullopt;
  Ip ip;
  auto slash = text.find('/');
  std::string_view address = text.substr(0, slash);
  if (!(v6 ? read_v6(address, ip) : read_v4(address, ip))) return std::nullopt;
  ip.prefix = v6 ? 128 : 32;
  if (slash != std::string_view::npos && !read_prefix(text.substr(slash + 1), v6, ip.prefix)) return std::nullopt;
  return ip;
}

bool ip_in_range(const Ip& inner, const Ip& outer) {
  if (inner.v6 != outer.v6 || inner.prefix < outer.prefix) return false;
  for (unsigned bit = 0; bit < outer.prefix; bit += 8) {
    unsigned kept = std::min(8U, outer.prefix - bit);
    auto mask = static_cast<std::uint8_t>(0xFF00U >> kept);
    if ((inner.bytes[bit / 8] & mask) != (outer.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

bool ip_is_loopback(const Ip& ip) {
  if (!ip.v6) return ip.bytes[0] == 127 && ip.prefix >= 8;
  bool zeros = std::all_of(ip.bytes.begin(), ip.bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
  return zeros && ip.bytes[15] == 1 && ip.prefix == 128;
}

bool ip_is_multicast(const Ip& ip) {
  return ip.v6 ? ip.bytes[0] == 0xFF && ip.prefix >= 8 : (ip.bytes[0] & 0xF0) == 0xE0 && ip.prefix >= 4;
}

}  // namespace libguard::policy::cedar
