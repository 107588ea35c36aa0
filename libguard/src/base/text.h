#pragma once
// Small text helpers that every module needs: UTF-8, safe printing, RFC 3339 time.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::text {

[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;
// For terminals, pages and log lines: control, bidirectional and zero-width characters and bad UTF-8 become
// \u{...} escapes, so that what a person reads is what runs.
[[nodiscard]] std::string visible(std::string_view bytes);
// "2026-11-24T10:14:02.113456Z"
[[nodiscard]] std::string rfc3339(std::int64_t unix_us);
[[nodiscard]] std::string lower_ascii(std::string_view text);
// The candidate nearest to `word` by edits, when near enough to be a likely slip; else empty.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
// Percent-encodes '/', '.', '%' and '"' in a part of an entity id.
[[nodiscard]] std::string entity_part(std::string_view part);
void append_entity_part(std::string& out, std::string_view part);

}  // namespace libguard::text
