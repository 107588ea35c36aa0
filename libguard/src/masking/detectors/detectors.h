#pragma once
// One function for each built-in detector, and the few helpers that they share.

#include <cstddef>
#include <memory>
#include <string_view>

#include "masking/detector.h"

namespace libguard::masking {

[[nodiscard]] std::shared_ptr<const Detector> email_address_detector();
[[nodiscard]] std::shared_ptr<const Detector> credit_card_detector();
[[nodiscard]] std::shared_ptr<const Detector> us_ssn_detector();
[[nodiscard]] std::shared_ptr<const Detector> jwt_detector();

// Does the name of a column or JSON member say that it holds a US social security or taxpayer number?
[[nodiscard]] bool names_ssn(std::string_view name);

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
[[nodiscard]] constexpr bool is_alnum(char c) noexcept { return is_digit(c) || is_alpha(c); }
[[nodiscard]] constexpr bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The cheap question before the dear one; written so that the compiler can do 16 bytes at a time.
[[nodiscard]] inline bool has_digits(std::string_view text, unsigned least) noexcept {
  if (text.size() < least) return false;
  std::size_t count = 0;
  for (char c : text) count += static_cast<unsigned char>(c - '0') < 10 ? 1 : 0;
  return count >= least;
}

}  // namespace libguard::masking
