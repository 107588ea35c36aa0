#include "policy/rounds.h"

#include <algorithm>

#include "base/limits.h"
#include "policy/cedar/slice_memo.h"

namespace libguard::policy {
namespace {

// Fewer rows make a read smaller; they do not make a function, a setting or a test of a classified column harmless.
bool only_reads(const Ask& ask) {
  return ask.action == "select" || ask.action.starts_with("http.get") || ask.action.starts_with("http.head") ||
         ask.action == "connect" || ask.action == "use";
}

// Each forbid that was lifted makes a set of rulings that must hold without it; more of them together are refused.
constexpr std::size_t kLiftedTogetherMax = 6;

bool settled(const Ruling& ruling, const Liftable& liftable) {
  return ruling.objections.empty() && ruling.reason_min <= liftable.reason_chars;
}

// The same group is asked once: as many as any of the remedies wants, as quickly as any of them wants.
void add_stage(std::vector<Stage>& stages, const Stage& stage, const std::string& policy, bool named = true) {
  auto same =
      std::find_if(stages.begin(), stages.end(), [&](const Stage& other) { return other.group == stage.group; });
  if (same == stages.end()) {
    stages.push_back({stage.group, stage.count, stage.ttl_s, policy});
    return;
  }
  same->count = std::max(same->count, stage.count);
  same->ttl_s = std::min(same->ttl_s, stage.ttl_s);
  if (named) same->asked_by += ", " + policy;
}

// Takes over what another ruling asks for beyond this one.
void fold(Ruling& total, const Ruling& other) {
  for (const Stage& stage : other.stages) {
    bool known = std::any_of(total.stages.begin(), total.stages.end(),
                             [&](const Stage& mine) { return mine.group == stage.group; });
    add_stage(total.stages, stage, stage.asked_by, !known);
  }
  if (other.row_limit) total.row_limit = std::min(total.row_limit.value_or(kUnproven), *other.row_limit);
  total.masked.insert(other.masked.begin(), other.masked.end());
  total.read_only = total.read_only || other.read_only;
  total.lifted.insert(other.lifted.begin(), other.lifted.end());
}

}  // namespace

Ruling Rounds::run(const std::vector<Ask>& asks, const std::vector<Subject>& subjects, const ApprovalFacts& facts,
                   const Liftable& liftable) {
  Case about{asks, subjects, facts, liftable, {}};
  Ruling ruling = ask_until_settled(about);
  if (ruling.lifted.size() < 2 || !settled(ruling, liftable)) return ruling;
  std::set<Policies> seen;
  Ruling total = ruling;
  Ruling failed;
  if (ruling.lifted.size() <= kLiftedTogetherMax && stands_without(about, ruling, seen, total, failed)) return total;
  ruling.objections = failed.objections.empty() ? ruling.lifted_for : failed.objections;
  return ruling;
}

// A remedy of one forbid may keep another from applying (`when { context.approvals == 1 }`), and the first would so
// widen what is allowed. Hence the command must be allowed without each of the lifted forbids, too, and what is asked
// for then is asked for now. Recursion is bounded by kLiftedTogetherMax.
bool Rounds::stands_without(const Case& about, const Ruling& ruling, std::set<Policies>& seen, Ruling& total,
                            Ruling& failed) {
  for (cedar::PolicyIndex policy : ruling.lifted) {
    Case fewer = about;
    fewer.without.insert(policy);
    if (!seen.insert(fewer.without).second) continue;
    Ruling smaller = ask_until_settled(fewer);
    if (!settled(smaller, about.liftable) || fewer.without.size() > kLiftedTogetherMax) {
      failed = std::move(smaller);
      return false;
    }
    fold(total, smaller);
    if (!stands_without(fewer, smaller, seen, total, failed)) return false;
  }
  return true;
}

Ruling Rounds::ask_until_settled(const Case& about) {
  Ruling ruling;
  for (;;) {
    find_short_reasons(about, ruling);
    set_round(about, ruling, about.liftable.reason_chars > 0 || ruling.reason_min > 0);
    ruling.objections.clear();
    ruling.permits.clear();
    ruling.asking = ruling.rounds + 1;
    ask_all(about, ruling);
    ++ruling.rounds;
    if (ruling.objections.empty()) break;
    bool again = ruling.rounds < libguard::limits::kRemedyRoundsMax && remedy(about, ruling);
    note_round(ruling, again);
    if (again) continue;
    sort_objections(about, ruling);
    break;
  }
  return ruling;
}

void Rounds::set_round(const Case& about, const Ruling& ruling, bool reason_given) {
  std::int64_t approvals = 0;
  std::set<std::string> groups = about.facts.groups;
  for (const Stage& stage : ruling.stages) {
    approvals += stage.count;
    groups.insert(stage.group);
  }
  context_.round({std::max(approvals, about.facts.approvals), &groups, ruling.row_limit.value_or(kUnproven),
                  &ruling.masked, ruling.read_only, reason_given});
}

bool Rounds::permitted(const Ask& ask, const std::vector<Subject>& subjects) {
  Ruling ruling;
  const std::vector<Ask> none;
  const ApprovalFacts nothing;
  const Liftable liftable;
  Case about{none, subjects, nothing, liftable, {}};
  context_.touch(ask.touch);
  for (const Subject& subject : subjects) ask_one(about, ask, subject, ruling);
  return std::none_of(ruling.objections.begin(), ruling.objections.end(),
                      [](const Objection& objection) { return objection.kind == Objection::Kind::not_permitted; });
}

// A forbid that a reason keeps away may ask for a longer one. It is found by asking as if there were none.
void Rounds::find_short_reasons(const Case& about, Ruling& ruling) {
  const std::int64_t given = about.liftable.reason_chars;
  if (given == 0 || policies_.reason_min <= given) return;
  set_round(about, ruling, false);
  Ruling without_reason;
  without_reason.asking = -1;
  ask_all(about, without_reason);
  for (const Objection& objection : without_reason.objections) {
    if (objection.kind != Objection::Kind::forbidden) continue;
    const std::int64_t wanted = policies_.notes[objection.policy].remedy.reason_min;
    if (wanted <= given) continue;
    ruling.reason_min = std::max(ruling.reason_min, wanted);
    ruling.reason_asked.insert(objection.policy);
  }
}

// Under what really is: no remedy of another request may show a class that would be masked without it.
bool Rounds::allowed(const Ask& ask, const std::vector<Subject>& subjects) {
  Ruling ruling;
  const std::vector<Ask> none;
  const ApprovalFacts nothing;
  const Liftable liftable;
  Case about{none, subjects, nothing, liftable, {}};
  context_.touch(nullptr);
  for (const Subject& subject : subjects) ask_one(about, ask, subject, ruling);
  return ruling.objections.empty();
}

void Rounds::ask_all(const Case& about, Ruling& ruling) {
  for (const Ask& ask : about.asks) {
    context_.touch(ask.touch);
    for (const Subject& subject : about.subjects) ask_one(about, ask, subject, ruling);
  }
}

void Rounds::ask_one(const Case& about, const Ask& ask, const Subject& subject, Ruling& ruling) {
  cedar::EvalRequest request;
  request.principal = {subject.entity, subject.groups};
  request.action = {ask.action_anchor->entity, ask.action_anchor->ancestors};
  request.resource = {ask.resource, ask.ancestors};
  request.context = context_.record();
  thread_local cedar::SliceMemo slices;
  const auto& slice = slices.slice(policies_.set, request, names_, words_.names.entity_count());
  cedar::PolicySet::ask(slice, request, machine_, answer_);
  bool refused = false;
  for (cedar::PolicyIndex policy : answer_.forbids) {
    if (about.without.contains(policy)) continue;
    refused = true;
    ruling.objections.push_back({Objection::Kind::forbidden, &ask, &subject, policy});
  }
  for (const auto& [policy, error] : answer_.errors) {
    if (about.without.contains(policy)) continue;
    ruling.erring.insert(policy);
    if (policies_.set.policies()[policy].permit) continue;
    refused = true;
    ruling.objections.push_back({Objection::Kind::erring, &ask, &subject, policy});
  }
  bool permitted = subject.forbids_only || (!answer_.permits.empty() && (!ask.must_be_named || names_it(ask)));
  if (witness_ != nullptr && ruling.asking >= 0 && about.without.empty())
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

bool Rounds::remediable(const Case& about, const Objection& objection) const {
  if (objection.kind != Objection::Kind::forbidden) return false;
  const PolicyNote& note = policies_.notes[objection.policy];
  const Remedy& remedy = note.remedy;
  const Liftable& liftable = about.liftable;
  if (remedy.for_reads() && !(liftable.reads && only_reads(*objection.ask))) return false;
  if (remedy.row_limit && liftable.packs_rows) return false;
  if ((remedy.mask || remedy.read_only) && !liftable.vetted) return false;
  bool exposed = std::any_of(note.masks.begin(), note.masks.end(),
                             [&](const std::string& name) { return liftable.exposed.contains(name); });
  return !exposed && !remedy.empty();
}

bool Rounds::remedy(const Case& about, Ruling& ruling) const {
  for (const Objection& objection : ruling.objections) {
    if (!remediable(about, objection)) return false;
  }
  bool changed = false;
  for (const Objection& objection : ruling.objections) {
    if (!ruling.lifted.insert(objection.policy).second) continue;
    ruling.lifted_for.push_back(objection);
    apply(objection.policy, ruling);
    changed = true;
  }
  return changed;
}

// The most restrictive of all: the fewest rows, every mask, every stage, the longest reason.
void Rounds::apply(cedar::PolicyIndex policy, Ruling& ruling) const {
  const PolicyNote& note = policies_.notes[policy];
  const Remedy& remedy = note.remedy;
  if (remedy.row_limit) ruling.row_limit = std::min(ruling.row_limit.value_or(kUnproven), *remedy.row_limit);
  ruling.masked.insert(note.masks.begin(), note.masks.end());
  ruling.read_only = ruling.read_only || remedy.read_only;
  if (remedy.reason_min > 0) {
    ruling.reason_min = std::max(ruling.reason_min, remedy.reason_min);
    ruling.reason_asked.insert(policy);
  }
  for (const Stage& stage : remedy.stages) add_stage(ruling.stages, stage, policies_.set.policies()[policy].id);
}

void Rounds::note_round(Ruling& ruling, bool remedied) const {
  Policies said;
  for (const Objection& objection : ruling.objections) {
    if (objection.kind != Objection::Kind::not_permitted) said.insert(objection.policy);
  }
  if (said.empty()) return;
  RoundNote round;
  for (cedar::PolicyIndex policy : said) {
    round.forbids.push_back(policies_.set.policies()[policy].id);
    if (remedied) round.remedies.push_back(policies_.notes[policy].remedy.text);
  }
  ruling.trail.push_back(std::move(round));
}

// The most teaching objection first: a rule that says no for good, then one that failed, then a missing permit.
void Rounds::sort_objections(const Case& about, Ruling& ruling) const {
  auto rank = [&](const Objection& objection) {
    if (objection.kind == Objection::Kind::forbidden) return remediable(about, objection) ? 3 : 0;
    return objection.kind == Objection::Kind::erring ? 1 : 2;
  };
  std::stable_sort(ruling.objections.begin(), ruling.objections.end(),
                   [&](const Objection& a, const Objection& b) { return rank(a) < rank(b); });
}

}  // namespace libguard::policy
