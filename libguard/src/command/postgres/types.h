#pragma once
// The little of PostgreSQL's type rules that is needed to prove that an overload, operator or cast cannot be meant.

#include <string_view>

namespace libguard::command::postgres {

// "public.mood" -> "mood", "varchar(10)" -> "varchar".
[[nodiscard]] std::string_view plain_type(std::string_view type);
// Known to be a type of pg_catalog that is no row; false when not known.
[[nodiscard]] bool surely_builtin(std::string_view type);
// Casting to these shows no value in an error text.
[[nodiscard]] bool is_textual(std::string_view type);
// A cast from these never goes through text, so its errors show no value.
[[nodiscard]] bool never_text(std::string_view type);
// True only when an operand of type `given` can never be used where `wanted` is declared, user-defined casts aside.
[[nodiscard]] bool cannot_be(std::string_view given, std::string_view wanted);

}  // namespace libguard::command::postgres
