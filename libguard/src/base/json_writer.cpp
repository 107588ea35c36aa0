#include "base/json_writer.h"

#include <algorithm>
#include <cmath>

#include "base/crypto.h"
#include "base/json_plain.h"

namespace libguard {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

// Length of the well-formed UTF-8 sequence of two to four bytes at `at`, else 0 (Unicode 15, table 3-7: the
// second byte's range excludes overlong forms, surrogates and what lies past U+10FFFF).
std::size_t sequence_at(std::string_view text, std::size_t at) {
  std::uint8_t first = byte_at(text, at);
  if (first < 0xC2 || first > 0xF4) return 0;
  std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (text.size() - at < length) return 0;
  std::uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  std::uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  std::uint8_t second = byte_at(text, at + 1);
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

void append_escaped(std::string& out, std::uint8_t c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += std::isnan(number) ? R"({"$real":"NaN"})"
           : number > 0       ? R"({"$real":"Infinity"})"
                              : R"({"$real":"-Infinity"})";
    return;
  }
  char digits[32];
  std::string_view text(digits,
                        static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

struct ValueAppender {
  std::string& out;
  void operator()(const Null&) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) const {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  void operator()(double value) const { append_double(out, value); }
  void operator()(const std::string& value) const { append_json_string(out, value); }
  void operator()(const Bytes& value) const {
    out += R"({"$bytes":")";
    out += crypto::base64(value.data);
    out += "\"}";
  }
  void operator()(const Decimal& value) const {
    out += R"({"$decimal":)";
    append_json_string(out, value.digits);
    out += '}';
  }
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  if (is_plain_json(text)) {  // nearly always
    out += '"';
    out += text;
    out += '"';
    return;
  }
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = plain_json_end(text, at);
    out.append(text, at, end - at);
    if (end == text.size()) break;
    at = end;
    std::uint8_t c = byte_at(text, at);
    if (c < 0x80) {
      append_escaped(out, c);
      ++at;
    } else if (std::size_t length = sequence_at(text, at); length != 0) {
      out.append(text, at, length);
      at += length;
    } else {
      out += "\\ufffd";
      ++at;
    }
  }
  out += '"';
}

void append_json_value(std::string& out, const Value& value) { std::visit(ValueAppender{out}, value); }

}  // namespace libguard
