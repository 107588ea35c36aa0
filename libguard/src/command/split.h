#pragma once
// The statements of one text, each as a text of its own. Nothing rests on where the cuts are: each piece is understood,
// decided and run as exactly the bytes that it has, and a piece that is not one statement is refused like any other.

#include <string>
#include <string_view>
#include <vector>

#include "model/catalogue.h"

namespace libguard::command {

// Cuts at semicolons that stand outside of strings, quoted names, comments and parentheses. Pieces that hold nothing
// but space and comments are left out. Bodies with semicolons of their own (CREATE TRIGGER, BEGIN ATOMIC) come out in
// pieces. Any bytes; never throws, never reads outside of `text`.
[[nodiscard]] std::vector<std::string> split(Dialect dialect, std::string_view text);

}  // namespace libguard::command
