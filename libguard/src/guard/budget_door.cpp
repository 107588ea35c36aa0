// Guard::budgets: what has been used, and setting it back.

#include "base/json.h"
#include "base/json_writer.h"
#include "guard/guard_state.h"
#include "libguard/error.h"
#include "libguard/guard.h"

namespace libguard {
namespace {

constexpr const char* kResetTool = "libguard.budgets.reset";

std::string member(const Json& json, const char* name) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return {};
  if (!found->is_string()) throw Error(ErrorKind::invalid, "request.malformed", std::string(name) + " must be text");
  return found->get<std::string>();
}

Json read_request(std::string_view text) {
  JsonResult result = read_json(text);
  if (!result.value || !result.value->is_object())
    throw Error(ErrorKind::invalid, "request.malformed", "the request must be a JSON object");
  return std::move(*result.value);
}

std::string lines_json(const std::vector<budget::Line>& lines) {
  static constexpr MemberName kNames[] = {"calls", "rows", "bytes", "writes", "spend"};
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const budget::Line& line : lines) {
    json.begin_object().text("budget", budget::to_string(line.key.budget)).text("name", line.key.name);
    for (std::size_t i = 0; i < kMeasures; ++i) json.number(kNames[i], line.used.counts[i]);
    json.end_object();
  }
  json.end_array();
  return out;
}

// Empty when this person may set budgets back; else why not.
std::string why_not(const Snapshot& snapshot, const Identity& who, std::int64_t now_us) {
  if (!who.verified || !who.human || who.user)
    return "only a person may set budgets back, with a token or key of their own";
  Request request;
  request.kind = RequestKind::tool;
  request.tool = kResetTool;
  Decision decision = snapshot.decider->decide_tool(who, request, {}, now_us);
  return decision.verdict() == Verdict::allow ? "" : decision.reason;
}

std::string answer_json(const std::string& name, const Identity* who, const std::string& refusal, std::int64_t count) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().text("op", "reset").text("name", name).boolean("accepted", refusal.empty());
  json.text("reason", refusal.empty() ? "set back" : refusal);
  if (count >= 0) json.number("counters", count);
  if (who != nullptr) json.text("by", who->account).text("subject", who->subject);
  json.end_object();
  return out;
}

}  // namespace

std::string Guard::budgets(std::string_view text) const {
  Json request = read_request(text);
  auto snapshot = state_->snapshot();
  const std::string op = member(request, "op");
  const std::string given = member(request, "tenant");
  const std::string tenant = given.empty() ? "default" : given;
  if (op != "show" && op != "reset") throw Error(ErrorKind::invalid, "request.malformed", "op is show or reset");
  if (state_->forked) throw Error(ErrorKind::unavailable, "guard.forked", "this process is a fork");
  budget::Store* store = snapshot->budgets.store.get();
  if (op == "show") return store == nullptr ? "[]" : lines_json(store->list(tenant, state_->clock->now_us()));
  const std::string name = member(request, "name");
  auto all = request.find("all");
  if (name.empty() != (all != request.end() && *all == true))
    throw Error(ErrorKind::invalid, "request.malformed", "say either whose budgets to set back (name) or all");
  if (store == nullptr) {
    throw Error(ErrorKind::invalid, "budget.none",
                "no policy reads a counter that outlives a session, so that there is nothing to set back");
  }
  const std::string key = member(request, "key");
  auto who = key.empty() ? snapshot->authenticator->with_token(member(request, "token"))
                         : snapshot->authenticator->with_key(key);
  std::string refusal = who.identity ? why_not(*snapshot, *who.identity, state_->clock->now_us()) : who.reason;
  if (refusal.empty() && who.identity->tenant != tenant) refusal = "this person belongs to another tenant";
  const Identity* person = who.identity ? &*who.identity : nullptr;
  // The record comes first: what cannot be recorded is not done.
  if (refusal.empty()) state_->journal->record_event("budgets_reset", answer_json(name, person, refusal, -1), true);
  const std::int64_t count = refusal.empty() ? store->reset(tenant, name, state_->clock->now_us()) : 0;
  std::string answer = answer_json(name, person, refusal, count);
  if (!refusal.empty()) state_->journal->record_event("budgets_reset", answer, true);
  return answer;
}

}  // namespace libguard
