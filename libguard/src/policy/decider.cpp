#include "policy/decider.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"
#include "policy/reasons.h"
#include "policy/risk.h"
#include "policy/rounds.h"
#include "policy/time_zone.h"
#include "policy/veil.h"

namespace libguard::policy {
namespace {

std::string digest_of(const std::vector<PolicySource>& sources) {
  crypto::FieldHash hash;
  for (const PolicySource& source : sources) hash.field(source.name).field(source.text);
  return crypto::hex(hash.finish());
}

std::vector<std::string> ids_of(const std::set<cedar::PolicyIndex>& policies, const cedar::PolicySet& set) {
  std::vector<std::string> ids;
  ids.reserve(policies.size());
  for (cedar::PolicyIndex policy : policies) ids.push_back(set.policies()[policy].id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

int count(const ClassSet& set) { return static_cast<int>(std::count(set.begin(), set.end(), true)); }

bool writes(const Touch& touch) { return is_write_action(touch.action); }

// What counts of a reason: its characters that show something.
std::int64_t shown_chars(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && (byte & 0xC0) != 0x80;
  });
}

std::int64_t reason_chars(const Request& request) {
  return std::max(shown_chars(request.purpose), shown_chars(request.explanation));
}

// A class that is compared with more than one value, or flows elsewhere, is shown by other ways than result columns.
Liftable liftable_of(const Request& request, const Command& command, const ClassUse& use,
                     const ColumnClasses& classes) {
  Liftable liftable;
  liftable.reads =
      command.effect == CommandEffect::read && std::none_of(command.touches.begin(), command.touches.end(), writes);
  liftable.packs_rows = command.packs_rows;
  liftable.vetted =
      std::all_of(command.functions.begin(), command.functions.end(), [](const CalledFunction& f) { return f.safe; });
  for (std::size_t i = 0; i < use.carried.size(); ++i) {
    if (use.carried[i] || use.inferred[i]) liftable.exposed.insert(classes.name(i));
  }
  liftable.reason_chars = reason_chars(request);
  return liftable;
}

void refuse(Decision& decision, std::string code, const std::string& why) {
  decision.code = std::move(code);
  decision.reason = final_refusal(why);
}

void merge_stages(std::vector<Stage>& into, const std::vector<Stage>& more) {
  for (const Stage& stage : more) {
    auto same = std::find_if(into.begin(), into.end(), [&](const Stage& other) {
      return other.group == stage.group && other.count == stage.count && other.ttl_s == stage.ttl_s;
    });
    if (same == into.end())
      into.push_back(stage);
    else if (same->asked_by != stage.asked_by)
      same->asked_by += ", " + stage.asked_by;
  }
}

// Everything but the verdict: of each answer the stricter, of each list all.
void merge(Decision& whole, const Decision& part) {
  merge_stages(whole.stages, part.stages);
  whole.deciding.insert(whole.deciding.end(), part.deciding.begin(), part.deciding.end());
  std::sort(whole.deciding.begin(), whole.deciding.end());
  whole.deciding.erase(std::unique(whole.deciding.begin(), whole.deciding.end()), whole.deciding.end());
  whole.masked_classes.insert(part.masked_classes.begin(), part.masked_classes.end());
  whole.where.insert(part.where.begin(), part.where.end());
  whole.read_only = whole.read_only || part.read_only;
  whole.trail.insert(whole.trail.end(), part.trail.begin(), part.trail.end());
  if (part.row_limit) whole.row_limit = std::min(whole.row_limit.value_or(kUnproven), *part.row_limit);
  if (part.risk > whole.risk) {
    whole.risk = part.risk;
    whole.risk_parts = part.risk_parts;
  }
  whole.rounds = std::max(whole.rounds, part.rounds);
}

const char* code_of(Objection::Kind kind) {
  switch (kind) {
    case Objection::Kind::forbidden:
      return "policy.denied";
    case Objection::Kind::erring:
      return "policy.error";
    case Objection::Kind::not_permitted:
      return "policy.default_deny";
  }
  return "policy.denied";
}

}  // namespace

namespace {

// Of several statements in one transaction: all their keys when each names its keys, else one bound for all.
std::int64_t rows_affected_bound_of_parts(const Command& command, std::int64_t otherwise) {
  std::int64_t rows = 0;
  for (const auto& part : command.parts) {
    if (std::none_of(part->touches.begin(), part->touches.end(), writes)) continue;
    const std::int64_t keys = rows_affected_bound(*part, -1);
    if (keys < 0 || __builtin_add_overflow(rows, keys, &rows)) return otherwise;
  }
  return rows > 0 ? rows : otherwise;
}

}  // namespace

// The number of keys named when every write proves one; else what the connection allows. What is behind a view or
// trigger belongs to the same rows and is not counted twice, but must be proven too.
std::int64_t rows_affected_bound(const Command& command, std::int64_t otherwise) {
  if (!command.parts.empty()) return rows_affected_bound_of_parts(command, otherwise);
  std::int64_t rows = 0;
  for (const Touch& touch : command.touches) {
    if (!writes(touch)) continue;
    if (touch.bound != Bound::eq || touch.rows_bound == kUnproven || touch.rows_bound < 0) return otherwise;
    if (!touch.through_view && __builtin_add_overflow(rows, touch.rows_bound, &rows)) return otherwise;
  }
  return rows > 0 ? rows : otherwise;
}

struct Decider::State {
  State(const std::vector<PolicySource>& sources, std::shared_ptr<const Frame> frame)
      : words(std::move(frame)),
        policies(load_policies(sources, words)),
        classes(words.frame()),
        zone(words.frame().timezone),
        version(digest_of(sources)) {}

