#pragma once
// What PostgreSQL itself brings: functions (vetted), operators, types and system relations, as compiled-in sorted
// tables. A function is `safe` when calling it changes nothing, runs no SQL text, and shows no server file, setting,
// secret or other session. Where overloads differ, the worst counts.

#include <string_view>

namespace libguard::command::postgres {

struct Builtin {
  std::string_view name;
  bool safe;
  char volatility;
  char kind;
  bool polymorphic;  // the result's type depends on the arguments, or is a row
  bool without_arguments;
};

// The result of a built-in that is some built-in type, never a row and never a user's.
inline constexpr std::string_view kSomeBuiltinType = "pg_catalog";

// Null when pg_catalog has no function of this name.
[[nodiscard]] const Builtin* find_builtin(std::string_view name);
// "key,value" for functions that return several columns, else empty.
[[nodiscard]] std::string_view builtin_columns(std::string_view name);
[[nodiscard]] bool is_builtin_operator(std::string_view name);
[[nodiscard]] bool is_builtin_type(std::string_view name);
// Operators that make a value of their operands, as opposed to testing them.
[[nodiscard]] bool is_value_operator(std::string_view name);
// Aggregates whose result keeps the values of many rows: row limits cannot help against them.
[[nodiscard]] bool keeps_values(std::string_view aggregate);
// Window functions that tell where a row stands in the order, and nothing else.
[[nodiscard]] bool is_ranking(std::string_view name);
// Functions whose error text may show their argument.
[[nodiscard]] bool error_shows_argument(std::string_view name);
// Built-ins that are not safe, yet destroy nothing.
[[nodiscard]] bool is_mild(std::string_view name);
// Relations of pg_catalog and information_schema that describe the schema only: no data, settings, secrets, sessions.
[[nodiscard]] bool is_open_system_relation(std::string_view schema, std::string_view name);
// SHOW of these tells nothing about files, hosts or secrets.
[[nodiscard]] bool is_open_setting(std::string_view name);

}  // namespace libguard::command::postgres
