#pragma once
// What comes back: the server's text form of a value as a Value, and the names of built-in types.

#include <libpq-fe.h>

#include <string>

#include "libguard/value.h"

namespace libguard::backend::postgres {

// "int4", "text[]"; "oid:NNN" for types that are not built in.
[[nodiscard]] std::string type_name(Oid type);
// False only for types whose values cannot hold words (numbers, dates, booleans, uuid).
[[nodiscard]] bool is_textual(Oid type) noexcept;
// The value in one cell. A text that does not read as its type says (which no server sends) stays text.
[[nodiscard]] Value decode(const PGresult* result, int row, int column);
// About the memory that a row takes, for bytes_max.
[[nodiscard]] std::int64_t row_bytes(const PGresult* result, int row) noexcept;

}  // namespace libguard::backend::postgres
