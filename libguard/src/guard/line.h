#pragma once
// One line of a batch door: {id, sql, params?} in, one answer line out, echoing id; a bad line answers
// {"id", "error": {"code", "message"}}.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/value.h"

namespace libguard {

struct Line {
  std::string sql;
  std::vector<Value> params;
};

// `answer` returns a JSON object; its Errors become the line's error. Never throws.
[[nodiscard]] std::string answer_line(std::string_view line, const std::function<std::string(const Line&)>& answer);

}  // namespace libguard
