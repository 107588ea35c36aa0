#pragma once
// A place of a text as a person wants to see it: the line, and a caret below.

#include <string>
#include <string_view>

namespace libguard::policy::cedar {

// "  3 | permit (principal, acton, resource);\n    |                    ^". At most about 100 characters of the line are
// shown around the place; control, bidirectional and zero-width characters are escaped, as many columns as they take.
[[nodiscard]] std::string excerpt(std::string_view source, std::size_t offset);

}  // namespace libguard::policy::cedar
