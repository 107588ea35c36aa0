#pragma once
// The line that nearly every caller sends, {"id": 7, "sql": "SELECT ..."}, read without building a document first.

#include <optional>
#include <string>
#include <string_view>

namespace libguard {

struct PlainLine {
  std::string id_json = "null";
  std::string sql;
};

// Nullopt for every line that is not surely one: other members, parameters, bytes past ASCII, \u escapes, whatever is
// not JSON. Those are read, and refused, by read_json alone; what is taken here, it would read in the same way.
[[nodiscard]] std::optional<PlainLine> read_plain_line(std::string_view text);

}  // namespace libguard
