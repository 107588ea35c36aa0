#include "backend/authzen/question.h"

#include "base/json.h"
#include "base/json_writer.h"

namespace libguard::backend {
namespace {

void append_subject(JsonWriter& json, const Identity& identity) {
  json.begin_object("subject").text("type", identity.human ? "user" : "account").text("id", identity.account);
  json.begin_object("properties").text("tenant", identity.tenant).texts("groups", identity.groups);
  json.boolean("verified", identity.verified);
  if (identity.user) {
    json.begin_object("acts_for").text("subject", identity.user->subject).text("account", identity.user->account);
    json.boolean("verified", identity.user->verified).end_object();
  }
  json.end_object().end_object();
}

void append_context(JsonWriter& json, const Request& request, const Command& command) {
  json.begin_object("context").text("connection", request.connection).text("tool", request.tool);
  json.texts("kinds", command.kinds).text("effect", to_string(command.effect));
  json.boolean("destructive", command.destructive).begin_array("functions");
  for (const CalledFunction& function : command.functions) json.text(function.name);
  json.end_array().end_object();
}

void append_evaluation(JsonWriter& json, std::string_view action, std::string_view type, std::string_view id) {
  json.begin_object().begin_object("action").text("name", action).end_object();
  json.begin_object("resource").text("type", type).text("id", id).end_object().end_object();
}

void append_touch(JsonWriter& json, const Touch& touch, const std::string& connection) {
  json.begin_object().begin_object("action").text("name", touch.action).begin_object("properties");
  json.text("bounded", to_string(touch.bound)).texts("columns_written", touch.columns_written);
  if (touch.rows_bound != kUnproven) json.number("rows_bound", touch.rows_bound);
  json.end_object().end_object();
  const std::string id = connection + "/" + touch.object;
  json.begin_object("resource").text("type", "table").text("id", id).begin_object("properties");
  json.boolean("system", touch.system).boolean("through_view", touch.through_view).end_object().end_object();
  json.end_object();
}

}  // namespace

AuthzenQuestion authzen_question(const Identity& identity, const Request& request, const Command& command) {
  AuthzenQuestion question;
  JsonWriter json(question.body);
  json.begin_object();
  append_subject(json, identity);
  append_context(json, request, command);
  json.begin_array("evaluations");
  if (request.kind == RequestKind::tool || !request.tool.empty()) {
    append_evaluation(json, "use", "tool", request.tool);
    ++question.evaluations;
  }
  if (request.kind == RequestKind::sql) {
    append_evaluation(json, "connect", "connection", request.connection);
    ++question.evaluations;
  }
  for (const Touch& touch : command.touches) {
    append_touch(json, touch, request.connection);
    ++question.evaluations;
  }
  json.end_array().end_object();
  return question;
}

AuthzenAnswer authzen_answer(std::string_view body, std::size_t evaluations) {
  JsonResult read = read_json(body);
  if (!read.value || !read.value->is_object()) return AuthzenAnswer::malformed;
  auto list = read.value->find("evaluations");
  if (list == read.value->end() || !list->is_array() || list->size() != evaluations || evaluations == 0)
    return AuthzenAnswer::malformed;
  bool all = true;
  for (const Json& one : *list) {
    if (!one.is_object()) return AuthzenAnswer::malformed;
    auto decision = one.find("decision");
    if (decision == one.end() || !decision->is_boolean()) return AuthzenAnswer::malformed;
    all = all && decision->get<bool>();
  }
  return all ? AuthzenAnswer::allowed : AuthzenAnswer::denied;
}

}  // namespace libguard::backend
