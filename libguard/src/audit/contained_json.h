#pragma once
// Whether JSON that others hand in can stand inside a record.

#include <string_view>

namespace libguard::audit {

// True for exactly one JSON value (RFC 8259) on one line, well-formed UTF-8, nested at most half as deep as readers
// accept, since it stands inside a record. Twice the same member name is not looked for: that needs memory, and this
// runs on every row that leaves. Never recurses, never allocates.
[[nodiscard]] bool is_contained_json(std::string_view text) noexcept;

}  // namespace libguard::audit
