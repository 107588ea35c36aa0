#pragma once
// How a value is hidden. Specs: "redact" -> NULL-like "[redacted]"; "label" -> "<EMAIL_ADDRESS>" or "<pii.email>";
// "partial:first=N,last=M" -> keeps that many code points, never more than half of them.

#include <string>
#include <string_view>

#include "libguard/value.h"

namespace libguard::masking {

class Operator {
 public:
  // Throws Error(configuration, "masking.operator") for an unknown or malformed spec.
  explicit Operator(std::string_view spec);
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  // `label`: the class or entity. A NULL stays NULL: its absence is the only thing shown.
  [[nodiscard]] Value apply(const Value& value, std::string_view label) const;
  [[nodiscard]] std::string apply(std::string_view text, std::string_view label) const;
  // The stricter of two, for a column of several classes.
  [[nodiscard]] static const Operator& stricter(const Operator& a, const Operator& b);

 private:
  std::string name_;
  int first_ = 0;
  int last_ = 0;
};

}  // namespace libguard::masking
