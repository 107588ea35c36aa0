#include "policy/time_zone.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "libguard/error.h"

namespace libguard::policy {
namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr std::size_t kFileBytesMax = 1024 * 1024;
constexpr std::size_t kHeaderBytes = 44;

bool plain_name(const std::string& name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.find("..") != std::string::npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  });
}

std::int64_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  if (size == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
  return static_cast<std::int64_t>(value);
}

// H. Hinnant, "chrono-compatible low-level date algorithms".
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  std::int64_t in_era = year - era * 400;
  std::int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

std::int64_t year_of(std::int64_t unix_s) {
  std::int64_t days = unix_s / kDayS - (unix_s % kDayS < 0 ? 1 : 0);
  std::int64_t year = 1970 + days / 366;
  while (days_from_civil(year + 1, 1, 1) <= days) ++year;
  while (days_from_civil(year, 1, 1) > days) --year;
  return year;
}

// Reads pieces of a POSIX TZ string from its front.
struct PosixReader {
  std::string_view text;
  bool good = true;

  bool accept(char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
  }
  std::int64_t number() {
    int value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value > 400) good = false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
  }
  void name() {
    if (accept('<')) {
      while (!text.empty() && text.front() != '>') text.remove_prefix(1);
      good = good && accept('>');
    } else {
      while (!text.empty() && ((text.front() | 0x20) >= 'a' && (text.front() | 0x20) <= 'z')) text.remove_prefix(1);
    }
  }
  // [+-]hh[:mm[:ss]]
  std::int64_t time_s() {
    bool negative = accept('-');
    if (!negative) accept('+');
    std::int64_t total = number() * 3'600;
    if (accept(':')) total += number() * 60;
    if (accept(':')) total += number();
    return negative ? -total : total;
  }
};

}  // namespace

TimeZone::TimeZone(const std::string& name) {
  if (name == "UTC" || name == "Etc/UTC") return;
  std::string bytes;
  std::error_code no_file;
  std::filesystem::path path = "/usr/share/zoneinfo/" + name;
  if (plain_name(name) && std::filesystem::is_regular_file(path, no_file) &&
      std::filesystem::file_size(path, no_file) <= kFileBytesMax) {
    std::ifstream file(path, std::ios::binary);
    if (file) bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (!read(bytes)) {
    throw Error(ErrorKind::configuration, "policy.timezone",
                "the time zone \"" + name.substr(0, 64) + "\" is not known to this system");
  }
}

bool TimeZone::read(std::string_view bytes) {
  // Version 2 and later repeat the data with 64-bit times behind the first, 32-bit block.
  auto count = [&](std::size_t at) {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(big_endian(bytes, at, 4), 0, 1'000'000));
  };
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif") || bytes[4] < '2') return false;
  std::size_t first = kHeaderBytes + count(32) * 5 + count(36) * 6 + count(40) + count(28) * 8 + count(24) + count(20);
  if (bytes.size() < first + kHeaderBytes) return false;
  bytes.remove_prefix(first);
  std::size_t times = count(32);
  std::size_t types = count(36);
  std::size_t footer = kHeaderBytes + times * 9 + types * 6 + count(40) + count(28) * 12 + count(24) + count(20);
  if (types == 0 || bytes.size() < footer + 2) return false;
  std::size_t type_at = kHeaderBytes + times * 9;
  first_offset_s_ = big_endian(bytes, type_at, 4);
  for (std::size_t i = 0; i < times; ++i) {
    auto type = static_cast<unsigned char>(bytes[kHeaderBytes + times * 8 + i]);
    if (type >= types) return false;
    transitions_.push_back(big_endian(bytes, kHeaderBytes + i * 8, 8));
    offsets_s_.push_back(big_endian(bytes, type_at + type * std::size_t{6}, 4));
  }
  std::string_view rule = bytes.substr(footer + 1);
  auto end = rule.find('\n');
  return std::is_sorted(transitions_.begin(), transitions_.end()) && end != std::string_view::npos &&
         read_rule(rule.substr(0, end));
}

bool TimeZone::read_rule(std::string_view text) {
  if (text.empty()) return true;
  PosixReader reader{text};
  reader.name();
  // POSIX counts west of Greenwich as positive.
  rule_.standard_s = -reader.time_s();
  has_rule_ = reader.good;
  if (reader.text.empty()) return reader.good;
  reader.name();
  rule_.has_summer = true;
  rule_.summer_s = rule_.standard_s + 3'600;
  if (!reader.text.empty() && reader.text.front() != ',') rule_.summer_s = -reader.time_s();
  for (Change* change : {&rule_.begins, &rule_.ends}) {
    if (!reader.accept(',') || !reader.accept('M')) return false;
    change->month = static_cast<int>(reader.number());
    reader.good = reader.good && reader.accept('.');
    change->week = static_cast<int>(reader.number());
    reader.good = reader.good && reader.accept('.');
    change->day = static_cast<int>(reader.number());
    if (reader.accept('/')) change->at_s = reader.time_s();
    if (change->month < 1 || change->month > 12 || change->week < 1 || change->week > 5 || change->day < 0 ||
        change->day > 6)
      return false;
  }
  return reader.good && reader.text.empty();
}

std::int64_t TimeZone::moment(const Change& change, std::int64_t year, std::int64_t offset_s) {
  std::int64_t first = days_from_civil(year, change.month, 1);
  std::int64_t after =
      change.month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, change.month + 1, 1);
  std::int64_t weekday = ((first + 4) % 7 + 7) % 7;
  std::int64_t day = first + (change.day - weekday + 7) % 7 + (change.week - 1) * 7;
  while (day >= after) day -= 7;  // week 5 means the last
  return day * kDayS + change.at_s - offset_s;
}

std::int64_t TimeZone::by_rule(std::int64_t unix_s) const {
  if (!rule_.has_summer) return rule_.standard_s;
  std::int64_t year = year_of(unix_s + rule_.standard_s);
  std::int64_t begins = moment(rule_.begins, year, rule_.standard_s);
  std::int64_t ends = moment(rule_.ends, year, rule_.summer_s);
  bool summer = begins < ends ? unix_s >= begins && unix_s < ends : unix_s >= begins || unix_s < ends;
  return summer ? rule_.summer_s : rule_.standard_s;
}

std::int64_t TimeZone::offset_s(std::int64_t unix_s) const {
  if (transitions_.empty() || unix_s >= transitions_.back()) {
    if (has_rule_) return by_rule(unix_s);
    return offsets_s_.empty() ? first_offset_s_ : offsets_s_.back();
  }
  auto after = std::upper_bound(transitions_.begin(), transitions_.end(), unix_s);
  if (after == transitions_.begin()) return first_offset_s_;
  return offsets_s_[static_cast<std::size_t>(after - transitions_.begin()) - 1];
}

int TimeZone::hour(std::int64_t unix_us) const {
  std::int64_t unix_s = unix_us / 1'000'000 - (unix_us % 1'000'000 < 0 ? 1 : 0);
  std::int64_t local = (unix_s + offset_s(unix_s)) % kDayS;
  return static_cast<int>((local < 0 ? local + kDayS : local) / 3'600);
}

}  // namespace libguard::policy
