#pragma once
// System relations that hold other tables' values: samples of columns, and the texts of statements with their literals.
// What is in them has no column of its own by which it could be masked, so whoever may not see a class is refused.

#include <string_view>

#include "model/catalogue.h"

namespace libguard::policy {

// `column` is "schema.table.column" of a system relation, or "schema.table.*".
[[nodiscard]] bool holds_values(std::string_view column, Dialect dialect) noexcept;

}  // namespace libguard::policy
