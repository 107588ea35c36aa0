#include "masking/cell_masker.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "base/text.h"
#include "masking/detectors/detectors.h"
#include "masking/json_leaves.h"

namespace libguard::masking {
namespace {

// Shorter numbers are no cards.
constexpr std::int64_t kCardLeast = 1'000'000'000'000;
constexpr std::size_t kCardDigits = 13;

bool looks_like_json(std::string_view text) noexcept {
  auto at = text.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos || (text[at] != '{' && text[at] != '[')) return false;
  char last = text[text.find_last_not_of(" \t\r\n")];
  return last == (text[at] == '{' ? '}' : ']');
}

std::string digits_of(std::int64_t number) {
  std::string digits = std::to_string(number);
  return digits[0] == '-' ? digits.substr(1) : digits;
}

// "" when the number has a fraction or is out of reach.
std::string digits_of(double number) {
  if (!std::isfinite(number) || std::fabs(number) >= 1e19 || std::trunc(number) != number) return {};
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.0f", std::fabs(number));
  return digits;
}

// "" when the fraction is not zero.
std::string digits_of(const Decimal& number) {
  std::string digits = number.digits.starts_with('-') ? number.digits.substr(1) : number.digits;
  auto point = digits.find('.');
  if (point == std::string::npos) return digits;
  if (digits.find_first_not_of('0', point + 1) != std::string::npos) return {};
  return digits.substr(0, point);
}

// Text in an unknown encoding: what can be read, with a line break for what cannot. NULs go, which makes UTF-16 of
// plain letters readable, too.
std::string readable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (char c : bytes) {
    if (c != '\0') out.push_back(c >= 0x20 && c < 0x7F ? c : '\n');
  }
  return out;
}

}  // namespace

std::string replaced(std::string_view text, const std::vector<Span>& spans, const Operator& show) {
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;
  for (const Span& span : spans) {
    out += text.substr(done, span.start - done);
    out += show.apply(text.substr(span.start, span.end - span.start), span.entity);
    done = span.end;
  }
  out += text.substr(done);
  return out;
}

void CellMasker::count(std::string_view entity) { ++counts_[std::string(entity) + "|" + show_.name()]; }

bool CellMasker::mask(Value& value, std::string_view column, bool textual) {
  if (auto* text = std::get_if<std::string>(&value)) return textual && mask_text(*text);
  if (auto* number = std::get_if<std::int64_t>(&value)) {
    bool small = *number > -kCardLeast && *number < kCardLeast;
    return (!small || names_ssn(column)) && mask_digits(value, digits_of(*number), column);
  }
  if (auto* number = std::get_if<Decimal>(&value)) return mask_digits(value, digits_of(*number), column);
  if (auto* number = std::get_if<double>(&value)) return mask_digits(value, digits_of(*number), column);
  return std::holds_alternative<Bytes>(value) && mask_bytes(value);
}

bool CellMasker::mask_text(std::string& text) {
  scan(text, detectors_, spans_);
  if (spans_.empty()) return false;
  // Hits in JSON are hidden leaf by leaf, so that what leaves is JSON again.
  if (looks_like_json(text)) {
    if (read_json(text).value) return mask_json(text);
  }
  replace_spans(text);
  return true;
}

bool CellMasker::mask_json(std::string& text) {
  const LeafMasks masks{
      [this](std::string& leaf, std::string_view member) { return mask_plain(leaf, member); },
      [this](std::string& name) { return mask_plain(name, {}); },
      [this](std::string_view digits, std::string_view member) { return mask_number(digits, member); }};
  MaskedJson masked = mask_json_leaves(text, masks);
  if (masked.changed) text = std::move(masked.text);
  // A detector may need more than one leaf to see what it looks for; then the text as a whole is masked. Only nine bare
  // digits are left to the leaves, for in JSON a plain number (an amount, an id) is hardly ever a US_SSN.
  scan(text, detectors_, spans_);
  std::erase_if(spans_, [](const Span& span) { return span.entity == "US_SSN"; });
  if (spans_.empty()) return masked.changed;
  replace_spans(text);
  return true;
}

void CellMasker::replace_spans(std::string& text) {
  for (const Span& span : spans_) count(span.entity);
  text = replaced(text, spans_, show_);
}

bool CellMasker::mask_plain(std::string& text, std::string_view context) {
  // The member's name stands in front, as it does in the JSON text: it is context for the detectors.
  std::string with_context = context.empty() ? text : std::string(context) + ": " + text;
  const std::size_t offset = with_context.size() - text.size();
  scan(with_context, detectors_, spans_);
  std::erase_if(spans_, [&](const Span& span) { return span.end <= offset; });
  if (spans_.empty()) return false;
  for (Span& span : spans_) {
    span.start = span.start > offset ? span.start - offset : 0;
    span.end -= offset;
    count(span.entity);
  }
  text = replaced(text, spans_, show_);
  return true;
}

bool CellMasker::mask_digits(Value& value, std::string digits, std::string_view column) {
  bool ssn = names_ssn(column) && digits.size() <= 9 && digits.size() >= 6;
  if (digits.size() < kCardDigits && !ssn) return false;
  // A number loses its leading zeros.
  if (ssn) digits.insert(0, 9 - digits.size(), '0');
  const std::string context = ssn ? "ssn " : "";
  scan(context + digits, detectors_, spans_);
  if (spans_.empty()) return false;
  count(spans_.front().entity);
  value = show_.apply(std::string_view(digits), spans_.front().entity);
  return true;
}

bool CellMasker::mask_bytes(Value& value) {
  const std::string& data = std::get<Bytes>(value).data;
  scan(data, detectors_, spans_);
  if (spans_.empty()) scan(readable(data), detectors_, spans_);
  if (spans_.empty()) return false;
  // Nobody knows what the bytes around the find are a part of, so they go as a whole.
  count(spans_.front().entity);
  value = Operator("redact").apply(value, spans_.front().entity);
  return true;
}

// A number of JSON as the value that it is.
std::optional<std::string> CellMasker::mask_number(std::string_view digits, std::string_view member) {
  Value value = Decimal{std::string(digits)};
  std::int64_t whole = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (failed == std::errc{} && end == digits.data() + digits.size()) {
    value = whole;
  } else if (digits.find_first_of("eE") != std::string_view::npos) {
    value = std::strtod(std::string(digits).c_str(), nullptr);
  }
  if (!mask(value, member, true)) return std::nullopt;
  return std::get<std::string>(std::move(value));
}

}  // namespace libguard::masking
