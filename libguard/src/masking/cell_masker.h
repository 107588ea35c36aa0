#pragma once
// The value detectors on one cell: text, leaves of JSON text, bytes, and numbers that are really text. One object for
// each result; not thread-safe.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/value.h"
#include "masking/operator.h"
#include "masking/scan.h"

namespace libguard::masking {

class CellMasker {
 public:
  CellMasker(const Detectors& detectors, const Operator& show, std::map<std::string, std::int64_t>& counts)
      : detectors_(detectors), show_(show), counts_(counts) {}

  // True when something was hidden. `column` is context: "ssn" next to nine digits says what they are. `textual`
  // false: text of a type that holds no prose (a date, a uuid) is left alone.
  bool mask(Value& value, std::string_view column, bool textual);
  bool mask_text(std::string& text);

 private:
  bool mask_plain(std::string& text, std::string_view context);
  bool mask_json(std::string& text);
  void replace_spans(std::string& text);
  std::optional<std::string> mask_number(std::string_view digits, std::string_view member);
  bool mask_digits(Value& value, std::string digits, std::string_view column);
  bool mask_bytes(Value& value);
  void count(std::string_view entity);

  const Detectors& detectors_;
  const Operator& show_;
  std::map<std::string, std::int64_t>& counts_;
  std::vector<Span> spans_;
};

// Replaces every span of `text`; the spans are in order and apart.
[[nodiscard]] std::string replaced(std::string_view text, const std::vector<Span>& spans, const Operator& show);

}  // namespace libguard::masking
