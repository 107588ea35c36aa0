// `policy explain`: every question that one command puts to the policies, who answered it how, and who almost did.
#include <algorithm>

#include "base/system_clock.h"
#include "guard/policy_tools/bench.h"
#include "libguard/policy_tools.h"
#include "libguard/error.h"
#include "policy/policy_loader.h"
#include "policy/vocabulary.h"
#include "policy/witness.h"

namespace libguard {
namespace {

using namespace policy_tools;
using policy::BookPolicy;
using policy::Part;
using policy::Question;

constexpr std::size_t kNearestMax = 3;
constexpr std::size_t kQuestionsMax = 2'000;  // of one command; more would be a page that nobody reads

struct Miss {
  std::size_t distance = 0;  // how much would have to be different
  Json json;
};

class Explanation final : public policy::Witness {
 public:
  Explanation(const policy::Decider& decider, const std::vector<policy::PolicySource>& sources)
      : policies_(decider.policies()), names_(&decider.words().names), book_(sources, names_) {}

  void asked(const Question& question) override {
    if (questions.size() >= kQuestionsMax) {
      cut = true;
      return;
    }
    Json json{{"round", question.round},
              {"subject", question.subject.label},
              {"asserted", question.subject.forbids_only},
              {"action", question.ask.action},
              {"on", question.ask.label.empty() ? question.names.display(question.ask.resource) : question.ask.label},
              {"resource", question.names.display(question.ask.resource)},
              {"allowed", question.allowed},
              {"permits", ids(question.answer.permits)},
              {"forbids", ids(question.answer.forbids)},
              {"errors", Json::array()},
              {"nearest", Json::array()}};
    for (const auto& [index, error] : question.answer.errors)
      json["errors"].push_back({{"id", id(index)}, {"error", to_string(error)}});
    if (question.answer.permits.empty() && !question.subject.forbids_only) json["nearest"] = nearest(question);
    questions.push_back(std::move(json));
  }

  Json questions = Json::array();
  bool cut = false;

 private:
  const std::string& id(policy::cedar::PolicyIndex index) const { return policies_.set.policies()[index].id; }
  Json ids(const std::vector<policy::cedar::PolicyIndex>& indexes) const {
    Json out = Json::array();
    for (auto index : indexes) out.push_back(id(index));
    return out;
  }

  // The permits that came closest: those that only one part of the scope, or parts of the condition, kept away.
  Json nearest(const Question& question) {
    std::vector<Miss> misses;
    for (const policy::cedar::Policy& candidate : policies_.set.policies()) {
      if (!candidate.permit) continue;
      if (auto miss = miss_of(question, candidate)) misses.push_back(std::move(*miss));
    }
    std::stable_sort(misses.begin(), misses.end(),
                     [](const Miss& a, const Miss& b) { return a.distance < b.distance; });
    Json out = Json::array();
    for (std::size_t i = 0; i < misses.size() && i < kNearestMax; ++i) out.push_back(std::move(misses[i].json));
    return out;
  }

  std::optional<Miss> miss_of(const Question& question, const policy::cedar::Policy& candidate) {
    std::vector<std::string> failed = failed_scope(question, candidate);
    if (failed.size() > 1) return std::nullopt;
    Json parts = failed_parts(question, candidate);
    std::size_t distance = failed.size() * 2 + parts.size();
    const BookPolicy* written = book_.find(candidate.id);
    std::string where;
    if (written != nullptr) {
      auto at = book_.position(*written, written->effect);
      where = book_.sources()[written->source].name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
    }
    return Miss{distance,
                {{"id", candidate.id}, {"scope", failed}, {"conditions", std::move(parts)}, {"where", where}}};
  }

  static std::vector<std::string> failed_scope(const Question& question, const policy::cedar::Policy& candidate) {
    std::vector<std::string> failed;
    policy::cedar::Policy one;
    one.principal = candidate.principal;
    if (!scope_matches(one, question.request, question.names)) failed.emplace_back("principal");
    one = {};
    one.action = candidate.action;
    if (!scope_matches(one, question.request, question.names)) failed.emplace_back("action");
    one = {};
    one.resource = candidate.resource;
    if (!scope_matches(one, question.request, question.names)) failed.emplace_back("resource");
    return failed;
  }

