#include "guard/record_text.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/json_writer.h"
#include "base/last_seen.h"
#include "base/text.h"
#include "model/command_facts.h"

namespace libguard {
namespace {

constexpr std::string_view kWithheld = "<withheld>";

bool classified(const Frame& frame, const std::string& connection, const std::string& column) {
  return !classes_of(frame, connection, column).empty();
}

// Does any literal of the command stand against a classified column, tested or assigned?
bool touches_classified(const Command& command, const Frame& frame, const std::string& connection) {
  if (frame.classes.empty()) return false;
  auto hit = [&](const std::string& column) { return classified(frame, connection, column); };
  for (const TestedColumn& test : command.tests) {
    if (hit(test.column)) return true;
  }
  for (const AssignedValue& value : command.assigned) {
    if (hit(value.column)) return true;
  }
  for (const Touch& touch : command.touches) {
    if (touch.action == "select") continue;
    if (touch.columns_written.empty() && hit(touch.object + ".*")) return true;
    for (const std::string& column : touch.columns_written) {
      if (hit(touch.object + "." + column)) return true;
    }
  }
  return std::any_of(command.carries.begin(), command.carries.end(), hit) ||
         std::any_of(command.error_reveals.begin(), command.error_reveals.end(), hit);
}

std::string without_literals(const std::string& text, std::vector<LiteralSpan> spans) {
  std::sort(spans.begin(), spans.end(), [](const LiteralSpan& a, const LiteralSpan& b) { return a.start < b.start; });
  std::string out;
  std::size_t at = 0;
  for (const LiteralSpan& span : spans) {
    if (span.start < at || span.end > text.size() || span.end < span.start) continue;
    out.append(text, at, span.start - at).append("<literal>");
    at = span.end;
  }
  return out.append(text, at, std::string::npos);
}

// A text that was not understood has no spans: everything between quotes and every run of digits is taken out.
std::string without_anything_quoted(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i];
    if (c == '\'' || c == '"' || c == '$') {
      std::size_t end = text.find(c, i + 1);
      out += "<literal>";
      i = end == std::string::npos ? text.size() : end + 1;
    } else if (c >= '0' && c <= '9') {
      while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
      out += "<literal>";
    } else {
      out += c;
      ++i;
    }
  }
  return out;
}

std::string params_json(const std::vector<Value>& params, bool hide, const masking::Masker& masker) {
  if (params.empty()) return {};
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const Value& param : params) {
    if (hide) {
      json.text("<parameter>");
    } else if (const auto* text = std::get_if<std::string>(&param)) {
      json.text(scrub_for_record(masker, *text));
    } else if (std::holds_alternative<Bytes>(param)) {
      json.text("<bytes>");
    } else {
      std::string plain;
      append_json_value(plain, param);
      std::string scrubbed = scrub_for_record(masker, plain);
      scrubbed == plain ? json.raw(plain) : json.text(scrubbed);
    }
  }
  json.end_array();
  return out;
}

std::string digest_of_text(const Request& request, const std::string& key) {
  std::string input = request.kind == RequestKind::tool ? request.tool + '\0' + request.arguments : request.text;
  for (const Value& param : request.params) {
    input += '\0';
    append_json_value(input, param);
  }
  return crypto::hex(crypto::hmac_sha256(key, input));
}

// The agent chose them, so they are scrubbed like everything that it says.
std::vector<std::string> argument_names(const Request& request, const masking::Masker& masker) {
  std::vector<std::string> names;
  JsonResult read = read_json(request.arguments.empty() ? "{}" : request.arguments);
  if (!read.value || !read.value->is_object()) return names;
  for (const auto& [name, value] : read.value->items()) names.push_back(scrub_for_record(masker, name));
  return names;
}

}  // namespace

