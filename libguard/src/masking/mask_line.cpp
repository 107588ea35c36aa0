#include "base/batch_line.h"
#include "base/limits.h"
#include "libguard/error.h"
#include "masking/cell_masker.h"
#include "masking/masker.h"
#include "masking/scan.h"
#include "masking/utf8.h"

namespace libguard::masking {
namespace {

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

std::string answer(const std::string& text, std::string_view operator_spec) {
  static const Detectors kDetectors = builtin_detectors();
  const Operator show(operator_spec);
  std::vector<Span> spans;
  scan(text, kDetectors, spans);
  return dump(Json{{"masked", replaced(text, spans, show)}, {"spans", spans_json(text, spans)}});
}

}  // namespace

std::string mask_line(std::string_view line, std::string_view operator_spec) {
  return answer_batch_line(line, limits::kNestingMax, [&](const JsonResult& read) {
    auto text = read.value->find("text");
    if (text == read.value->end() || !text->is_string())
      throw Error(ErrorKind::invalid, "batch.malformed", "the line has no text");
    return answer(text->get_ref<const std::string&>(), operator_spec);
  });
}

}  // namespace libguard::masking
