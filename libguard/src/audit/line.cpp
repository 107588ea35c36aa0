#include "audit/line.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/crypto.h"
#include "base/json.h"

namespace libguard::audit {
namespace {

bool take(std::string_view& rest, std::string_view expected) {
  if (!rest.starts_with(expected)) return false;
  rest.remove_prefix(expected.size());
  return true;
}

bool take_number(std::string_view& rest, std::int64_t& number) {
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc{}) return false;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return true;
}

// A text without escapes, which all that our writer puts into the head is.
bool take_text(std::string_view& rest, std::string& text) {
  std::size_t end = rest.find_first_of("\"\\");
  if (end == std::string_view::npos || rest[end] == '\\') return false;
  text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

bool read_fixed_order(std::string_view rest, RecordHead& head) {
  bool leading = take(rest, "{\"v\":") && take_number(rest, head.version) && take(rest, ",\"seq\":") &&
                 take_number(rest, head.seq) && take(rest, ",\"type\":\"") && take_text(rest, head.type) &&
                 take(rest, ",\"at\":\"") && take_text(rest, head.at);
  if (!leading) return false;
  if (!take(rest, ",\"record\":\"")) return true;
  return take_text(rest, head.record) && take(rest, ",\"session\":\"") && take_text(rest, head.session);
}

std::string text_member(const Json& json, const char* name) {
  auto member = json.find(name);
  return member != json.end() && member->is_string() ? member->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_member(const Json& json, const char* name) {
  auto member = json.find(name);
  if (member == json.end() || !member->is_number_integer()) return std::nullopt;
  return member->get<std::int64_t>();
}

bool is_hash(std::string_view text) {
  return text.size() == kHashChars &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Our writer puts the state first, and inside of a JSON text these quotes could only stand escaped.
bool says_in_doubt(std::string_view type, std::string_view json) {
  constexpr std::string_view kOutcome = "\"outcome\":{\"state\":\"";
  if (type != "outcome") return false;
  const std::size_t at = json.find(kOutcome);
  return at != std::string_view::npos && json.substr(at + kOutcome.size()).starts_with("in_doubt\"");
}

}  // namespace

std::string chain_hash(std::string_view previous_hash, std::string_view json) {
  return crypto::hex(crypto::sha256(previous_hash, json));
}

std::string make_line(std::int64_t seq, std::string_view body, std::string& hash, std::string buffer) {
  std::string line = std::move(buffer);
  line.clear();
  line.reserve(line_bytes_max(body));
  line += "{\"v\":";
  line += std::to_string(kFormatVersion);
  line += ",\"seq\":";
  line += std::to_string(seq);
  line += ',';
  line += body;
  crypto::hex_into(crypto::sha256(hash, line), hash);
  line += '\t';
  line += hash;
  line += '\n';
  return line;
}

std::optional<LineParts> split_line(std::string_view line) {
  if (line.size() < kHashChars + 3) return std::nullopt;
  std::size_t tab = line.size() - kHashChars - 1;
  LineParts parts{line.substr(0, tab), line.substr(tab + 1)};
  if (line[tab] != '\t' || parts.json.front() != '{' || parts.json.back() != '}' || !is_hash(parts.hash))
    return std::nullopt;
  return parts;
}

std::optional<RecordHead> read_head(std::string_view json) {
  RecordHead head;
  if (read_fixed_order(json, head)) {
    head.in_doubt = says_in_doubt(head.type, json);
    return head;
  }
  JsonResult read = read_json(json);
  if (!read.value || !read.value->is_object()) return std::nullopt;
  auto version = number_member(*read.value, "v");
  auto seq = number_member(*read.value, "seq");
  if (!version || !seq) return std::nullopt;
  return RecordHead{*version,
                    *seq,
                    text_member(*read.value, "type"),
                    text_member(*read.value, "at"),
                    text_member(*read.value, "record"),
                    text_member(*read.value, "session"),
                    says_in_doubt(text_member(*read.value, "type"), json)};
}

}  // namespace libguard::audit