  // Everything of a decision but its verdict, which only Decider may set.
  Verdict rule(Decision& decision, const Ruling& ruling, const Liftable& liftable, const Said& said) const;
  [[nodiscard]] std::map<std::string, std::string> where(const std::set<cedar::PolicyIndex>& of) const {
    std::map<std::string, std::string> out;
    for (cedar::PolicyIndex policy : of) out[policies.set.policies()[policy].id] = policies.notes[policy].where;
    return out;
  }
  void mask(Decision& decision, const ClassSet& shown, const std::vector<Subject>& subjects, AskBuilder& builder,
            Rounds& rounds) const;
  bool can_decide(Decision& decision, const Command& command, const ConnectionEntity*& connection) const;

  Vocabulary words;
  LoadedPolicies policies;
  ColumnClasses classes;
  TimeZone zone;
  std::string version;
};

Decider::Decider(const std::vector<PolicySource>& sources, std::shared_ptr<const Frame> frame)
    : state_(std::make_unique<State>(sources, std::move(frame))) {}

Decider::~Decider() = default;

int Decider::hour(std::int64_t now_us) const { return state_->zone.hour(now_us); }

BudgetNeeds Decider::budget_needs() const {
  BudgetNeeds needs;
  for (Symbol name = static_cast<Symbol>(ContextName::first_counter); name < kContextNames; ++name) {
    if (!state_->policies.context_used[name]) continue;
    Counter counter = *counter_of(name);
    needs.wanted[static_cast<std::size_t>(counter.budget)][static_cast<std::size_t>(counter.measure)] = true;
  }
  return needs;
}

const std::string& Decider::version() const noexcept { return state_->version; }

const std::vector<std::string>& Decider::warnings() const noexcept { return state_->policies.warnings; }
const Vocabulary& Decider::words() const noexcept { return state_->words; }
const LoadedPolicies& Decider::policies() const noexcept { return state_->policies; }

std::vector<std::string> Decider::ids() const {
  std::vector<std::string> ids;
  for (const cedar::Policy& policy : state_->policies.set.policies()) ids.push_back(policy.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Verdict Decider::State::rule(Decision& decision, const Ruling& ruling, const Liftable& liftable,
                             const Said& said) const {
  decision.rounds = ruling.rounds;
  decision.trail = ruling.trail;
  decision.erring = ids_of(ruling.erring, policies.set);
  if (!ruling.objections.empty()) {
    std::set<cedar::PolicyIndex> deciding;
    for (const Objection& objection : ruling.objections) {
      if (objection.kind != Objection::Kind::not_permitted) deciding.insert(objection.policy);
    }
    decision.deciding = ids_of(deciding, policies.set);
    decision.where = where(deciding);
    const Objection& first = ruling.objections.front();
    decision.code = is_over_budget(first, policies, said.usage) ? "policy.budget" : code_of(first.kind);
    decision.reason = reason_of_objection(first, policies, said);
    return Verdict::deny;
  }
  if (ruling.reason_min > liftable.reason_chars) {
    decision.deciding = ids_of(ruling.reason_asked, policies.set);
    decision.where = where(ruling.reason_asked);
    decision.code = "policy.reason_required";
    decision.reason = reason_to_give_one(decision.deciding, ruling.reason_min, liftable.reason_chars);
    return Verdict::deny;
  }
  decision.row_limit = ruling.row_limit;
  decision.masked_classes = ruling.masked;
  decision.read_only = ruling.read_only;
  decision.stages = ruling.stages;
  if (!ruling.stages.empty()) {
    decision.deciding = ids_of(ruling.lifted, policies.set);
    decision.where = where(ruling.lifted);
    decision.code = "policy.ask";
    decision.reason = reason_to_ask(ruling.stages);
    return Verdict::ask;
  }
  decision.deciding = ids_of(ruling.permits, policies.set);
  decision.code = "policy.allowed";
  decision.reason = reason_to_allow(decision.deciding);
  return Verdict::allow;
}

// A class that the result shows without leave for `unmask` is masked, not refused. Remedies take no part in this.
void Decider::State::mask(Decision& decision, const ClassSet& shown, const std::vector<Subject>& subjects,
                          AskBuilder& builder, Rounds& rounds) const {
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] && !rounds.allowed(builder.data_class("unmask", classes.name(i)), subjects))
      decision.masked_classes.insert(classes.name(i));
  }
}

