#pragma once
// Finds sensitive spans in text. The interface for detectors of your own, in C++ or (through the bindings) in Python:
//
//   class BadgeNumber final : public libguard::masking::Detector {
//     std::string_view entity() const override { return "BADGE_NUMBER"; }
//     void find(std::string_view text, std::vector<Span>& spans) const override {
//       for (auto at = text.find("B-"); at != text.npos; at = text.find("B-", at + 1)) {
//         if (at + 8 <= text.size()) spans.push_back({at, at + 8, "BADGE_NUMBER"});
//       }
//     }
//   };
//
// A detector sees a text as it is and, when that differs, once more with look-alike digits, hyphens and spaces folded
// to ASCII and zero-width characters dropped; offsets are translated back for it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::masking {

struct Span {
  std::size_t start = 0;  // byte offsets, end exclusive
  std::size_t end = 0;
  std::string entity;  // Presidio's names: EMAIL_ADDRESS, CREDIT_CARD, US_SSN ...; ours: JWT
  bool operator==(const Span&) const = default;
};

// Thread-safe, linear in the text; the text may be any bytes. `find` appends to `spans`; what it throws refuses the
// whole result, for then nobody knows what is in it.
class Detector {
 public:
  virtual ~Detector() = default;
  [[nodiscard]] virtual std::string_view entity() const = 0;
  virtual void find(std::string_view text, std::vector<Span>& spans) const = 0;
};

}  // namespace libguard::masking
