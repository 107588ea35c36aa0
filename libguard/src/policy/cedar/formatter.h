#pragma once
// Writes Cedar policies the way they are read best. Tokens stay as they are, in their order, and comments stay with
// them: what a text means cannot change, and to format twice changes nothing more.

#include <optional>
#include <string>
#include <string_view>

#include "policy/cedar/library.h"

namespace libguard::policy::cedar {

namespace limits {
inline constexpr std::size_t kFormatWidthMin = 40;
inline constexpr std::size_t kFormatWidthMax = 400;
inline constexpr std::size_t kFormatWidth = 120;
}  // namespace limits

// A complaint when `source` is not Cedar; then `out` stays as it is.
[[nodiscard]] std::optional<Complaint> format_policies(std::string_view source, std::size_t width, std::string& out);

}  // namespace libguard::policy::cedar
