#include "command/postgres/types.h"

#include <algorithm>
#include <array>

#include "command/postgres/builtins.h"

namespace libguard::command::postgres {
namespace {

// Types between which PostgreSQL casts implicitly lie in one family; between families it never does.
enum class Family { other, number, text, time };

Family family(std::string_view type) {
  constexpr std::array<std::string_view, 8> kNumbers = {"float4", "float8", "int2",    "int4",
                                                        "int8",   "money",  "numeric", "oid"};
  constexpr std::array<std::string_view, 6> kTexts = {"bpchar", "char", "citext", "name", "text", "varchar"};
  constexpr std::array<std::string_view, 6> kTimes = {"date", "interval", "time", "timestamp", "timestamptz", "timetz"};
  auto in = [&](const auto& list) { return std::find(list.begin(), list.end(), type) != list.end(); };
  if (in(kNumbers)) return Family::number;
  if (in(kTexts)) return Family::text;
  return in(kTimes) ? Family::time : Family::other;
}

}  // namespace

std::string_view plain_type(std::string_view type) {
  const std::size_t dot = type.rfind('.');
  if (dot != std::string_view::npos) type.remove_prefix(dot + 1);
  const std::size_t length = type.find('(');
  return length == std::string_view::npos ? type : type.substr(0, length);
}

bool surely_builtin(std::string_view type) {
  if (type == kSomeBuiltinType) return true;
  if (type.empty() || type == "unknown" || type == "record") return false;
  const std::size_t dot = type.rfind('.');
  if (dot != std::string_view::npos && type.substr(0, dot) != "pg_catalog") return false;
  return is_builtin_type(plain_type(type)) || (type.starts_with("_") && is_builtin_type(type.substr(1)));
}

bool is_textual(std::string_view type) {
  constexpr std::array<std::string_view, 10> kTextual = {"\"char\"", "bpchar", "bytea", "char",    "citext",
                                                         "name",     "record", "text",  "unknown", "varchar"};
  return std::find(kTextual.begin(), kTextual.end(), plain_type(type)) != kTextual.end();
}

bool never_text(std::string_view type) {
  return type != kSomeBuiltinType && surely_builtin(type) && type != "json" && !is_textual(type);
}

bool cannot_be(std::string_view given, std::string_view wanted) {
  if (!surely_builtin(given) || wanted.starts_with("any")) return false;
  if (!surely_builtin(wanted)) return true;
  if (given == kSomeBuiltinType) return false;
  const Family from = family(plain_type(given));
  const Family to = family(plain_type(wanted));
  if (from == Family::other || to == Family::other) return plain_type(given) != plain_type(wanted) && from != to;
  return from != to;
}

}  // namespace libguard::command::postgres