  Json failed_parts(const Question& question, const policy::cedar::Policy& candidate) {
    Json out = Json::array();
    const BookPolicy* written = book_.find(candidate.id);
    if (written == nullptr) return out;
    for (const Part& part : written->parts) {
      bool holds = false;
      auto error = question.machine.holds(part.program, question.request, holds);
      bool fine = error == policy::cedar::EvalError::none && holds != part.negated;
      if (fine) continue;
      auto at = book_.position(*written, part.where.begin);
      out.push_back({{"text", part.text},
                     {"unless", part.negated},
                     {"error", error == policy::cedar::EvalError::none ? "" : to_string(error)},
                     {"line", at.line},
                     {"column", at.column}});
    }
    question.machine.reset();
    return out;
  }

  const policy::LoadedPolicies& policies_;
  policy::cedar::Names names_;  // a layer: the decider's own table stays as it is
  policy::Book book_;
};

Request request_of(const Json& json, const std::string& connection) {
  Request request;
  request.connection = connection;
  request.text = text_of(json, "sql");
  request.tool = text_of(json, "tool");
  request.purpose = text_of(json, "purpose");
  if (auto arguments = json.find("args"); arguments != json.end()) request.arguments = dump(*arguments);
  if (auto params = json.find("params"); params != json.end() && params->is_array()) {
    for (const Json& param : *params) request.params.push_back(value_from_json(param));
  }
  if (request.text.empty()) request.kind = RequestKind::tool;
  return request;
}

std::string only_connection(const Bench& bench) {
  if (bench.config().connections.size() == 1) return bench.config().connections.front().name;
  throw Error(ErrorKind::invalid, "request.connection",
              "say which connection is meant; guard.yaml has several or none");
}

// One action before the policies of a bench: {decision, command?, as, on}.
Json asked(const Json& json, const Bench& bench, policy::Witness* witness) {
  std::string sql = text_of(json, "sql"), tool = text_of(json, "tool");
  if (sql.empty() && tool.empty()) throw Error(ErrorKind::invalid, "request.malformed", "give a statement or a tool");
  std::string connection = text_of(json, "on");
  if (connection.empty() && !sql.empty()) connection = only_connection(bench);
  Request request = request_of(json, connection);
  policy::ApprovalFacts facts;
  facts.approvals = number_of(json, "approvals", 0);
  for (const std::string& group : texts_of(json, "groups")) facts.groups.insert(group);
  std::int64_t now = number_of(json, "now_us", system_clock()->now_us());
  Identity identity = bench.identity(text_of(json, "as"), text_of(json, "user"));
  const policy::Decider& decider = bench.decider();
  Json out;
  if (sql.empty()) {
    out["decision"] = to_json(decider.decide_tool(identity, request, facts, now, {}, witness));
  } else {
    auto command = bench.understand(connection, sql, request.params);
    out["command"] = *read_json(explain_json_text(*command)).value;
    out["decision"] = to_json(decider.decide(identity, request, *command, facts, now, {}, witness));
  }
  out["as"] = identity.account;
  out["on"] = connection;
  return out;
}

Json read_action(std::string_view text) {
  return read_request(text, {"config", "catalogues", "live", "as", "user", "on", "sql", "params", "tool", "args",
                             "purpose", "approvals", "groups", "now_us"});
}

}  // namespace

std::string policy_simulate_json(std::string_view text) {
  Json json = read_action(text);
  Json out = asked(json, Bench(spec_of(json)), nullptr);
  out.erase("command");
  return dump(out);
}

std::string policy_explain_json(std::string_view text) {
  Json json = read_action(text);
  Bench bench(spec_of(json));
  Explanation explanation(bench.decider(), bench.sources());
  Json out = asked(json, bench, &explanation);
  out["questions"] = std::move(explanation.questions);
  out["questions_cut"] = explanation.cut;
  return dump(out);
}

}  // namespace libguard
