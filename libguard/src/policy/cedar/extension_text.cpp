// How decimals, dates, durations and addresses are written. Every reader is strict: one spelling, no spaces.
#include <algorithm>
#include <charconv>

#include "policy/cedar/extension.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

bool digit(char c) { return c >= '0' && c <= '9'; }

// Appends decimal digits to a number that grows away from zero in the direction of `sign`.
bool grow(std::int64_t& number, char c, int sign) {
  std::int64_t step = sign * (c - '0');
  return !__builtin_mul_overflow(number, std::int64_t{10}, &number) && !__builtin_add_overflow(number, step, &number);
}

// Exactly `count` digits at the front, taken off.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
// algorithms").
std::int64_t days_from_civil(int year, int month, int day) {
  std::int64_t y = month <= 2 ? year - 1 : year;
  std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  std::int64_t year_of_era = y - era * 400;
  std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int days_in_month(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

std::optional<std::int64_t> take_date(std::string_view& text) {
  auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  auto day = take_digits(text, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1 || *day > days_in_month(*year, *month)) return std::nullopt;
  return days_from_civil(*year, *month, *day) * kDayMs;
}

std::optional<std::int64_t> take_time(std::string_view& text) {
  auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  auto minute = take_digits(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  std::int64_t ms = 0;
  if (take(text, '.')) {
    auto fraction = take_digits(text, 3);
    if (!fraction) return std::nullopt;
    ms = *fraction;
  }
  return ((*hour * 60 + *minute) * 60 + *second) * std::int64_t{1000} + ms;
}

// "Z", "+hhmm" or "-hhmm", and nothing after.
std::optional<std::int64_t> take_zone(std::string_view text) {
  if (text == "Z") return 0;
  int sign = take(text, '+') ? 1 : take(text, '-') ? -1 : 0;
  auto hours = take_digits(text, 2);
  auto minutes = hours ? take_digits(text, 2) : std::nullopt;
  if (sign == 0 || !minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes) * std::int64_t{60'000};
}

}  // namespace

std::optional<std::int64_t> read_decimal(std::string_view text) {
  int sign = take(text, '-') ? -1 : 1;
  auto point = text.find('.');
  if (point == std::string_view::npos || point == 0) return std::nullopt;
  std::string_view fraction = text.substr(point + 1);
  if (fraction.empty() || fraction.size() > 4) return std::nullopt;
  std::int64_t number = 0;
  for (char c : text.substr(0, point)) {
    if (!digit(c) || !grow(number, c, sign)) return std::nullopt;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    char c = i < fraction.size() ? fraction[i] : '0';
    if (!digit(c) || !grow(number, c, sign)) return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> read_datetime(std::string_view text) {
  auto date = take_date(text);
  if (!date || text.empty()) return date;
  if (!take(text, 'T')) return std::nullopt;
  auto time = take_time(text);
  if (!time) return std::nullopt;
  auto zone = take_zone(text);
  if (!zone) return std::nullopt;
  return *date + *time - *zone;
}

std::optional<std::int64_t> read_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"d", kDayMs}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
  int sign = take(text, '-') ? -1 : 1;
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && digit(text[digits]); ++digits) {
      if (!grow(number, text[digits], sign)) return std::nullopt;
    }
    text.remove_prefix(digits);
    std::string_view unit = text.substr(0, text.starts_with("ms") ? 2 : 1);
    while (next_unit < std::size(kUnits) && kUnits[next_unit].first != unit) ++next_unit;
    if (digits == 0 || next_unit == std::size(kUnits)) return std::nullopt;
    if (__builtin_mul_overflow(number, kUnits[next_unit].second, &number)) return std::nullopt;
    if (__builtin_add_overflow(total, number, &total)) return std::nullopt;
    text.remove_prefix(unit.size());
    ++next_unit;
  }
  return total;
}

}  // namespace libguard::policy::cedar
