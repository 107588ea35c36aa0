#pragma once
// The values that enter as parameters and leave as rows: one small closed set for every backend.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace libguard {

// Raw bytes (BLOB, bytea). A type of its own, so that bytes are never mistaken for text.
struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};

// An exact decimal as text, `-?digits[.digits]`: never a double on the way.
struct Decimal {
  std::string digits;
  bool operator==(const Decimal&) const = default;
};

struct Null {
  bool operator==(const Null&) const = default;
};

// Text is UTF-8. Everything a backend knows beyond this set (dates, uuid, json ...) is text here and is
// named by its column's `type`. JSON form: null, true, 1, 1.5, "text", {"$bytes": base64},
// {"$decimal": "1.50"}, {"$real": "NaN" | "Infinity" | "-Infinity"}.
using Value = std::variant<Null, bool, std::int64_t, double, std::string, Bytes, Decimal>;
using Row = std::vector<Value>;

}  // namespace libguard