bool Decider::State::can_decide(Decision& decision, const Command& command, const ConnectionEntity*& connection) const {
  connection = words.connection(command.connection);
  if (connection == nullptr) {
    refuse(decision, "policy.unknown_connection", "there is no such connection");
  } else if (!command.understood) {
    refuse(decision, command.not_understood_code.empty() ? "command.not_understood" : command.not_understood_code,
           command.not_understood.empty() ? "the command was not understood" : text::visible(command.not_understood));
  } else if (!command.runnable) {
    refuse(decision, command.not_runnable_code.empty() ? "command.not_runnable" : command.not_runnable_code,
           command.not_runnable.empty() ? "this kind of command is not run here" : text::visible(command.not_runnable));
  } else {
    return true;
  }
  return false;
}

Decision Decider::decide(const Identity& identity, const Request& request, const Command& command,
                         const ApprovalFacts& facts, std::int64_t now_us, const Usage& usage, Witness* witness) const {
  bool several = command.understood && command.runnable && !command.parts.empty();
  Decision decision = several ? decide_parts(identity, request, command, facts, now_us, usage, witness)
                              : decide_one(identity, request, command, facts, now_us, usage, witness);
  const ConnectionEntity* connection = state_->words.connection(command.connection);
  if (decision.verdict() != Verdict::deny || connection == nullptr || !command.understood) return decision;
  if (auto told = veiled_refusal(identity, request, command, *connection, state_->words, state_->policies)) {
    decision.veiled = true;
    decision.told = std::move(*told);
  }
  return decision;
}

// All statements must be allowed. They share one transaction, so they share its bound on changed rows.
Decision Decider::decide_parts(const Identity& identity, const Request& request, const Command& command,
                               const ApprovalFacts& facts, std::int64_t now_us, const Usage& usage,
                               Witness* witness) const {
  Decision whole;
  for (std::size_t i = 0; i < command.parts.size(); ++i) {
    Decision part = decide_one(identity, request, *command.parts[i], facts, now_us, usage, witness);
    if (part.verdict() == Verdict::deny) {
      part.reason = "statement " + std::to_string(i + 1) + " of " + std::to_string(command.parts.size()) +
                    ", none of which ran: " + part.reason;
      return part;
    }
    if (i == 0) {
      whole = std::move(part);
    } else {
      merge(whole, part);
      whole.verdict_ = std::min(whole.verdict_, part.verdict_);
    }
  }
  const ConnectionEntity* connection = state_->words.connection(command.connection);
  whole.rows_affected_max = rows_affected_bound(command, connection->frame->rows_affected_max);
  whole.reason = whole.verdict_ == Verdict::ask ? reason_to_ask(whole.stages) : reason_to_allow(whole.deciding);
  whole.code = whole.verdict_ == Verdict::ask ? "policy.ask" : "policy.allowed";
  return whole;
}

