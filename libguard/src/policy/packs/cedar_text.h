#pragma once
// A string as a Cedar literal, quotes included: whatever the bytes, they stay one literal.

#include <string>
#include <string_view>

namespace libguard::policy {

[[nodiscard]] std::string cedar_text(std::string_view text);

}  // namespace libguard::policy
