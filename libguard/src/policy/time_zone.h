#pragma once
// The hour of the day in the zone that policies are written for (`timezone:` in guard.yaml). Reads the system's TZif
// files (RFC 9636) itself: localtime is one zone for a whole process, and C++20 zones are not in GCC 12.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::policy {

// Immutable and thread-safe.
class TimeZone {
 public:
  // "UTC" needs no file. Throws Error(configuration, "policy.timezone") for a zone that the system does not know.
  explicit TimeZone(const std::string& name);
  // 0-23.
  [[nodiscard]] int hour(std::int64_t unix_us) const;
  [[nodiscard]] std::int64_t offset_s(std::int64_t unix_s) const;

 private:
  // "Mm.w.d/time" of a POSIX rule; the day when summer time begins or ends.
  struct Change {
    int month = 1;
    int week = 1;
    int day = 0;
    std::int64_t at_s = 7'200;
  };
  struct Rule {
    std::int64_t standard_s = 0;
    std::int64_t summer_s = 0;
    bool has_summer = false;
    Change begins;
    Change ends;
  };
  bool read(std::string_view bytes);
  bool read_rule(std::string_view text);
  [[nodiscard]] std::int64_t by_rule(std::int64_t unix_s) const;
  static std::int64_t moment(const Change& change, std::int64_t year, std::int64_t offset_s);

  std::vector<std::int64_t> transitions_;  // ascending
  std::vector<std::int64_t> offsets_s_;    // from transitions_[i] on
  std::int64_t first_offset_s_ = 0;
  Rule rule_;
  bool has_rule_ = false;
};

}  // namespace libguard::policy
