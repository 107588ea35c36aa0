#pragma once
// What all batch doors have in common: a JSON object in, an answer line out that echoes its `id`; a bad line answers
// {"id", "error": {"code", "message"}}.

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace libguard {

// `answer` gets the line's object and returns the text of another, which the id is put in front of; an Error that it
// throws becomes the line's error, anything else "guard.internal". A line that is no JSON object is "batch.malformed".
// The id comes back as it was written, an integer of any length too. Never throws.
using LineAnswer = std::function<std::string(const JsonResult& line)>;
[[nodiscard]] std::string answer_batch_line(std::string_view text, int nesting_max, const LineAnswer& answer);

// The same for a line that the caller has read; `id_json` is JSON.
[[nodiscard]] std::string answer_read_line(const std::string& id_json, const std::function<std::string()>& answer);

}  // namespace libguard
