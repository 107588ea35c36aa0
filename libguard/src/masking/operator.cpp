#include "masking/operator.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

#include "base/text.h"
#include "libguard/error.h"
#include "masking/utf8.h"

namespace libguard::masking {
namespace {

// What stands for the hidden part. Always the same, so that not even a length shows.
constexpr std::string_view kHidden = "****";
constexpr std::string_view kRedacted = "[redacted]";
// More than any half of a value that anyone would show a part of.
constexpr int kShownMax = 64;

[[noreturn]] void unknown(std::string_view spec) {
  // A spec comes from the configuration, not from data, so it may be named; but only what can be read.
  throw Error(ErrorKind::configuration, "masking.operator",
              "show: \"" + text::visible(spec.substr(0, 40)) +
                  "\" is not an operator; supported: redact, label, partial:first=N,last=M (one of the two is enough, "
                  "N and M at most 64)");
}

int count_of(std::string_view digits, std::string_view spec) {
  int value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  bool plain = !digits.empty() && digits[0] >= '0' && digits[0] <= '9';
  if (!plain || error != std::errc{} || end != digits.data() + digits.size() || value > kShownMax) unknown(spec);
  return value;
}

// As a reader would see it; empty when there is no text of which a part could be shown.
std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return decimal->digits;
  if (const auto* real = std::get_if<double>(&value)) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.17g", *real);
    return std::isfinite(*real) ? digits : "";
  }
  return {};
}

int strictness(const std::string& name) noexcept { return name == "redact" ? 2 : name == "label" ? 1 : 0; }

}  // namespace

Operator::Operator(std::string_view spec) {
  if (spec == "redact" || spec == "label") {
    name_ = spec;
    return;
  }
  constexpr std::string_view kPartial = "partial:";
  if (!spec.starts_with(kPartial)) unknown(spec);
  name_ = "partial";
  int* wanted[] = {&first_, &last_};
  bool seen[] = {false, false};
  std::string_view rest = spec.substr(kPartial.size());
  while (true) {
    auto comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    int which = item.starts_with("first=") ? 0 : item.starts_with("last=") ? 1 : -1;
    if (which < 0 || seen[which]) unknown(spec);
    seen[which] = true;
    *wanted[which] = count_of(item.substr(item.find('=') + 1), spec);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (first_ + last_ == 0) unknown(spec);
}

std::string Operator::apply(std::string_view text, std::string_view label) const {
  if (name_ == "label") return "<" + std::string(label) + ">";
  if (name_ != "partial" || !text::is_utf8(text)) return std::string(kRedacted);
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < text.size(); at += code_point_at(text, at).length) starts.push_back(at);
  const std::size_t most = starts.size() / 2;
  std::size_t last = std::min<std::size_t>(static_cast<std::size_t>(last_), most);
  std::size_t first = std::min<std::size_t>(static_cast<std::size_t>(first_), most - last);
  std::string out(text.substr(0, first == 0 ? 0 : starts[first]));
  out += kHidden;
  if (last > 0) out += text.substr(starts[starts.size() - last]);
  return out;
}

Value Operator::apply(const Value& value, std::string_view label) const {
  if (std::holds_alternative<Null>(value)) return value;
  std::string text = text_of(value);
  // Bytes and truth values have no part that could be shown.
  if (name_ == "partial" && text.empty()) return std::string(kRedacted);
  return apply(std::string_view(text), label);
}

const Operator& Operator::stricter(const Operator& a, const Operator& b) {
  if (strictness(a.name_) != strictness(b.name_)) return strictness(a.name_) > strictness(b.name_) ? a : b;
  return a.first_ + a.last_ <= b.first_ + b.last_ ? a : b;
}

}  // namespace libguard::masking
