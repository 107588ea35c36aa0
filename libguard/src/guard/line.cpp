#include "guard/line.h"

#include <algorithm>

#include "base/batch_line.h"
#include "base/limits.h"
#include "guard/plain_line.h"
#include "libguard/error.h"

namespace libguard {
namespace {

Line line_of(const JsonResult& read) {
  const Json& json = *read.value;
  Line line;
  auto sql = json.find("sql");
  if (sql == json.end() || !sql->is_string()) throw Error(ErrorKind::invalid, "batch.malformed", "sql must be text");
  line.sql = sql->get<std::string>();
  auto params = json.find("params");
  if (params == json.end() || params->is_null()) return line;
  if (!params->is_array()) throw Error(ErrorKind::invalid, "batch.malformed", "params must be a list");
  if (std::any_of(read.long_integers.begin(), read.long_integers.end(),
                  [](const LongInteger& integer) { return integer.member == "params"; }))
    throw Error(ErrorKind::invalid, "batch.malformed", "an integer among the params is beyond 64 bits");
  for (const Json& param : *params) line.params.push_back(value_from_json(param));
  return line;
}

}  // namespace

std::string answer_line(std::string_view text, const std::function<std::string(const Line&)>& answer) {
  if (auto plain = read_plain_line(text))
    return answer_read_line(plain->id_json, [&] { return answer({std::move(plain->sql), {}}); });
  return answer_batch_line(text, limits::kNestingMax, [&](const JsonResult& read) { return answer(line_of(read)); });
}

}  // namespace libguard
