// JSON in, JSON out: what the CLI, the console and a side-car use beside actions.

#include "base/json.h"
#include "base/json_writer.h"
#include "command/understander.h"
#include "guard/guard_state.h"
#include "guard/line.h"
#include "libguard/error.h"
#include "libguard/guard.h"

namespace libguard {
namespace {

std::string member(const Json& json, const char* name) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return {};
  if (!found->is_string()) throw Error(ErrorKind::invalid, "request.malformed", std::string(name) + " must be text");
  return found->get<std::string>();
}

Json read_object(std::string_view text) {
  JsonResult result = read_json(text);
  if (!result.value) throw Error(ErrorKind::invalid, "request.malformed", "the request is not JSON: " + result.error);
  if (!result.value->is_object())
    throw Error(ErrorKind::invalid, "request.malformed", "the request must be a JSON object");
  return std::move(*result.value);
}

void append_decision(std::string& out, const Decision& decision) {
  static constexpr const char* kWords[] = {"deny", "ask", "allow"};
  JsonWriter json(out);
  json.begin_object().text("verdict", kWords[static_cast<int>(decision.verdict())]);
  json.text("code", decision.code).text("reason", decision.reason).texts("deciding", decision.deciding);
  json.number("risk", decision.risk).begin_array("risk_parts");
  for (const RiskPart& part : decision.risk_parts) {
    json.begin_object().number("points", part.points).text("why", part.why).end_object();
  }
  json.end_array().texts("masked_classes", decision.masked_classes).begin_array("stages");
  for (const Stage& stage : decision.stages) {
    json.begin_object().text("group", stage.group).number("count", stage.count).number("ttl_s", stage.ttl_s);
    json.text("asked_by", stage.asked_by).end_object();
  }
  json.end_array();
  if (decision.row_limit) json.number("row_limit", *decision.row_limit);
  json.end_object();
}

// Who would be asking: an account by name, for explanations only; nothing is ever run as it.
Identity imagined(const Config& config, const std::string& account) {
  for (const identity::AccountConfig& candidate : config.identity.accounts) {
    if (candidate.name != account) continue;
    Identity identity;
    identity.tenant = candidate.tenant;
    identity.account = candidate.name;
    identity.provider = candidate.provider;
    identity.subject = candidate.subject;
    identity.groups = candidate.groups;
    identity.human = candidate.human;
    identity.verified = true;
    return identity;
  }
  throw Error(ErrorKind::invalid, "identity.unknown_account", "guard.yaml has no account of this name");
}

}  // namespace

std::string Guard::explain(std::string_view line, const std::string& connection, const std::string& account) const {
  auto snapshot = state_->snapshot();
  return answer_line(line, [&](const Line& parsed) {
    auto found = snapshot->connections.find(connection);
    if (found == snapshot->connections.end()) {
      throw Error(ErrorKind::invalid, "request.unknown_connection", "guard.yaml has no connection of this name");
    }
    Connection& target = *found->second;
    auto meaning = target.meaning(target.limits(Request{}));
    const std::shared_ptr<const Command> command = target.understand(*meaning, parsed.sql, parsed.params);
    std::string out = explain_json_text(*command);
    if (account.empty()) return out;
    Request request;
    request.connection = connection;
    request.text = parsed.sql;
    request.params = parsed.params;
    Identity identity = imagined(snapshot->config, account);
    Decision decision = snapshot->decider->decide(identity, request, *command, {}, state_->clock->now_us());
    out.pop_back();
    out += ",\"decision\":";
    append_decision(out, decision);
    out += '}';
    return out;
  });
}

std::string Guard::catalogue(const std::string& connection) const {
  auto snapshot = state_->snapshot();
  auto found = snapshot->connections.find(connection);
  if (found == snapshot->connections.end()) {
    throw Error(ErrorKind::invalid, "request.unknown_connection", "guard.yaml has no connection of this name");
  }
  return to_json_text(*found->second->refresh(found->second->limits(Request{}))->catalogue);
}

std::string Guard::approvals(std::string_view request) const {
  Json json = read_object(request);
  auto snapshot = state_->snapshot();
  const std::string op = member(json, "op");
  if (op == "show") {
    auto ticket = snapshot->approver->show(member(json, "ticket"));
    if (!ticket) throw Error(ErrorKind::invalid, "approval.unknown", "no ticket has this id");
    return approval::to_json_text(*ticket);
  }
  if (op != "list") throw Error(ErrorKind::invalid, "request.malformed", "op is list or show");
  std::string tenant = member(json, "tenant");
  std::string out = "[";
  for (const approval::Ticket& ticket :
       snapshot->approver->list(tenant.empty() ? "default" : tenant, !json.value("all", false))) {
    if (out.size() > 1) out += ',';
    out += approval::to_json_text(ticket);
  }
  return out + "]";
}

std::string Guard::vote(std::string_view request) const {
  Json json = read_object(request);
  auto snapshot = state_->snapshot();
  const std::string op = member(json, "op");
  const std::string ticket = member(json, "ticket");
  const std::string key = member(json, "key");
  // Approvers present a token or key, never a name.
  auto who =
      key.empty() ? snapshot->authenticator->with_token(member(json, "token")) : snapshot->authenticator->with_key(key);
  approval::Approver::VoteResult result;
  if (!who.identity) {
    result.code = who.code;
    result.reason = who.reason;
  } else if (op == "approve" || op == "deny") {
    result = snapshot->approver->vote(ticket, *who.identity, op == "approve", member(json, "note"));
  } else if (op == "revoke") {
    result = snapshot->approver->revoke(ticket, *who.identity);
  } else {
    throw Error(ErrorKind::invalid, "request.malformed", "op is approve, deny or revoke");
  }
  std::string body;
  JsonWriter writer(body);
  writer.begin_object()
      .text("ticket", ticket)
      .text("op", op)
      .boolean("accepted", result.accepted)
      .text("code", result.code);
  writer.text("reason", result.reason).text("state", approval::to_string(result.state));
  if (who.identity) writer.text("voter", who.identity->account).text("subject", who.identity->subject);
  writer.end_object();
  state_->journal->record_event("vote", body, true);
  return body;
}

std::string Guard::issue_token(std::string_view request) const {
  Json json = read_object(request);
  std::int64_t lifetime_s = json.contains("lifetime_s") ? json.at("lifetime_s").get<std::int64_t>() : 900;
  return state_->snapshot()->authenticator->issue(member(json, "account"), member(json, "acts_for"), lifetime_s);
}

}  // namespace libguard
