#pragma once
// Finds sensitive spans in text. Extension kind: one file, one line in builtin.cpp, the contract suite.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::masking {

struct Span {
  std::size_t start = 0;     // byte offsets, end exclusive
  std::size_t end = 0;
  std::string entity;        // Presidio's names: EMAIL_ADDRESS, CREDIT_CARD, US_SSN ...; ours: JWT
};

// Thread-safe, never throws, linear in the text.
class Detector {
 public:
  virtual ~Detector() = default;
  [[nodiscard]] virtual std::string_view entity() const = 0;
  virtual void find(std::string_view text, std::vector<Span>& spans) const = 0;
};

// EMAIL_ADDRESS, CREDIT_CARD, US_SSN, JWT.
[[nodiscard]] std::vector<std::shared_ptr<const Detector>> builtin_detectors();

}  // namespace libguard::masking
