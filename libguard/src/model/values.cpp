#include "model/values.h"

#include <algorithm>
#include <bit>

namespace libguard {

bool same_value(const Value& a, const Value& b) noexcept {
  const auto* one = std::get_if<double>(&a);
  const auto* other = std::get_if<double>(&b);
  if (one == nullptr || other == nullptr) return a == b;
  return std::bit_cast<std::uint64_t>(*one) == std::bit_cast<std::uint64_t>(*other);
}

bool same_values(std::span<const Value> a, std::span<const Value> b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), &same_value);
}

}  // namespace libguard
