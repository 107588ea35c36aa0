#include "audit/record.h"

#include <utility>

#include "audit/contained_json.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/text.h"
#include "model/command.h"

namespace libguard::audit {
namespace {

// Starts after the bracket that make_line writes; `"type"` comes first, so that no comma is due.
void begin_body(std::string& body, std::string_view type, std::int64_t at_us) {
  body.clear();
  body.reserve(3072);  // most records, whole
  body += "\"type\":";
  append_json_string(body, type);
  JsonWriter(body).text("at", text::rfc3339(at_us));
}

// JSON that others hand in: what does not stand on its own is kept as text, so that it cannot change the record.
void append_foreign(JsonWriter& writer, MemberName name, const std::string& json) {
  if (json.empty()) return;
  if (is_contained_json(json))
    writer.raw(name, json);
  else
    writer.text(name, json);
}

void append_hops(JsonWriter& writer, MemberName name, const std::vector<Hop>& hops) {
  if (hops.empty()) return;
  writer.begin_array(name);
  for (const Hop& hop : hops) {
    writer.begin_object().text("kind", hop.kind).text("name", hop.name).boolean("verified", hop.verified).end_object();
  }
  writer.end_array();
}

void append_user(JsonWriter& writer, const ActsFor& user) {
  writer.begin_object("user").text("subject", user.subject).text_if("account", user.account);
  writer.texts_if("groups", user.groups).boolean("verified", user.verified).end_object();
}

void append_who(JsonWriter& writer, const ActionEntry& entry) {
  writer.begin_object("who");
  if (const Identity* identity = entry.identity) {
    writer.text("account", identity->account).text("provider", identity->provider).text("subject", identity->subject);
    writer.boolean("verified", identity->verified).boolean("human", identity->human).texts("groups", identity->groups);
    writer.text_if("credential", identity->credential_id);
    if (identity->user) append_user(writer, *identity->user);
    append_hops(writer, "chain", identity->chain);
    writer.texts_if("warnings", identity->warnings);
  }
  append_hops(writer, "hops", entry.hops);
  writer.end_object();
}

void append_what(JsonWriter& writer, const ActionEntry& entry) {
  writer.begin_object("what")
      .text("kind", entry.kind)
      .text_if("connection", entry.connection)
      .text_if("tool", entry.tool);
  writer.text("command", entry.command_text);
  append_foreign(writer, "params", entry.params_json);
  writer.text_if("digest", entry.command_digest).texts("kinds", entry.kinds).text("effect", entry.effect);
  writer.texts_if("reads", entry.reads).texts_if("writes", entry.writes).text_if("purpose", entry.purpose);
  writer.text_if("explanation", entry.explanation).end_object();
}

void append_risk(JsonWriter& writer, const Decision& decision) {
  writer.number("risk", decision.risk);
  if (decision.risk_parts.empty()) return;
  writer.begin_array("risk_parts");
  for (const RiskPart& part : decision.risk_parts) {
    writer.begin_object().number("points", part.points).text("why", part.why).end_object();
  }
  writer.end_array();
}

void append_trail(JsonWriter& writer, const std::vector<RoundNote>& trail) {
  if (trail.empty()) return;
  writer.begin_array("trail");
  for (const RoundNote& round : trail)
    writer.begin_object().texts("forbids", round.forbids).texts_if("remedies", round.remedies).end_object();
  writer.end_array();
}

void append_decision(JsonWriter& writer, const ActionEntry& entry) {
  writer.begin_object("decision").text("verdict", entry.verdict);
  if (const Decision* decision = entry.decision) {
    writer.text("code", decision->code);
    // An allow says no more than which policies permitted it.
    if (decision->code != "policy.allowed") writer.text("reason", decision->reason);
    writer.texts("policies", decision->deciding);
    writer.texts_if("erring", decision->erring);
    append_risk(writer, *decision);
    if (decision->rounds != 1) writer.number("rounds", decision->rounds);
    if (entry.effect != to_string(CommandEffect::read)) writer.number("rows_affected_max", decision->rows_affected_max);
    if (decision->row_limit) writer.number("row_limit", *decision->row_limit);
    if (decision->read_only) writer.boolean("read_only", true);
    writer.texts_if("masked_classes", decision->masked_classes);
    append_trail(writer, decision->trail);
  }
  writer.text("snapshot", entry.snapshot).end_object();
}

// Where nobody was asked there is nothing that the permit's digest could be compared with.
void append_approval(JsonWriter& writer, const ActionEntry& entry) {
  if (entry.ticket.empty() && entry.approvers.empty()) return;
  writer.begin_object("approval").text_if("ticket", entry.ticket).texts_if("approvers", entry.approvers);
  writer.text_if("permit", entry.permit_digest).end_object();
}

void append_backend(JsonWriter& writer, const ActionEntry& entry) {
  if (entry.xid.empty() && entry.system_identifier.empty()) return;
  writer.begin_object("backend").text("xid", entry.xid).text("system", entry.system_identifier).end_object();
}

// "pii.email|label" -> {"class":"pii.email","operator":"label","count":2}
void append_masked(JsonWriter& writer, const std::map<std::string, std::int64_t>& counts) {
  if (counts.empty()) return;
  writer.begin_array("masked");
  for (const auto& [name, count] : counts) {
    std::string_view key = name;
    std::size_t bar = key.rfind('|');
    std::string_view op = bar == std::string_view::npos ? std::string_view() : key.substr(bar + 1);
    writer.begin_object().text("class", key.substr(0, bar)).text("operator", op).number("count", count).end_object();
  }
  writer.end_array();
}

void append_outcome(JsonWriter& writer, const OutcomeEntry& outcome, bool with_response) {
  writer.begin_object("outcome").text("state", outcome.state).text("stage", outcome.stage).text("code", outcome.code);
  writer.text_if("reason", outcome.reason).number("rows", outcome.rows);
  if (outcome.affected != 0) writer.number("affected", outcome.affected);
  append_masked(writer, outcome.masked_counts);
  if (with_response && outcome.response_is_ours)
    writer.raw("response", outcome.response_json);
  else if (with_response)
    append_foreign(writer, "response", outcome.response_json);
  else if (!outcome.response_json.empty())
    writer.boolean("response_too_long", true);
  writer.text_if("response_digest", outcome.response_digest);
  writer.number("total_us", outcome.total_us).number("backend_us", outcome.backend_us).end_object();
}

void append_ids(JsonWriter& writer, const ActionEntry& entry) {
  writer.text("record", entry.record).text("session", entry.session);
  writer.text("tenant", entry.identity != nullptr ? entry.identity->tenant : "default");
}

void append_action(JsonWriter& writer, const ActionEntry& entry) {
  append_ids(writer, entry);
  if (entry.text) {
    writer.members(entry.text->who_and_what);
  } else {
    append_who(writer, entry);
    append_what(writer, entry);
  }
  // Written by model/command_facts.h alone, with the same writer as this record.
  if (!entry.facts_json.empty()) writer.raw("facts", entry.facts_json);
  if (entry.text) {
    writer.members(entry.text->decision);
  } else {
    append_decision(writer, entry);
  }
  append_approval(writer, entry);
  append_backend(writer, entry);
}

// A response that would push the record past what readers accept is left out; half of that is left for the rest.
// Text that is no JSON is escaped, which can make six bytes of one.
bool response_fits(const OutcomeEntry& outcome) {
  std::size_t bytes = outcome.response_json.size();
  return bytes <= limits::kJsonBytesMax / 16 ||
         (bytes <= limits::kJsonBytesMax / 2 && is_contained_json(outcome.response_json));
}

}  // namespace

ActionText action_text(const ActionEntry& entry) {
  ActionText text;
  text.who_and_what.reserve(2048);  // most, whole
  text.decision.reserve(512);
  JsonWriter who_and_what(text.who_and_what);
  append_who(who_and_what, entry);
  append_what(who_and_what, entry);
  JsonWriter decision(text.decision);
  append_decision(decision, entry);
  return text;
}

std::string header_body(const StreamName& stream, std::int64_t segment, const Position& previous,
                        const BrokenNote& broken, std::int64_t at_us) {
  std::string body;
  begin_body(body, "segment", at_us);
  JsonWriter writer(body);
  writer.number("segment", segment).begin_object("stream").text("id", stream.id).text("host", stream.host);
  writer.number("pid", stream.pid).text("boot_id", stream.boot_id).text("started", text::rfc3339(stream.started_us));
  writer.end_object().begin_object("previous").number("segment", previous.segment).number("seq", previous.seq);
  writer.text("hash", previous.hash).end_object();
  if (!broken.reason.empty()) {
    writer.begin_object("broken").number("segment", broken.segment).text("reason", broken.reason).end_object();
  }
  writer.end_object();
  return body;
}

std::string intent_body(const ActionEntry& entry, std::int64_t at_us, std::string buffer) {
  std::string body = std::move(buffer);
  begin_body(body, "intent", at_us);
  JsonWriter writer(body);
  append_action(writer, entry);
  writer.end_object();
  return body;
}

std::string outcome_body(const ActionEntry& entry, const OutcomeEntry& outcome, std::int64_t at_us,
                         std::string buffer) {
  std::string body = std::move(buffer);
  begin_body(body, "outcome", at_us);
  JsonWriter writer(body);
  append_ids(writer, entry);
  append_backend(writer, entry);
  append_outcome(writer, outcome, response_fits(outcome));
  writer.end_object();
  return body;
}

std::string refusal_body(const ActionEntry& entry, const OutcomeEntry& outcome, std::int64_t at_us) {
  std::string body;
  begin_body(body, "refusal", at_us);
  JsonWriter writer(body);
  append_action(writer, entry);
  append_outcome(writer, outcome, response_fits(outcome));
  writer.end_object();
  return body;
}

std::string resolution_body(const Resolution& resolution, std::int64_t at_us) {
  std::string body;
  begin_body(body, "resolution", at_us);
  JsonWriter writer(body);
  writer.text("record", resolution.record).text("session", resolution.session).text("tenant", resolution.tenant);
  writer.begin_object("outcome").text("state", resolution.state).text("stage", "resolve");
  writer.text("code", resolution.code).text("reason", resolution.reason).end_object().end_object();
  return body;
}

std::string event_body(std::string_view event, std::string_view body_json, std::int64_t at_us) {
  std::string body;
  begin_body(body, "event", at_us);
  JsonWriter writer(body);
  writer.text("event", event);
  append_foreign(writer, "body", std::string(body_json));
  writer.end_object();
  return body;
}

std::string end_body(std::int64_t at_us) {
  std::string body;
  begin_body(body, "end", at_us);
  JsonWriter(body).end_object();
  return body;
}

}  // namespace libguard::audit
