#include "guard/passage.h"

#include "guard/definitions.h"
#include "guard/hints.h"
#include "guard/resolver.h"
#include "libguard/error.h"

namespace libguard {
namespace {

// How long an answer may wait for the database to say how a COMMIT ended.
constexpr auto kResolveSpan = std::chrono::milliseconds(1'000);

OutcomeState state_of(const Error& error, bool running) {
  if (error.kind() == ErrorKind::in_doubt) return OutcomeState::in_doubt;
  // The server would do something else than what was allowed: a refusal, however late it is found out.
  if (error.code() == "command.disagreement") return OutcomeState::refused;
  return running ? OutcomeState::failed : OutcomeState::refused;
}

}  // namespace

Passage::Passage(SessionState& session, const Request& request, const ToolBody* body)
    : session_(session),
      guard_(*session.guard),
      request_(request),
      body_(body),
      snapshot_(guard_.snapshot()),
      record_(guard_.ids->make("r")),
      started_(std::chrono::steady_clock::now()),
      draw_(snapshot_->budgets, session.counted(), *guard_.clock) {}

Checked<Understood> Passage::understand(const Identity& identity) {
  stage_ = "understand";
  if (request_.kind == RequestKind::tool) {
    understood_ = Understood{tool_command(), nullptr, nullptr};
    return *understood_;
  }
  auto found = snapshot_->connections.find(request_.connection);
  if (found == snapshot_->connections.end() || found->second->config().tenant != identity.tenant) {
    return refuse("request.unknown_connection", "no connection has this name; ask the operator which ones there are");
  }
  Connection& connection = *found->second;
  // A command that a person approved is judged by the catalogue of now, never by one that was cached while they
  // thought.
  auto limits = connection.limits(request_);
  auto meaning = request_.ticket.empty() && !refresh_ ? connection.meaning(limits) : connection.refresh(limits);
  understood_ =
      Understood{connection.understand(*meaning, request_.text, request_.params), found->second, meaning->catalogue};
  return *understood_;
}

std::shared_ptr<const Command> Passage::tool_command() const {
  auto command = std::make_shared<Command>();
  command->text = request_.arguments;
  command->understood = true;
  command->kinds = {"use"};
  command->statements = 1;
  return command;
}

Decision Passage::ask_policy(const Identity& identity, const Understood& understood,
                             const policy::ApprovalFacts& facts) {
  const Command& command = *understood.command;
  Decision decision = request_.kind == RequestKind::tool
                          ? snapshot_->decider->decide_tool(identity, request_, facts, decided_us_, draw_.usage())
                          : snapshot_->decider->decide(identity, request_, command, facts, decided_us_, draw_.usage());
  decision.snapshot = snapshot_->hash;
  // A plain allow runs at once, against the whole catalogue; an approval lies about for a while.
  const bool lasts = decision.verdict() == Verdict::ask || !request_.ticket.empty() || facts.approvals > 0;
  if (understood.catalogue && lasts) decision.definitions = definitions_digest(command, *understood.catalogue);
  return decision;
}

Checked<Known<Decision>> Passage::decide(const Identity& identity, const Understood& understood) {
  stage_ = "decide";
  most_ = most_taken(understood);
  draw_.open(identity, request_, most_);
  judge(identity, understood);
  narrow(identity, *understood.command);
  if (judged_->decision.verdict() != Verdict::deny) return std::cref(judged_->decision);
  if (judged_by_the_past(understood)) {
    throw Error(ErrorKind::unavailable, "command.changed", "the schema changed since the guard read it; judged anew");
  }
  Decision& refusal = own_decision();
  std::string sentence = told(identity, understood, refusal);
  return refuse(refusal.veiled ? "policy.default_deny" : refusal.code, std::move(sentence));
}

// The same question of the same thread has the same answer.
void Passage::judge(const Identity& identity, const Understood& understood) {
  decided_us_ = guard_.clock->now_us();
  const Question question{snapshot_->number, identity_, request_, understood.command,
                          snapshot_->decider->hour(decided_us_)};
  const bool counted = snapshot_->budgets.needs.any();
  judged_ = counted ? nullptr : judged_before(question);
  kept_ = judged_ != nullptr;
  if (kept_) return;
  judged_ = std::make_shared<Judgement>(Judgement{ask_policy(identity, understood, {}), std::nullopt, nullptr});
  kept_ = !counted && remember(question, judged_);
}

// To be changed: never one that another action could be answered with.
Decision& Passage::own_decision() {
  if (kept_) throw Error(ErrorKind::internal, "policy.kept", "a decision that is kept for others was to be changed");
  return judged_->decision;
}

bool Passage::judged_by_the_past(const Understood& understood) const {
  return understood.connection && understood.catalogue && !refresh_ && request_.ticket.empty() &&
         understood.connection->outdated(*understood.catalogue, understood.connection->limits(request_));
}

// A name that does not exist is asked of policy as if it did: whoever has no permit for it reads the same in both
// cases.
std::string Passage::told(const Identity& identity, const Understood& understood, Decision& decision) {
  if (decision.veiled) return decision.told;
  const Command& command = *understood.command;
  if (!command.understood && understood.connection) {
    if (auto assumed = assumed_command(command, *understood.catalogue)) {
      Decision hidden = ask_policy(identity, {assumed, understood.connection, nullptr}, {});
      decision.veiled = hidden.veiled;
      if (hidden.veiled) return hidden.told;
    }
  }
  return decision.reason + (understood.catalogue ? key_hint(command, *understood.catalogue) : std::string());
}

// A decision point outside can only take away: its objection takes the place of what our policy allowed.
void Passage::narrow(const Identity& identity, const Command& command) {
  if (auto denied = objection(judged_->decision, identity, command)) {
    judged_ = std::make_shared<Judgement>(Judgement{std::move(*denied), std::nullopt, nullptr});
    kept_ = false;
  }
}

std::optional<Decision> Passage::objection(const Decision& decision, const Identity& identity,
                                           const Command& command) const {
  if (!snapshot_->external || decision.verdict() == Verdict::deny) return std::nullopt;
  const Grant grant = Grant::from(decision, request_.connection, identity.tenant);
  const auto objection = snapshot_->external->refusal(identity, request_, command, grant);
  if (!objection) return std::nullopt;
  Decision denied;
  denied.code = objection->code;
  denied.reason = objection->reason;
  denied.snapshot = decision.snapshot;
  denied.risk = decision.risk;
  denied.risk_parts = decision.risk_parts;
  denied.rounds = decision.rounds;
  denied.trail = decision.trail;
  return denied;
}

Checked<Permit> Passage::approve(const Identity& identity, const Understood& understood, const Decision& decision) {
  stage_ = "approve";
  if (decision.verdict() == Verdict::ask || !request_.ticket.empty()) draw_.release();
  auto again = [&](std::int64_t approvals, const std::vector<std::string>& groups) {
    return ask_again(identity, understood, decision, approvals, groups);
  };
  std::chrono::milliseconds wait(request_.wait_ms.value_or(snapshot_->config.approvals_wait_ms));
  approval::Approval approval =
      snapshot_->approver->approve(identity, request_, understood.command, decision, again, wait, record_);
  ticket_ = std::move(approval.ticket);
  approvers_ = std::move(approval.approvers);
  permit_digest_ = std::move(approval.digest);
  if (approval.permit) return std::move(*approval.permit);
  OutcomeState state = approval.state == "pending" ? OutcomeState::pending : OutcomeState::refused;
  return Stop{state, std::move(approval.code), std::move(approval.reason), ticket_};
}

// At execution an approved command is understood and decided again; any difference voids the ticket.
Decision Passage::ask_again(const Identity& identity, const Understood& understood, const Decision& shown,
                            std::int64_t approvals, const std::vector<std::string>& groups) {
  draw_.hold_again();
  decided_us_ = guard_.clock->now_us();
  policy::ApprovalFacts facts{approvals, {groups.begin(), groups.end()}};
  if (!understood.connection) return ask_policy(identity, understood, facts);
  auto meaning = understood.connection->refresh(understood.connection->limits(request_));
  const Understood fresh{understood.connection->understand(*meaning, request_.text, request_.params),
                         understood.connection, meaning->catalogue};
  const std::shared_ptr<const Command>& now = fresh.command;
  Decision decision = ask_policy(identity, fresh, facts);
  Decision unapproved = ask_policy(identity, fresh, {});
  // The permit is for the command as it was understood, so its catalogue must still be the one of now.
  if (now->catalogue_version == understood.command->catalogue_version &&
      approval::digest_of(identity, request_, *now, unapproved) ==
          approval::digest_of(identity, request_, *understood.command, shown)) {
    if (auto denied = objection(decision, identity, *now)) return *denied;
    // Limits of both decisions hold: what was shown to the approver, and what policy says now.
    own_decision().masked_classes.insert(decision.masked_classes.begin(), decision.masked_classes.end());
    return decision;
  }
  Decision changed;
  changed.code = "approval.changed";
  changed.reason = "what the command means changed after it was approved; ask again";
  return changed;
}

Prepared Passage::prepare(const Understood& understood, const Decision& decision, Permit&& permit) {
  stage_ = "record";
  Prepared prepared{std::move(permit), nullptr};
  if (!understood.connection) return prepared;
  Connection& connection = *understood.connection;
  Grant grant = Grant::from(decision, connection.config().name, connection.config().tenant);
  prepared.action = connection.backend().begin(grant, prepared.permit, connection.limits(request_));
  prepared_ = prepared.action->prepare();
  return prepared;
}

RawResult Passage::execute(Prepared&& prepared, const Intent& intent) {
  stage_ = "execute";
  if (prepared.action) {
    RawResult raw = prepared.action->execute(std::move(prepared.permit), intent);
    backend_us_ = raw.backend_us;
    affected_ = raw.affected;
    executed_ = true;
    CommandEffect effect = understood_->command->effect;
    if (effect != CommandEffect::read && effect != CommandEffect::write) understood_->connection->forget();
    return raw;
  }
  (void)prepared.permit.spend(intent.digest());
  auto began = std::chrono::steady_clock::now();
  RawResult raw;
  try {
    raw.text = (*body_)(request_.arguments);
  } catch (...) {
    throw Error(ErrorKind::invalid, "tool.failed",
                "the tool raised an error; its text is not shown, since it could hold data");
  }
  backend_us_ = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count();
  executed_ = true;
  return raw;
}

MaskedResult Passage::mask(RawResult&& raw, const Understood& understood, const Decision& decision) {
  stage_ = "mask";
  if (!understood.connection) return snapshot_->masker->mask_text(std::move(raw));
  auto plan = [&] { return masking::plan_for(*understood.command, decision.masked_classes, *snapshot_->config.frame); };
  if (!kept_) return snapshot_->masker->mask(std::move(raw), *understood.command, plan());
  if (!judged_->plan) judged_->plan = plan();
  return snapshot_->masker->mask(std::move(raw), *understood.command, *judged_->plan);
}

Outcome Passage::stopped(const Stop& stop) {
  Outcome outcome = answer(stop.state, stop.code, stop.reason);
  if (!stop.ticket.empty()) outcome.ticket = stop.ticket;
  record(outcome, {});
  return outcome;
}

Outcome Passage::broken(const Error& error) {
  bool running = intent_.has_value();
  catalogue_changed_ = error.code() == "command.changed" && ticket_.empty();
  Outcome outcome = answer(state_of(error, running), error.code(), error.what());
  outcome.sqlstate = error.sqlstate();
  if (error.code() == "audit.unwritable" || error.code() == "guard.forked") {
    // Nothing can be recorded now, so nothing ran, or what ran is listed as in doubt by its intent.
    if (running) {
      outcome.state = OutcomeState::in_doubt;
      outcome.code = "audit.outcome_unwritten";
    }
    close_budgets(outcome, 0);
    guard_.counters.count(outcome.state);
    return outcome;
  }
  if (executed_ && changed_something()) {
    // "Failed" would say that nothing happened, and invite doing it twice.
    outcome.state = OutcomeState::completed;
    outcome.code = "answer.withheld";
    outcome.reason = "it was done, do not repeat it; its answer is withheld: " + outcome.reason;
    outcome.affected = affected_;
    if (understood_->connection == nullptr) outcome.result = outcome.reason;
  }
  record(outcome, {});
  return outcome.state == OutcomeState::in_doubt ? settled(std::move(outcome)) : outcome;
}

// The record says "in doubt" by now; the database may know better at once.
Outcome Passage::settled(Outcome outcome) {
  audit::OpenIntent open{record_,      session_.id,    identity_->tenant, request_.connection,
                         entry_->kind, entry_->effect, prepared_.xid,     prepared_.system_identifier};
  switch (resolve(guard_, *snapshot_, open, kResolveSpan)) {
    case Resolved::committed:
      outcome.state = OutcomeState::completed;
      outcome.code = "answer.withheld";
      outcome.reason =
          "the answer to COMMIT was lost, but the database says that it took effect: it was done, do not repeat it; "
          "its "
          "result is not known";
      break;
    case Resolved::aborted:
    case Resolved::nothing_changed:
      outcome.state = OutcomeState::failed;
      outcome.code = "backend.rolled_back";
      outcome.reason =
          "the answer to COMMIT was lost, and the database says that nothing was changed; trying again is safe";
      break;
    case Resolved::unknown:
      resolve_later(guard_, std::move(open));
      break;
  }
  return outcome;
}

bool Passage::changed_something() const {
  return understood_->connection == nullptr || understood_->command->effect != CommandEffect::read;
}

Outcome Passage::answer(OutcomeState state, std::string code, std::string reason) const {
  Outcome outcome;
  outcome.state = state;
  outcome.stage = stage_;
  outcome.code = std::move(code);
  outcome.reason = std::move(reason);
  outcome.record = record_;
  outcome.ticket = ticket_;
  if (judged_ && !judged_->decision.veiled) {
    outcome.risk = judged_->decision.risk;
    outcome.deciding = judged_->decision.deciding;
  }
  if (identity_) outcome.warnings = identity_->warnings;
  return outcome;
}

}  // namespace libguard
