#include "guard/line.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "guard/plain_line.h"
#include "libguard/error.h"

namespace libguard {
namespace {

std::string error_line(const std::string& id_json, const std::string& code, std::string_view message) {
  std::string out = "{\"id\":" + id_json + ",\"error\":{\"code\":";
  append_json_string(out, code);
  out += ",\"message\":";
  append_json_string(out, message);
  return out + "}}";
}

Line line_of(const Json& json) {
  Line line;
  auto sql = json.find("sql");
  if (sql == json.end() || !sql->is_string()) throw Error(ErrorKind::invalid, "batch.malformed", "sql must be text");
  line.sql = sql->get<std::string>();
  auto params = json.find("params");
  if (params == json.end() || params->is_null()) return line;
  if (!params->is_array()) throw Error(ErrorKind::invalid, "batch.malformed", "params must be a list");
  for (const Json& param : *params) line.params.push_back(value_from_json(param));
  return line;
}

}  // namespace

std::string answer_line(std::string_view text, const std::function<std::string(const Line&)>& answer) {
  std::string id_json = "null";
  auto answered = [&](const Line& line) {
    std::string body = answer(line);
    return "{\"id\":" + id_json + (body == "{}" ? "" : ",") + body.substr(1);
  };
  try {
    if (auto plain = read_plain_line(text)) {
      id_json = std::move(plain->id_json);
      return answered({std::move(plain->sql), {}});
    }
    JsonResult result = read_json(text);
    if (!result.value) return error_line(id_json, "batch.malformed", "the line is not JSON: " + result.error);
    if (!result.value->is_object()) return error_line(id_json, "batch.malformed", "a line is a JSON object");
    auto id = result.value->find("id");
    if (id != result.value->end()) id_json = dump(*id);
    return answered(line_of(*result.value));
  } catch (const Error& error) {
    return error_line(id_json, error.code(), error.what());
  } catch (const std::exception&) {
    return error_line(id_json, "guard.internal", "something broke inside the guard");
  }
}

}  // namespace libguard
