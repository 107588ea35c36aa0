#include "model/request_json.h"

#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/text.h"
#include "libguard/error.h"
#include "model/json_members.h"

namespace libguard {
namespace {

constexpr std::array<std::string_view, 5> kHopKinds = {"user", "crew", "agent", "task", "tool"};

Json read_or_throw(std::string_view text, const char* what, bool numbers_are_ours = true) {
  JsonResult read = read_json(text);
  if (!read.value) throw Error(ErrorKind::invalid, "request.malformed", std::string(what) + ": " + read.error);
  // What is read into numbers of ours; the arguments of a tool stay the text that they are.
  if (numbers_are_ours && !read.long_integers.empty())
    throw Error(ErrorKind::invalid, "request.malformed", std::string(what) + ": an integer is beyond 64 bits");
  return std::move(*read.value);
}

RequestKind kind_of(JsonMembers& members) {
  std::string kind = "sql";
  members.text("kind", kind, limits::kNameBytesMax);
  if (kind != "sql" && kind != "tool") members.refuse("kind", "must be \"sql\" or \"tool\"");
  return kind == "sql" ? RequestKind::sql : RequestKind::tool;
}

void read_statement(JsonMembers& members, std::string& text) {
  const Json* member = members.find("text");
  if (member == nullptr) return;
  if (member->is_string()) {
    text = member->get<std::string>();
  } else {
    if (!member->is_object() || member->size() != 1 || !member->contains("$bytes") ||
        !member->at("$bytes").is_string()) {
      members.refuse("text", "must be text or {\"$bytes\": base64}");
    }
    auto bytes = crypto::from_base64(member->at("$bytes").get_ref<const std::string&>());
    if (!bytes) members.refuse("text", "is not base64");
    text = std::move(*bytes);
  }
  if (text.size() > limits::kCommandBytesMax) {
    members.refuse("text", "is longer than " + std::to_string(limits::kCommandBytesMax) + " bytes");
  }
}

std::size_t bytes_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* bytes = std::get_if<Bytes>(&value)) return bytes->data.size();
  if (const auto* decimal = std::get_if<Decimal>(&value)) return decimal->digits.size();
  return sizeof(std::int64_t);
}

void read_params(JsonMembers& members, std::vector<Value>& params) {
  const Json* member = members.array("params", limits::kParamsMax);
  if (member == nullptr) return;
  params.reserve(member->size());
  for (const Json& element : *member) {
    params.push_back(value_from_json(element));
    if (bytes_of(params.back()) > limits::kParamBytesMax) members.refuse("params", "holds a value that is too long");
  }
}

void read_arguments(JsonMembers& members, std::string& arguments) {
  members.text("arguments", arguments, limits::kParamBytesMax);
  if (arguments.empty()) return;
  if (!read_or_throw(arguments, "request.arguments", false).is_object())
    members.refuse("arguments", "must be a JSON object as text");
}

void read_hops(JsonMembers& members, std::vector<Hop>& hops) {
  const Json* member = members.array("hops", limits::kHopsMax);
  if (member == nullptr) return;
  for (const Json& element : *member) {
    JsonMembers fields(element, "request.hops[" + std::to_string(hops.size()) + "]");
    Hop hop;
    fields.text("kind", hop.kind, limits::kNameBytesMax);
    fields.text("name", hop.name, limits::kHopBytesMax);
    fields.boolean("verified", hop.verified);
    fields.done();
    if (std::find(kHopKinds.begin(), kHopKinds.end(), hop.kind) == kHopKinds.end()) {
      fields.refuse("kind", "must be user, crew, agent, task or tool");
    }
    // Only a token or key proves a hop; what the caller says of itself is an assertion.
    if (hop.verified) fields.refuse("verified", "must be false: a request can only assert a hop");
    hops.push_back(std::move(hop));
  }
}

std::optional<std::int64_t> read_span(JsonMembers& members, std::string_view name) {
  std::int64_t span_ms = 0;
  if (!members.integer(name, span_ms, 0, limits::kDeadlineMsMax)) return std::nullopt;
  return span_ms;
}

// JSON text cannot hold arbitrary bytes, and replacing some would change the command.
void append_statement(JsonWriter& writer, const std::string& text) {
  if (text::is_utf8(text)) {
    writer.text("text", text);
    return;
  }
  std::string bytes;
  append_json_value(bytes, Bytes{text});
  writer.raw("text", bytes);
}

OutcomeState state_of(JsonMembers& members) {
  std::string word;
  members.text("state", word, limits::kNameBytesMax);
  for (OutcomeState state : {OutcomeState::refused, OutcomeState::pending, OutcomeState::completed,
                             OutcomeState::failed, OutcomeState::in_doubt}) {
    if (word == to_string(state)) return state;
  }
  members.refuse("state", "must be refused, pending, completed, failed or in_doubt");
}

constexpr std::size_t kAnyCount = static_cast<std::size_t>(-1);  // bounded by kJsonBytesMax alone
constexpr std::size_t kAnyBytes = static_cast<std::size_t>(-1);

OutcomeColumn read_column(const Json& element, std::size_t index) {
  JsonMembers fields(element, "outcome.columns[" + std::to_string(index) + "]");
  OutcomeColumn column;
  fields.text("name", column.name, kAnyBytes);
  fields.text("type", column.type, kAnyBytes);
  fields.boolean("masked", column.masked);
  fields.text("class", column.data_class, kAnyBytes);
  fields.text("operator", column.op, kAnyBytes);
  fields.done();
  return column;
}

