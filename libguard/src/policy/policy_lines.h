#pragma once
// Doors over policy texts: JSON in, JSON out. None throws, whatever the bytes.

#include <string>
#include <string_view>

namespace libguard::policy {

// `{id, policies}` -> `{id, ok, policies, templates, error: {line, column, message, excerpt}}` with Cedar's meaning of
// ok.
[[nodiscard]] std::string parse_line(std::string_view line);
// `{id, policies, links?}` (text) -> `{id, json}`, or `{id, json}` -> `{id, policies}`; `{id, error}` when it cannot.
[[nodiscard]] std::string convert_line(std::string_view line);
// `{id, policies, width?}` -> `{id, policies}`: the same tokens and comments, laid out; `{id, error}` when it is not
// Cedar.
[[nodiscard]] std::string format_line(std::string_view line);

}  // namespace libguard::policy