namespace {

// What a record says of a command is the same each time. Agents say the same few statements again and again, so each
// thread keeps the last ones.
template <typename What>
using OfCommand = LastSeen<std::shared_ptr<const Command>, What>;

struct ShownText {
  std::uint64_t masker = 0;  // whose detectors judged it
  bool hide = false;         // its parameters
  std::string text;
};

ShownText shown_text(const Request& request, const std::shared_ptr<const Command>& command, const Frame& frame,
                     const masking::Masker& masker) {
  thread_local OfCommand<ShownText> seen;
  const bool as_understood = request.text == command->text && request.connection == command->connection;
  const ShownText* known = as_understood ? seen.find(command) : nullptr;
  if (known != nullptr && known->masker == masker.id()) return *known;
  ShownText shown{masker.id(), touches_classified(*command, frame, request.connection), {}};
  shown.text = scrub_for_record(masker, shown.hide ? without_literals(request.text, command->literals) : request.text);
  if (as_understood && shown.text != kWithheld) seen.keep(command, shown);
  return shown;
}

// Not understood: what its literals are is not known, so all that could be one is taken out.
ShownText shown_text(const Request& request, const Frame& frame, const masking::Masker& masker) {
  const bool hide = !frame.classes.empty();
  return {masker.id(), hide, scrub_for_record(masker, hide ? without_anything_quoted(request.text) : request.text)};
}

// {"decided_us": and the digits of any time.
constexpr std::size_t kHeadBytesMax = 40;

// The facts, but for the moment at which policy was asked.
std::string kept_facts(const std::shared_ptr<const Command>& command, std::int64_t decided_us) {
  thread_local OfCommand<std::string> seen;
  const std::string* known = seen.find(command);
  std::string head;
  head.reserve(kHeadBytesMax + (known != nullptr ? known->size() : 0));
  JsonWriter(head).begin_object().number("decided_us", decided_us);
  if (known != nullptr) {
    head += *known;
    return head;
  }
  std::string facts = facts_json_text(*command, decided_us);
  // Else it was cut: too long to be kept anywhere.
  if (facts.starts_with(head)) seen.keep(command, facts.substr(head.size()));
  return facts;
}

}  // namespace

RecordText record_text(const Request& request, const std::shared_ptr<const Command>& command, const Frame& frame,
                       const masking::Masker& masker, const std::string& digest_key) {
  RecordText out;
  out.digest = digest_of_text(request, digest_key);
  if (request.kind == RequestKind::tool) {
    out.command = scrub_for_record(masker, request.arguments);
    out.whole = !withheld(out.command);
    return out;
  }
  const bool understood = command != nullptr && command->understood;
  ShownText shown = understood ? shown_text(request, command, frame, masker) : shown_text(request, frame, masker);
  out.command = std::move(shown.text);
  out.params_json = params_json(request.params, shown.hide, masker);
  out.whole = !withheld(out.command) && !withheld(out.params_json);
  return out;
}

std::string facts_text(const Request& request, const std::shared_ptr<const Command>& command,
                       const masking::Masker& masker, std::int64_t decided_us) {
  if (request.kind == RequestKind::tool) return tool_facts_json_text(argument_names(request, masker), decided_us);
  bool asked = command != nullptr && command->understood && command->runnable;
  return asked ? kept_facts(command, decided_us) : std::string();
}

std::string scrub_for_record(const masking::Masker& masker, std::string_view text) {
  try {
    return masker.scrub(text);
  } catch (const std::exception&) {
    return std::string(kWithheld);
  }
}

bool withheld(std::string_view text) { return text.find(kWithheld) != std::string_view::npos; }

std::string response_json(const Outcome& outcome) {
  std::string out;
  out.reserve(512);  // many answers, whole
  JsonWriter json(out);
  if (outcome.columns.empty()) {
    json.text(outcome.result);
    return out;
  }
  json.begin_object().begin_array("columns");
  for (const OutcomeColumn& column : outcome.columns) json.text(column.name);
  json.end_array().begin_array("rows");
  for (const Row& row : outcome.rows) {
    json.begin_array();
    for (const Value& value : row) json.value(value);
    json.end_array();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace libguard