void read_rows(JsonMembers& members, std::vector<Row>& rows) {
  const Json* member = members.array("rows", kAnyCount);
  if (member == nullptr) return;
  rows.reserve(member->size());
  for (const Json& element : *member) {
    if (!element.is_array()) members.refuse("rows", "must hold arrays");
    Row& row = rows.emplace_back();
    row.reserve(element.size());
    for (const Json& cell : element) row.push_back(value_from_json(cell));
  }
}

void append_columns(JsonWriter& writer, const std::vector<OutcomeColumn>& columns) {
  writer.begin_array("columns");
  for (const OutcomeColumn& column : columns) {
    writer.begin_object().text("name", column.name).text("type", column.type).boolean("masked", column.masked);
    writer.text("class", column.data_class).text("operator", column.op).end_object();
  }
  writer.end_array();
}

// The hot loop of a large answer: 10,000 rows.
void append_rows(std::string& out, const std::vector<Row>& rows) {
  out += '[';
  for (const Row& row : rows) {
    if (out.back() != '[') out += ',';
    out += '[';
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 0) out += ',';
      append_json_value(out, row[i]);
    }
    out += ']';
  }
  out += ']';
}

}  // namespace

Request request_from_json_text(std::string_view text) {
  Json json = read_or_throw(text, "request");
  JsonMembers members(json, "request");
  Request request;
  request.kind = kind_of(members);
  members.text("connection", request.connection, limits::kNameBytesMax);
  read_statement(members, request.text);
  read_params(members, request.params);
  members.text("tool", request.tool, limits::kHopBytesMax);
  read_arguments(members, request.arguments);
  read_hops(members, request.hops);
  members.text("explanation", request.explanation, limits::kNoteBytesMax);
  members.text("purpose", request.purpose, limits::kNoteBytesMax);
  members.text("ticket", request.ticket, limits::kNameBytesMax);
  request.wait_ms = read_span(members, "wait_ms");
  request.deadline_ms = read_span(members, "deadline_ms");
  members.done();
  return request;
}

std::string to_json_text(const Request& request) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().text("kind", request.kind == RequestKind::sql ? "sql" : "tool");
  writer.text("connection", request.connection);
  append_statement(writer, request.text);
  writer.begin_array("params");
  for (const Value& value : request.params) writer.value(value);
  writer.end_array().text("tool", request.tool).text("arguments", request.arguments).begin_array("hops");
  for (const Hop& hop : request.hops) {
    writer.begin_object().text("kind", hop.kind).text("name", hop.name).boolean("verified", hop.verified).end_object();
  }
  writer.end_array().text("explanation", request.explanation).text("purpose", request.purpose);
  writer.text("ticket", request.ticket);
  if (request.wait_ms) writer.number("wait_ms", *request.wait_ms);
  if (request.deadline_ms) writer.number("deadline_ms", *request.deadline_ms);
  writer.end_object();
  return out;
}

Outcome outcome_from_json_text(std::string_view text) {
  Json json = read_or_throw(text, "outcome");
  JsonMembers members(json, "outcome");
  Outcome outcome;
  outcome.state = state_of(members);
  members.text("stage", outcome.stage, kAnyBytes);
  members.text("code", outcome.code, kAnyBytes);
  members.text("reason", outcome.reason, kAnyBytes);
  members.text("record", outcome.record, kAnyBytes);
  members.text("ticket", outcome.ticket, kAnyBytes);
  if (const Json* columns = members.array("columns", kAnyCount)) {
    for (const Json& element : *columns) outcome.columns.push_back(read_column(element, outcome.columns.size()));
  }
  read_rows(members, outcome.rows);
  members.integer("affected", outcome.affected, INT64_MIN, INT64_MAX);
  members.boolean("truncated", outcome.truncated);
  members.text("result", outcome.result, kAnyBytes);
  std::int64_t risk = 0;
  members.integer("risk", risk, 0, 100);
  outcome.risk = static_cast<int>(risk);
  members.texts("deciding", outcome.deciding, kAnyCount, kAnyBytes);
  members.texts("warnings", outcome.warnings, kAnyCount, kAnyBytes);
  members.text("sqlstate", outcome.sqlstate, kAnyBytes);
  members.done();
  return outcome;
}

void append_json(std::string& out, const Outcome& outcome) {
  JsonWriter writer(out);
  writer.begin_object().text("state", to_string(outcome.state)).text("stage", outcome.stage).text("code", outcome.code);
  writer.text("reason", outcome.reason).text("record", outcome.record).text("ticket", outcome.ticket);
  append_columns(writer, outcome.columns);
  writer.raw("rows", "");
  append_rows(out, outcome.rows);
  writer.number("affected", outcome.affected).boolean("truncated", outcome.truncated).text("result", outcome.result);
  writer.number("risk", outcome.risk).texts("deciding", outcome.deciding).texts("warnings", outcome.warnings);
  writer.text("sqlstate", outcome.sqlstate).end_object();
}

std::string to_json_text(const Outcome& outcome) {
  std::string out;
  append_json(out, outcome);
  return out;
}

}  // namespace libguard
