#pragma once
// Cedar's extension types (docs.cedarpolicy.com, "ipaddr", "decimal", "datetime"): reading them and their methods.

#include <optional>
#include <string>
#include <string_view>

#include "policy/cedar/value.h"

namespace libguard::policy::cedar {

// How the evaluation of a policy can fail; to_string gives the words of an answer's `error_kinds`.
enum class EvalError : std::uint8_t {
  none,
  missing_attribute,
  missing_tag,
  unknown_entity,
  type_error,
  overflow,
  extension_error,
  arity,
};
[[nodiscard]] const char* to_string(EvalError error) noexcept;

enum class Function : std::uint8_t {
  ip,
  decimal,
  datetime,
  duration,  // constructors, called as f(x)
  less_than,
  less_than_or_equal,
  greater_than,
  greater_than_or_equal,  // methods of decimal
  is_ipv4,
  is_ipv6,
  is_loopback,
  is_multicast,
  is_in_range,  // of ip
  offset,
  duration_since,
  to_date,
  to_time,  // of datetime
  to_milliseconds,
  to_seconds,
  to_minutes,
  to_hours,
  to_days,  // of duration
};

struct FunctionSpec {
  std::string_view name;
  Function function;
  bool method;
  int arguments;  // the receiver of a method counts
};
[[nodiscard]] const FunctionSpec* find_function(std::string_view name);
[[nodiscard]] const FunctionSpec& spec_of(Function function);

// Values in Value::number's units; empty for malformed or overflowing text.
[[nodiscard]] std::optional<std::int64_t> read_decimal(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> read_datetime(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> read_duration(std::string_view text);
[[nodiscard]] std::optional<Ip> read_ip(std::string_view text);
// Texts that read back as the same value.
[[nodiscard]] std::string decimal_text(std::int64_t number);
[[nodiscard]] std::string duration_text(std::int64_t ms);
[[nodiscard]] std::string ip_text(const Ip& ip);
[[nodiscard]] bool ip_in_range(const Ip& inner, const Ip& outer);
[[nodiscard]] bool ip_is_loopback(const Ip& ip);
[[nodiscard]] bool ip_is_multicast(const Ip& ip);

// Calls with `count` evaluated arguments; `result` is set only for EvalError::none.
[[nodiscard]] EvalError call(Function function, const Value* arguments, std::size_t count, Heap& heap, Value& result);

}  // namespace libguard::policy::cedar
