#include "base/batch_line.h"

#include <algorithm>

#include "base/json_writer.h"
#include "libguard/error.h"

namespace libguard {
namespace {

std::string error_line(const std::string& id_json, std::string_view code, std::string_view message) {
  std::string out = "{\"id\":" + id_json + ",\"error\":{\"code\":";
  append_json_string(out, code);
  out += ",\"message\":";
  append_json_string(out, message);
  return out + "}}";
}

std::string id_of(const JsonResult& line) {
  auto id = line.value->find("id");
  if (id == line.value->end()) return "null";
  auto longer = std::find_if(line.long_integers.begin(), line.long_integers.end(),
                             [](const LongInteger& integer) { return integer.directly && integer.member == "id"; });
  return longer == line.long_integers.end() ? dump(*id) : longer->digits;
}

}  // namespace

std::string answer_read_line(const std::string& id_json, const std::function<std::string()>& answer) {
  try {
    std::string body = answer();
    return "{\"id\":" + id_json + (body == "{}" ? "" : ",") + body.substr(1);
  } catch (const Error& error) {
    return error_line(id_json, error.code(), error.what());
  } catch (const std::exception&) {
    return error_line(id_json, "guard.internal", "something broke inside the guard");
  }
}

std::string answer_batch_line(std::string_view text, int nesting_max, const LineAnswer& answer) {
  try {
    JsonResult line = read_json(text, nesting_max);
    if (!line.value) return error_line("null", "batch.malformed", "the line is not JSON: " + line.error);
    if (!line.value->is_object()) return error_line("null", "batch.malformed", "a line is a JSON object");
    return answer_read_line(id_of(line), [&] { return answer(line); });
  } catch (const std::exception&) {
    return error_line("null", "guard.internal", "something broke inside the guard");
  }
}

}  // namespace libguard
