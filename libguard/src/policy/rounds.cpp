#include "policy/rounds.h"

#include <algorithm>

#include "base/limits.h"

namespace libguard::policy {
namespace {

// Fewer rows make a read smaller; they do not make a function, a setting or a test of a classified column harmless.
bool only_reads(const Ask& ask) {
  return ask.action == "select" || ask.action.starts_with("http.get") || ask.action.starts_with("http.head") ||
         ask.action == "connect" || ask.action == "use";
}

}  // namespace

Ruling Rounds::run(const std::vector<Ask>& asks, const std::vector<Subject>& subjects, const ApprovalFacts& facts,
                   bool lifts_rows) {
  Ruling ruling;
  for (;;) {
    std::int64_t approvals = 0;
    std::set<std::string> groups = facts.groups;
    for (const Stage& stage : ruling.stages) {
      approvals += stage.count;
      groups.insert(stage.group);
    }
    context_.round(std::max(approvals, facts.approvals), groups, ruling.row_limit.value_or(kUnproven));
    ruling.objections.clear();
    ruling.permits.clear();
    ruling.asking = ruling.rounds + 1;
    ask_all(asks, subjects, ruling);
    ++ruling.rounds;
    if (ruling.objections.empty()) break;
    if (ruling.rounds >= libguard::limits::kRemedyRoundsMax || !remedy(ruling, lifts_rows)) {
      sort_objections(ruling, lifts_rows);
      break;
    }
  }
  return ruling;
}

bool Rounds::allowed(const Ask& ask, const std::vector<Subject>& subjects) {
  Ruling ruling;
  context_.touch(nullptr);
  for (const Subject& subject : subjects) ask_one(ask, subject, ruling);
  return ruling.objections.empty();
}

void Rounds::ask_all(const std::vector<Ask>& asks, const std::vector<Subject>& subjects, Ruling& ruling) {
  for (const Ask& ask : asks) {
    context_.touch(ask.touch);
    for (const Subject& subject : subjects) ask_one(ask, subject, ruling);
  }
}

void Rounds::ask_one(const Ask& ask, const Subject& subject, Ruling& ruling) {
  cedar::EvalRequest request;
  request.principal = {subject.entity, subject.groups};
  request.action = {ask.action_anchor->entity, ask.action_anchor->ancestors};
  request.resource = {ask.resource, ask.ancestors};
  request.context = context_.record();
  policies_.set.ask(request, names_, machine_, answer_);
  bool refused = !answer_.forbids.empty();
  for (cedar::PolicyIndex policy : answer_.forbids)
    ruling.objections.push_back({Objection::Kind::forbidden, &ask, &subject, policy});
  for (const auto& [policy, error] : answer_.errors) {
    ruling.erring.insert(policy);
    if (policies_.set.policies()[policy].permit) continue;
    refused = true;
    ruling.objections.push_back({Objection::Kind::erring, &ask, &subject, policy});
  }
  bool permitted = subject.forbids_only || (!answer_.permits.empty() && (!ask.must_be_named || names_it(ask)));
  if (witness_ != nullptr)
    witness_->asked({ask, subject, request, answer_, names_, machine_, ruling.asking, permitted && !refused});
  if (subject.forbids_only) return;
  if (!permitted) {
    ruling.objections.push_back({Objection::Kind::not_permitted, &ask, &subject, 0});
  } else if (!refused) {
    ruling.permits.insert(answer_.permits.begin(), answer_.permits.end());
  }
}

bool Rounds::names_it(const Ask& ask) const {
  return std::any_of(answer_.permits.begin(), answer_.permits.end(), [&](cedar::PolicyIndex index) {
    const cedar::Policy& policy = policies_.set.policies()[index];
    return policy.resource.kind == cedar::ScopeKind::equal && policy.resource.entity == ask.resource;
  });
}

bool Rounds::remediable(const Objection& objection, bool lifts_rows) const {
  if (objection.kind != Objection::Kind::forbidden) return false;
  const Remedy& remedy = policies_.notes[objection.policy].remedy;
  if (remedy.row_limit && !(lifts_rows && only_reads(*objection.ask))) return false;
  return !remedy.empty();
}

bool Rounds::remedy(Ruling& ruling, bool lifts_rows) const {
  for (const Objection& objection : ruling.objections) {
    if (!remediable(objection, lifts_rows)) return false;
  }
  bool changed = false;
  for (const Objection& objection : ruling.objections) {
    if (!ruling.lifted.insert(objection.policy).second) continue;
    const Remedy& remedy = policies_.notes[objection.policy].remedy;
    const std::string& id = policies_.set.policies()[objection.policy].id;
    if (remedy.row_limit && (!ruling.row_limit || *remedy.row_limit < *ruling.row_limit))
      ruling.row_limit = remedy.row_limit;
    for (const Stage& stage : remedy.stages) {
      auto same = std::find_if(ruling.stages.begin(), ruling.stages.end(), [&](const Stage& other) {
        return other.group == stage.group && other.count == stage.count && other.ttl_s == stage.ttl_s;
      });
      if (same != ruling.stages.end())
        same->asked_by += ", " + id;
      else
        ruling.stages.push_back({stage.group, stage.count, stage.ttl_s, id});
    }
    changed = true;
  }
  return changed;
}

// The most teaching objection first: a rule that says no for good, then one that failed, then a missing permit.
void Rounds::sort_objections(Ruling& ruling, bool lifts_rows) const {
  auto rank = [&](const Objection& objection) {
    if (objection.kind == Objection::Kind::forbidden) return remediable(objection, lifts_rows) ? 3 : 0;
    return objection.kind == Objection::Kind::erring ? 1 : 2;
  };
  std::stable_sort(ruling.objections.begin(), ruling.objections.end(),
                   [&](const Objection& a, const Objection& b) { return rank(a) < rank(b); });
}

}  // namespace libguard::policy
