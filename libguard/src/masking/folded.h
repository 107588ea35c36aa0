#pragma once
// A text as a reader would take it: look-alike digits, letters, hyphens, dots and spaces become ASCII, characters that
// do not show are dropped, and backslash escapes of JSON and source code are undone. With a map back to the original.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::masking {

struct Folded {
  std::string text;
  std::vector<std::size_t> start;  // of each folded byte: where its character starts in the original ...
  std::vector<std::size_t> end;    // ... and where it ends
};

// Quick: false means that folding would change nothing.
[[nodiscard]] bool may_fold(std::string_view text) noexcept;
[[nodiscard]] Folded fold(std::string_view text);

}  // namespace libguard::masking
