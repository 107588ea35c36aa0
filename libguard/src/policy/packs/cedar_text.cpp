#include "policy/packs/cedar_text.h"

namespace libguard::policy {

std::string cedar_text(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u{";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
      out += '}';
    } else {
      out += c;
    }
  }
  return out += '"';
}

}  // namespace libguard::policy
