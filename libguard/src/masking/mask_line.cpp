#include "base/json.h"
#include "libguard/error.h"
#include "masking/cell_masker.h"
#include "masking/masker.h"
#include "masking/scan.h"
#include "masking/utf8.h"

namespace libguard::masking {
namespace {

std::string error_line(const Json& id, const std::string& code, const std::string& message) {
  return dump(Json{{"id", id}, {"error", {{"code", code}, {"message", message}}}});
}

// Byte offsets into code points, in one pass: the spans are in order.
Json spans_json(std::string_view text, const std::vector<Span>& spans) {
  Json out = Json::array();
  std::size_t byte = 0;
  std::size_t point = 0;
  auto point_of = [&](std::size_t at) {
    point += count_code_points(text.substr(byte, at - byte));
    byte = at;
    return point;
  };
  for (const Span& span : spans) {
    std::size_t start = point_of(span.start);
    out.push_back({{"start", start}, {"end", point_of(span.end)}, {"entity", span.entity}});
  }
  return out;
}

std::string answer(const Json& id, const std::string& text, std::string_view operator_spec) {
  static const Detectors kDetectors = builtin_detectors();
  const Operator show(operator_spec);
  std::vector<Span> spans;
  scan(text, kDetectors, spans);
  return dump(Json{{"id", id}, {"masked", replaced(text, spans, show)}, {"spans", spans_json(text, spans)}});
}

}  // namespace

std::string mask_line(std::string_view line, std::string_view operator_spec) {
  Json id;
  try {
    JsonResult json = read_json(line);
    if (!json.value || !json.value->is_object()) {
      return error_line(id, "request.malformed",
                        "the line is not a JSON object: " + (json.value ? "another value" : json.error));
    }
    if (json.value->contains("id")) id = (*json.value)["id"];
    auto text = json.value->find("text");
    if (text == json.value->end() || !text->is_string()) {
      return error_line(id, "request.malformed", "the line has no text");
    }
    return answer(id, text->get_ref<const std::string&>(), operator_spec);
  } catch (const Error& error) {
    return error_line(id, error.code(), error.what());
  } catch (const std::exception&) {
    return R"({"id":null,"error":{"code":"masking.failed","message":"the line could not be masked"}})";
  }
}

}  // namespace libguard::masking
