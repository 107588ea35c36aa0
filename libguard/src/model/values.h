#pragma once
// Comparing values as what they are, where == compares them as numbers.

#include <span>

#include "libguard/value.h"

namespace libguard {

// The same type and bits: -0.0 is not 0.0, and NaN is itself.
[[nodiscard]] bool same_value(const Value& a, const Value& b) noexcept;
[[nodiscard]] bool same_values(std::span<const Value> a, std::span<const Value> b) noexcept;

}  // namespace libguard
