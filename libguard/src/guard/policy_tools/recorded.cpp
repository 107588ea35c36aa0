#include "guard/policy_tools/recorded.h"

#include <algorithm>

#include "base/text.h"
#include "libguard/error.h"
#include "policy/context_table.h"
#include "policy/policy_loader.h"
#include "policy/vocabulary.h"
#include "policy/witness.h"

namespace libguard::policy_tools {
namespace {

using policy::ContextName;
using policy::Symbol;

const Json* at(const Json& json, std::initializer_list<const char*> path) {
  const Json* here = &json;
  for (const char* name : path) {
    if (!here->is_object()) return nullptr;
    auto found = here->find(name);
    if (found == here->end()) return nullptr;
    here = &*found;
  }
  return here;
}

std::string text_at(const Json& json, std::initializer_list<const char*> path) {
  const Json* found = at(json, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> texts_at(const Json& json, std::initializer_list<const char*> path) {
  std::vector<std::string> out;
  const Json* found = at(json, path);
  if (found == nullptr || !found->is_array()) return out;
  for (const Json& one : *found) {
    if (one.is_string()) out.push_back(one.get<std::string>());
  }
  return out;
}

// An allow that people stood behind was a question when policy answered.
Then then_of(const Json& action, const std::string& code) {
  if (at(action, {"decision", "code"}) == nullptr) return Then::nothing;
  if (code == "policy.ask" || text_at(action, {"decision", "verdict"}) == "pending") return Then::ask;
  return code == "policy.allowed" ? Then::allow : Then::deny;
}

void read_chain(const Json& action, Identity& identity) {
  const Json* chain = at(action, {"who", "chain"});
  if (chain == nullptr || !chain->is_array()) return;
  for (const Json& hop : *chain) {
    const Json* verified = at(hop, {"verified"});
    identity.chain.push_back({text_at(hop, {"kind"}), text_at(hop, {"name"}),
                              verified != nullptr && verified->is_boolean() && verified->get<bool>()});
  }
}

void read_identity(const Json& action, const Bench& bench, Recorded& out) {
  try {
    out.identity = bench.identity(out.account, out.user);
    const Json* verified = at(action, {"who", "user", "verified"});
    if (out.identity.user && verified != nullptr && verified->is_boolean())
      out.identity.user->verified = verified->get<bool>();
    read_chain(action, out.identity);
  } catch (const Error&) {
    out.identity = {};  // an account that is gone may do nothing
  }
}

void read_facts(const Json& action, Recorded& out) {
  const Json* json = at(action, {"facts"});
  auto facts = json == nullptr ? std::nullopt : facts_from_json(*json, texts_at(action, {"what", "reads"}));
  if (!facts) {
    out.why_not = json == nullptr ? "the record is older than facts in records"
                                  : "its facts did not fit into the record (too many, or several statements)";
    return;
  }
  out.asked = true;
  out.facts = std::move(*facts);
  Command& command = out.facts.command;
  command.connection = out.connection;
  command.kinds = texts_at(action, {"what", "kinds"});
  auto effect = effect_from(text_at(action, {"what", "effect"}));
  command.effect = effect.value_or(CommandEffect::opaque);
  if (!effect && text_at(action, {"what", "kind"}) != "tool")
    out.why_not = "the record has an effect that is not known";
}

// Which names of context a replayed action knows. Everything else that a rule reads is unknown.
bool known(Symbol name, const Bench& bench, const Recorded& recorded) {
  if (name >= policy::kContextNames) {
    // A fact: known to be absent where its column was not written.
    const policy::Vocabulary& words = bench.decider().words();
    for (std::size_t i = 0; i < bench.frame().facts.size(); ++i) {
      const Fact& fact = bench.frame().facts[i];
      if (words.fact(i) == name)
        return fact.connection != recorded.connection || !recorded.facts.assigned.contains(fact.column);
    }
    return true;  // no such name anywhere: absent then as now
  }
  auto word = static_cast<ContextName>(name);
  bool tool = recorded.facts.command.effect == CommandEffect::opaque && !recorded.tool.empty();
  if (word == ContextName::argument_bytes || word == ContextName::argument_sizes) return !tool;
  return !policy::counter_of(name).has_value();
}

// Looks for a rule in the scope of any question that reads what is not known.
class UnknownWatch final : public policy::Witness {
 public:
  UnknownWatch(const Bench& bench, const Recorded& recorded, policy::Witness* next) : next_(next) {
    const policy::cedar::Names& names = bench.decider().words().names;
    for (const auto& [id, symbols] : bench.reads()) {
      for (Symbol name : symbols) {
        if (!known(name, bench, recorded)) unknown_[id] = std::string(names.text(name));
      }
    }
  }

  void asked(const policy::Question& question) override {
    if (next_ != nullptr) next_->asked(question);
    if (unknown_.empty()) return;
    for (const policy::cedar::Policy& candidate : all_->policies()) {
      auto found = unknown_.find(candidate.id);
      if (found == unknown_.end() || !scope_matches(candidate, question.request, question.names)) continue;
      met_.insert(*found);
    }
  }

  void look_at(const policy::cedar::PolicySet& set) { all_ = &set; }
  [[nodiscard]] const std::set<std::pair<const std::string, std::string>>& met() const { return met_; }

 private:
  policy::Witness* next_;
  const policy::cedar::PolicySet* all_ = nullptr;
  std::map<std::string, std::string> unknown_;  // policy -> a name that it reads
  std::set<std::pair<const std::string, std::string>> met_;
};

// A final no by a rule that knows all it reads stays one, whatever the unknown is.
bool no_matter_what(const Decision& decision, const std::set<std::pair<const std::string, std::string>>& met) {
  if (decision.verdict() != Verdict::deny) return false;
  if (decision.code != "policy.denied")
    return decision.code.starts_with("command.") || decision.code.starts_with("policy.no_identity");
  return std::any_of(decision.deciding.begin(), decision.deciding.end(), [&](const std::string& id) {
    return std::none_of(met.begin(), met.end(), [&](const auto& one) { return one.first == id; });
  });
}

}  // namespace

Recorded recorded_of(const Json& action, const Bench& bench) {
  Recorded out;
  out.record = text_at(action, {"record"});
  out.session = text_at(action, {"session"});
  out.account = text_at(action, {"who", "account"});
  out.user = text_at(action, {"who", "user", "account"});
  if (out.user.empty()) out.user = text_at(action, {"who", "user", "subject"});
  out.connection = text_at(action, {"what", "connection"});
  out.tool = text_at(action, {"what", "tool"});
  out.text = text_at(action, {"what", "command"});
  out.at = text_at(action, {"at"});
  out.code = text_at(action, {"decision", "code"});
  out.then = then_of(action, out.code);
  for (std::string& name : texts_at(action, {"decision", "masked_classes"})) out.masked_then.insert(std::move(name));
  out.policies_then = texts_at(action, {"decision", "policies"});
  if (out.code.empty()) out.code = text_at(action, {"outcome", "code"});
  if (out.then == Then::nothing) return out;
  read_identity(action, bench, out);
  // Refused before policy was asked, by what the command is: no policy changes that.
  if (out.then == Then::deny && at(action, {"facts"}) == nullptr && out.code.starts_with("command.")) return out;
  read_facts(action, out);
  return out;
}

Judged judge(const Bench& bench, const Recorded& recorded, policy::Witness* witness) {
  Judged out;
  if (!recorded.why_not.empty()) {
    out.not_decided = recorded.why_not;
    return out;
  }
  Request request;
  request.connection = recorded.connection;
  request.tool = recorded.tool;
  const policy::Decider& decider = bench.decider();
  UnknownWatch watch(bench, recorded, witness);
  watch.look_at(decider.policies().set);
  bool tool = recorded.facts.command.effect == CommandEffect::opaque && !recorded.tool.empty();
  if (tool) {
    request.kind = RequestKind::tool;
    Json arguments = Json::object();
    for (const std::string& name : recorded.facts.arguments) arguments[name] = "";
    request.arguments = dump(arguments);
    out.decision = decider.decide_tool(recorded.identity, request, {}, recorded.facts.decided_us, {}, &watch);
  } else {
    out.decision =
        decider.decide(recorded.identity, request, recorded.facts.command, {}, recorded.facts.decided_us, {}, &watch);
  }
  if (watch.met().empty() || no_matter_what(out.decision, watch.met())) return out;
  const auto& [id, name] = *watch.met().begin();
  out.not_decided = id + " reads context." + name + ", which the record does not hold";
  return out;
}

audit::HistoryFilter filter_of(const Json& request) {
  audit::HistoryFilter filter;
  filter.since = text_of(request, "since");
  for (const std::string& session : texts_of(request, "sessions")) filter.sessions.insert(session);
  return filter;
}

void read_history(const Json& request, const Bench& bench, const std::function<void(const Json&)>& visit) {
  std::string directory = text_of(request, "audit", bench.config().audit_directory);
  if (!audit::for_each_action(directory, filter_of(request), visit))
    throw Error(ErrorKind::invalid, "policy_tools.history",
                text::visible(directory) + ": there are no records to read");
}

}  // namespace libguard::policy_tools
