#include "policy/remedy.h"

#include <charconv>

namespace libguard::policy {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The part before `separator`, taken off together with it.
std::string_view take(std::string_view& text, char separator) {
  auto at = text.find(separator);
  std::string_view part = trim(text.substr(0, at));
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return part;
}

std::optional<std::int64_t> number(std::string_view text, std::int64_t most) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) return std::nullopt;
  return value;
}

std::optional<std::int64_t> seconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t unit = text.back() == 's' ? 1 : text.back() == 'm' ? 60 : text.back() == 'h' ? 3'600 : 0;
  if (unit == 0) return std::nullopt;
  auto count = number(text.substr(0, text.size() - 1), limits::kApprovalTtlMaxS / unit);
  if (!count) return std::nullopt;
  return *count * unit;
}

bool approval(std::string_view body, Remedy& remedy, std::string& error) {
  Stage stage;
  bool has_count = false;
  bool has_ttl = false;
  while (!body.empty()) {
    std::string_view value = take(body, ',');
    std::string_view key = take(value, '=');
    value = trim(value);
    if (key == "group" && stage.group.empty() && !value.empty()) {
      stage.group = value;
    } else if (key == "n" && !has_count) {
      auto count = number(value, limits::kApproversMax);
      has_count = count.has_value();
      if (count) stage.count = static_cast<int>(*count);
      if (!count) error = "n must be a number from 1 to 100";
    } else if (key == "ttl" && !has_ttl) {
      auto ttl = seconds(value);
      has_ttl = ttl.has_value();
      if (ttl) stage.ttl_s = *ttl;
      if (!ttl) error = "ttl must be like 90s, 15m or 2h, at most a week";
    } else {
      error = "an approval takes group=, n= and ttl=, each once";
    }
    if (!error.empty()) return false;
  }
  if (stage.group.empty()) error = "an approval needs group=";
  remedy.stages.push_back(std::move(stage));
  return error.empty();
}

bool limit_rows(std::string_view body, Remedy& remedy, std::string& error) {
  auto rows = number(trim(body), INT64_MAX);
  if (!rows || remedy.row_limit) error = "limit_rows takes one number from 1, once";
  remedy.row_limit = rows;
  return error.empty();
}

bool mask(std::string_view body, bool has_body, Remedy& remedy, std::string& error) {
  if (remedy.mask) error = "mask stands once, with all its classes: mask:pii.email,pii.card";
  remedy.mask = true;
  while (has_body && error.empty()) {
    std::string_view name = take(body, ',');
    if (name.empty() || remedy.classes.size() >= limits::kMaskClassesMax)
      error = "mask takes the names of data classes, such as mask:pii.email,pii.card";
    remedy.classes.emplace(name);
    if (trim(body).empty()) break;
  }
  return error.empty();
}

bool reason(std::string_view body, bool has_body, Remedy& remedy, std::string& error) {
  if (remedy.reason_min != 0) error = "reason_required stands once";
  remedy.reason_min = 1;
  if (!has_body || !error.empty()) return error.empty();
  std::string_view value = body;
  std::string_view key = take(value, '=');
  auto least = number(trim(value), limits::kReasonCharsMax);
  if (key != "min" || !least) error = "reason_required takes min=, a number of characters from 1 to 1,000";
  remedy.reason_min = least.value_or(1);
  return error.empty();
}

bool one(std::string_view text, Remedy& remedy, std::string& error) {
  bool has_body = text.find(':') != std::string_view::npos;
  std::string_view body = text;
  std::string_view kind = take(body, ':');
  if (kind == "approval") return approval(body, remedy, error);
  if (kind == "limit_rows") return limit_rows(body, remedy, error);
  if (kind == "mask") return mask(body, has_body, remedy, error);
  if (kind == "reason_required") return reason(body, has_body, remedy, error);
  if (kind == "read_only" && !has_body && !remedy.read_only) {
    remedy.read_only = true;
    return true;
  }
  error = "the remedies are approval:, limit_rows:, mask, read_only and reason_required";
  return false;
}

}  // namespace

std::optional<Remedy> parse_remedy(std::string_view text, std::string& error) {
  Remedy remedy;
  remedy.text = trim(text);
  error.clear();
  do {
    std::string_view part = take(text, ';');
    if (!one(part, remedy, error)) return std::nullopt;
  } while (!trim(text).empty());
  return remedy;
}

}  // namespace libguard::policy
