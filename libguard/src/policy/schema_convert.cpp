// Schemas from one of Cedar's forms into the other, and libguard's own.
#include "base/json.h"
#include "policy/cedar/excerpt.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/schema.h"
#include "policy/decider.h"
#include "policy/libguard_schema.h"

namespace libguard::policy {
namespace {

Json refusal(const cedar::SchemaError& error, std::string_view text) {
  Json out{{"ok", false}, {"error", {{"code", "schema.malformed"}, {"message", error.message}}}};
  if (text.empty()) return out;
  cedar::Position at = cedar::position_of(text, error.offset);
  out["error"]["line"] = at.line;
  out["error"]["column"] = at.column;
  out["error"]["excerpt"] = cedar::excerpt(text, error.offset);
  return out;
}

// The JSON form is an object; no text form begins with a brace.
Json convert(std::string_view source, bool to_json) {
  auto start = source.find_first_not_of(" \t\r\n");
  bool from_json = start != std::string_view::npos && source[start] == '{';
  cedar::SchemaError error;
  std::optional<cedar::WrittenSchema> written;
  if (from_json) {
    JsonResult json = read_json(source, 4 * cedar::limits::kTypeDepthMax);
    if (json.value)
      written = cedar::read_schema_json(*json.value, error);
    else
      error = {json.error, 0};
  } else {
    written = cedar::read_schema_text(source, error);
  }
  cedar::Names names;
  if (!written || !cedar::resolve_schema(*written, names, error)) return refusal(error, from_json ? "" : source);
  if (to_json) return {{"ok", true}, {"schema", cedar::schema_to_json(*written)}};
  auto text = cedar::schema_to_text(*written, error);
  if (!text) return refusal(error, "");
  return {{"ok", true}, {"schema", std::move(*text)}};
}

}  // namespace

std::string convert_schema(std::string_view source, bool to_json) {
  try {
    return dump(convert(source, to_json));
  } catch (const std::exception&) {
    return dump(refusal({"the schema could not be converted", 0}, ""));
  }
}

std::string_view schema_text() { return shipped_schema_text(); }

}  // namespace libguard::policy
