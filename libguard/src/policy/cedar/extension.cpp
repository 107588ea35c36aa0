#include "policy/cedar/extension.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

// In the order of the enumeration, so that spec_of is an index.
constexpr FunctionSpec kFunctions[] = {
    {"ip", Function::ip, false, 1},
    {"decimal", Function::decimal, false, 1},
    {"datetime", Function::datetime, false, 1},
    {"duration", Function::duration, false, 1},
    {"lessThan", Function::less_than, true, 2},
    {"lessThanOrEqual", Function::less_than_or_equal, true, 2},
    {"greaterThan", Function::greater_than, true, 2},
    {"greaterThanOrEqual", Function::greater_than_or_equal, true, 2},
    {"isIpv4", Function::is_ipv4, true, 1},
    {"isIpv6", Function::is_ipv6, true, 1},
    {"isLoopback", Function::is_loopback, true, 1},
    {"isMulticast", Function::is_multicast, true, 1},
    {"isInRange", Function::is_in_range, true, 2},
    {"offset", Function::offset, true, 2},
    {"durationSince", Function::duration_since, true, 2},
    {"toDate", Function::to_date, true, 1},
    {"toTime", Function::to_time, true, 1},
    {"toMilliseconds", Function::to_milliseconds, true, 1},
    {"toSeconds", Function::to_seconds, true, 1},
    {"toMinutes", Function::to_minutes, true, 1},
    {"toHours", Function::to_hours, true, 1},
    {"toDays", Function::to_days, true, 1},
};

// What kind each argument must have; a method's receiver comes first.
Kind argument_kind(Function function, std::size_t at) {
  switch (function) {
    case Function::ip:
    case Function::decimal:
    case Function::datetime:
    case Function::duration:
      return Kind::text;
    case Function::less_than:
    case Function::less_than_or_equal:
    case Function::greater_than:
    case Function::greater_than_or_equal:
      return Kind::decimal;
    case Function::is_ipv4:
    case Function::is_ipv6:
    case Function::is_loopback:
    case Function::is_multicast:
    case Function::is_in_range:
      return Kind::ip;
    case Function::offset:
      return at == 0 ? Kind::datetime : Kind::duration;
    case Function::duration_since:
    case Function::to_date:
    case Function::to_time:
      return Kind::datetime;
    default:
      return Kind::duration;
  }
}

EvalError construct(Function function, std::string_view text, Heap& heap, Value& result) {
  if (function == Function::ip) {
    auto ip = read_ip(text);
    if (!ip) return EvalError::extension_error;
    result = heap.ip(*ip);
    return EvalError::none;
  }
  Kind kind = function == Function::decimal    ? Kind::decimal
              : function == Function::datetime ? Kind::datetime
                                               : Kind::duration;
  auto number = kind == Kind::decimal    ? read_decimal(text)
                : kind == Kind::datetime ? read_datetime(text)
                                         : read_duration(text);
  if (!number) return EvalError::extension_error;
  result = Value::of_number(kind, *number);
  return EvalError::none;
}

EvalError compare_decimals(Function function, std::int64_t a, std::int64_t b, Value& result) {
  bool less = function == Function::less_than || function == Function::less_than_or_equal;
  bool same = function == Function::less_than_or_equal || function == Function::greater_than_or_equal;
  result = Value::of((less ? a < b : a > b) || (same && a == b));
  return EvalError::none;
}

EvalError ask_ip(Function function, const Value* arguments, Value& result) {
  const Ip& ip = *arguments[0].ip;
  switch (function) {
    case Function::is_ipv4:
      result = Value::of(!ip.v6);
      break;
    case Function::is_ipv6:
      result = Value::of(ip.v6);
      break;
    case Function::is_loopback:
      result = Value::of(ip_is_loopback(ip));
      break;
    case Function::is_multicast:
      result = Value::of(ip_is_multicast(ip));
      break;
    default:
      result = Value::of(ip_in_range(ip, *arguments[1].ip));
      break;
  }
  return EvalError::none;
}

EvalError ask_datetime(Function function, const Value* arguments, Value& result) {
  std::int64_t at = arguments[0].number;
  std::int64_t number = 0;
  std::int64_t into_day = at % kDayMs;
  if (into_day < 0) into_day += kDayMs;
  bool overflow = false;
  switch (function) {
    case Function::offset:
      overflow = __builtin_add_overflow(at, arguments[1].number, &number);
      break;
    case Function::duration_since:
      overflow = __builtin_sub_overflow(at, arguments[1].number, &number);
      break;
    case Function::to_date:
      overflow = __builtin_sub_overflow(at, into_day, &number);
      break;
    default:
      number = into_day;
      break;
  }
  if (overflow) return EvalError::extension_error;
  bool date = function == Function::offset || function == Function::to_date;
  result = Value::of_number(date ? Kind::datetime : Kind::duration, number);
  return EvalError::none;
}

EvalError ask_duration(Function function, std::int64_t ms, Value& result) {
  std::int64_t unit = 1;
  switch (function) {
    case Function::to_seconds:
      unit = 1'000;
      break;
    case Function::to_minutes:
      unit = 60'000;
      break;
    case Function::to_hours:
      unit = 3'600'000;
      break;
    case Function::to_days:
      unit = kDayMs;
      break;
    default:
      break;
  }
  result = Value::of(ms / unit);
  return EvalError::none;
}

}  // namespace

const char* to_string(EvalError error) noexcept {
  switch (error) {
    case EvalError::none:
      return "none";
    case EvalError::missing_attribute:
      return "missing_attribute";
    case EvalError::missing_tag:
      return "missing_tag";
    case EvalError::unknown_entity:
      return "unknown_entity";
    case EvalError::type_error:
      return "type_error";
    case EvalError::overflow:
      return "overflow";
    case EvalError::extension_error:
      return "extension_error";
    case EvalError::arity:
      return "arity";
  }
  return "type_error";
}

const FunctionSpec* find_function(std::string_view name) {
  for (const FunctionSpec& spec : kFunctions) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

const FunctionSpec& spec_of(Function function) { return kFunctions[static_cast<std::size_t>(function)]; }

EvalError call(Function function, const Value* arguments, std::size_t count, Heap& heap, Value& result) {
  if (count != static_cast<std::size_t>(spec_of(function).arguments)) return EvalError::arity;
  for (std::size_t i = 0; i < count; ++i) {
    if (arguments[i].kind != argument_kind(function, i)) return EvalError::type_error;
  }
  switch (argument_kind(function, 0)) {
    case Kind::text:
      return construct(function, arguments[0].text(), heap, result);
    case Kind::decimal:
      return compare_decimals(function, arguments[0].number, arguments[1].number, result);
    case Kind::ip:
      return ask_ip(function, arguments, result);
    case Kind::datetime:
      return ask_datetime(function, arguments, result);
    default:
      return ask_duration(function, arguments[0].number, result);
  }
}

}  // namespace libguard::policy::cedar