Decision Decider::decide_one(const Identity& identity, const Request& request, const Command& command,
                             const ApprovalFacts& facts, std::int64_t now_us, const Usage& usage,
                             Witness* witness) const {
  const State& state = *state_;
  Decision decision;
  const ConnectionEntity* connection = nullptr;
  if (!state.can_decide(decision, command, connection)) return decision;

  ClassUse use = class_use(command, state.classes);
  std::vector<FactValue> values;
  std::string unknown_fact;
  bool facts_known = fact_values(command, state.words, values, unknown_fact);
  const int hour = state.zone.hour(now_us);
  decision.risk_parts = risk_of(
      command, {connection, hour, count(use.shown) + count(use.carried), count(use.matched) + count(use.inferred),
                static_cast<int>(values.size()) + (facts_known ? 0 : 1)});
  decision.risk = total(decision.risk_parts);
  decision.rows_affected_max = rows_affected_bound(command, connection->frame->rows_affected_max);
  if (!facts_known) {
    refuse(decision, "command.value_unknown",
           "the value of " + text::visible(unknown_fact) +
               " must be one literal or parameter, so that policy can judge it");
    return decision;
  }

  cedar::Names names(&state.words.names);
  std::string why;
  auto subjects = subjects_of(identity, state.words, names, why);
  AskBuilder builder(state.words, names);
  if (!subjects) {
    refuse(decision, "policy.no_identity", why);
    return decision;
  }
  if (!builder.command(request, command, *connection, use, state.classes)) {
    refuse(decision, builder.code, builder.why);
    return decision;
  }
  RequestContext context(state.words, state.policies, names, usage);
  context.command(identity, request, command, values, hour, decision.risk);
  Rounds rounds(state.words, state.policies, names, context, witness);
  Liftable liftable = liftable_of(request, command, use, state.classes);
  Ruling ruling = rounds.run(builder.asks, *subjects, facts, liftable);
  decision.verdict_ = state.rule(decision, ruling, liftable, {names, usage});
  if (decision.verdict() == Verdict::deny) return decision;
  context.round({facts.approvals, &facts.groups, kUnproven, nullptr, false, liftable.reason_chars > 0});
  state.mask(decision, use.shown, *subjects, builder, rounds);
  return decision;
}

Decision Decider::decide_tool(const Identity& identity, const Request& request, const ApprovalFacts& facts,
                              std::int64_t now_us, const Usage& usage, Witness* witness) const {
  const State& state = *state_;
  Decision decision;
  const ConnectionEntity* connection = state.words.connection(request.connection);
  JsonResult arguments = read_json(request.arguments.empty() ? "{}" : request.arguments);
  if (request.tool.empty() || !arguments.value || !arguments.value->is_object()) {
    refuse(decision, "request.malformed", "a tool call needs the tool's name and its arguments as a JSON object");
    return decision;
  }
  if (!request.connection.empty() && connection == nullptr) {
    refuse(decision, "policy.unknown_connection", "there is no such connection");
    return decision;
  }
  cedar::Names names(&state.words.names);
  std::string why;
  auto subjects = subjects_of(identity, state.words, names, why);
  if (!subjects) {
    refuse(decision, "policy.no_identity", why);
    return decision;
  }
  RequestContext context(state.words, state.policies, names, usage);
  context.tool(identity, request, *arguments.value, state.zone.hour(now_us), decision.risk);
  Rounds rounds(state.words, state.policies, names, context, witness);
  AskBuilder builder(state.words, names);
  std::vector<Ask> asks{builder.tool(request.tool, connection)};
  Liftable liftable;
  liftable.reason_chars = reason_chars(request);
  Ruling ruling = rounds.run(asks, *subjects, facts, liftable);
  decision.verdict_ = state.rule(decision, ruling, liftable, {names, usage});
  return decision;
}

}  // namespace libguard::policy
