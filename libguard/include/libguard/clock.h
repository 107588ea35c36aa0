#pragma once
// Time and chance come through interfaces, so that golden records are byte-exact in tests.

#include <cstdint>
#include <string>
#include <string_view>

#include "libguard/api.h"

namespace libguard {

// Thread-safe. Microseconds since 1970-01-01 UTC; records print them as RFC 3339 with 'Z'.
class LIBGUARD_API Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::int64_t now_us() const = 0;
};

// Thread-safe. Ids are unguessable where a guess would matter (tickets, token ids) and sort by time.
class LIBGUARD_API IdSource {
 public:
  virtual ~IdSource() = default;
  // "r-01J9ZK..." : the prefix, '-', 26 characters of Crockford base 32 (48 bits of time, 80 of chance).
  [[nodiscard]] virtual std::string make(std::string_view prefix) = 0;
};

}  // namespace libguard
