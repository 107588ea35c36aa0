#include "approval/approver.h"

#include <algorithm>
#include <thread>

#include "approval/shown.h"
#include "approval/ticket_rules.h"
#include "base/limits.h"
#include "base/text.h"
#include "libguard/error.h"

namespace libguard::approval {
namespace {

using DecideAgain = std::function<Decision(std::int64_t, const std::vector<std::string>&)>;

// Compare-and-set is retried this often before a caller is told that the ticket is busy.
constexpr int kReplaceTriesMax = 20;

std::string user_of(const Identity& identity) { return identity.user ? identity.user->subject : std::string(); }

Approval answer(const char* state, std::string code, std::string reason, const std::string& ticket,
                const std::string& digest) {
  Approval approval;
  approval.state = state;
  approval.code = std::move(code);
  approval.reason = std::move(reason);
  approval.ticket = ticket;
  approval.digest = digest;
  return approval;
}

Approval refused(const std::string& code, const Ticket& ticket, const std::string& digest) {
  return answer("refused", code, sentence(code, ticket), ticket.id, digest);
}

std::string who_is_asked(const Ticket& ticket) {
  std::string list;
  for (const Stage& stage : ticket.stages) {
    if (!list.empty()) list += " and ";
    list += std::to_string(stage.count) + " from " + text::visible(stage.group);
  }
  return list;
}

Approval pending(const Ticket& ticket, const std::string& digest, bool cancelled) {
  const std::string open = "needs approval: " + who_is_asked(ticket) + ". NOT EXECUTED; ";
  if (cancelled) {
    return answer("pending", "approval.cancelled",
                  open + "the wait was cancelled, ticket " + ticket.id + " stays open.", ticket.id, digest);
  }
  return answer("pending", "approval.pending", open + "do not call again in this run; report ticket " + ticket.id + ".",
                ticket.id, digest);
}

std::string code_of(TicketState state) { return std::string("approval.") + to_string(state); }

}  // namespace

struct Approver::State {
  std::shared_ptr<TicketStore> store;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<IdSource> ids;

  // One call to approve(): what every step of it needs.
  struct Call {
    const Identity& identity;
    const Request& request;
    std::shared_ptr<const Command> command;
    const Decision& decision;
    const DecideAgain& decide_again;
    const std::string& record;
    std::string digest;
    Deadline until;
  };

  // The one place where a Permit is made. Limits of both decisions hold: what the approver saw, and what policy says
  // now.
  static Approval allowed(const Call& call, const Decision& now, const Ticket& ticket) {
    Permit permit;
    permit.command_ = call.command;
    permit.digest_ = call.digest;
    permit.write_ = call.command->effect != CommandEffect::read && !call.decision.read_only && !now.read_only;
    permit.rows_affected_max_ = std::min(call.decision.rows_affected_max, now.rows_affected_max);
    permit.row_limit_ = std::min(call.decision.row_limit.value_or(kUnproven), now.row_limit.value_or(kUnproven));
    Approval approval = answer("allowed", "ok", now.reason, ticket.id, call.digest);
    approval.approvers = yes_voters(ticket);
    approval.permit.emplace(std::move(permit));
    return approval;
  }

  Ticket wanted(const Call& call) const {
    Ticket ticket;
    ticket.id = ids->make("t");
    ticket.tenant = call.identity.tenant;
    ticket.digest = call.digest;
    ticket.account = call.identity.account;
    ticket.user = user_of(call.identity);
    ticket.chain_subjects = chain_subjects(call.identity, call.request.hops);
    ticket.shown_json = shown_json(call.identity, call.request, *call.command, call.decision);
    ticket.stages = call.decision.stages;
    ticket.created_at_us = clock->now_us();
    std::int64_t ttl_s = kStageTtlSecondsMax;
    for (const Stage& stage : ticket.stages) ttl_s = std::min(ttl_s, stage.ttl_s);
    ticket.expires_at_us = ticket.created_at_us + ttl_s * 1'000'000;
    ticket.record = call.record;
    return ticket;
  }

  Approval ask(const Call& call) {
    if (std::string why = bad_stages(call.decision.stages); !why.empty()) {
      return answer("refused", "approval.no_stage", why, "", call.digest);
    }
    Ticket ticket = wanted(call);
    if (ticket.shown_json.size() > kShownBytesMax) {
      return answer("refused", "approval.too_large",
                    "the action is too large to be shown to an approver; make it smaller", "", call.digest);
    }
    return settle(call, store->open_or_find(ticket));
  }

  Approval resume(const Call& call) {
    std::optional<Ticket> ticket = store->find(call.request.ticket);
    if (!ticket || ticket->tenant != call.identity.tenant) return refused("approval.unknown_ticket", {}, call.digest);
    if (ticket->account != call.identity.account || ticket->user != user_of(call.identity)) {
      return refused("approval.other_account", *ticket, call.digest);
    }
    if (ticket->digest != call.digest) return refused("approval.changed", *ticket, call.digest);
    return settle(call, std::move(*ticket));
  }

  // Waits until the ticket is decided, time is up or the request is cancelled.
  Approval settle(const Call& call, Ticket ticket) {
    for (;;) {
      const TicketState state = state_at(ticket, clock->now_us());
      if (state == TicketState::approved) {
        if (std::optional<Approval> done = consume(call, ticket)) return std::move(*done);
      } else if (state != TicketState::open) {
        return refused(code_of(state), ticket, call.digest);
      } else if (call.request.cancel.poll()) {
        return pending(ticket, call.digest, true);
      } else if (call.until.passed()) {
        return pending(ticket, call.digest, false);
      } else {
        rest(call);
      }
      std::optional<Ticket> fresh = store->find(ticket.id);
      if (!fresh || fresh->digest != call.digest) return refused("approval.unknown_ticket", ticket, call.digest);
      ticket = std::move(*fresh);
    }
  }

  // Sleeps one poll of the store, in slices short enough for the cancel token.
  static void rest(const Call& call) {
    const Deadline poll = Deadline::after(std::chrono::milliseconds(kStorePollMs)).earlier(call.until);
    while (!poll.passed() && !call.request.cancel.poll()) {
      const auto slice = std::min<std::int64_t>(limits::kPollIntervalMs, poll.left().count() + 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(slice));
    }
  }

  // Uses the ticket up first and asks policy second: whatever happens after, this approval is never good again. Nothing
  // when another caller changed the ticket first; the caller then looks again.
  std::optional<Approval> consume(const Call& call, const Ticket& ticket) {
    if (!all_stages_full(ticket)) return refused("approval.unknown_ticket", ticket, call.digest);
    // A person who was put on the chain, or into it by a changed configuration, no longer counts.
    Ticket next = ticket;
    next.state = TicketState::consumed;
    if (!store->replace(ticket, next)) return std::nullopt;
    const std::vector<std::string> people = yes_voters(ticket);
    const Decision again = call.decide_again(static_cast<std::int64_t>(people.size()), full_groups(ticket));
    if (again.verdict() == Verdict::allow) return allowed(call, again, ticket);
    const std::string code = again.verdict() == Verdict::ask ? "approval.insufficient" : again.code;
    return answer("refused", code,
                  again.reason + "; ticket " + ticket.id + " was approved but is used up, policy says no now",
                  ticket.id, call.digest);
  }

  [[nodiscard]] bool over_rate(const Identity& voter, std::int64_t now_us) const {
    return store->votes_since(voter.tenant, voter.account, now_us - 60'000'000) >= kVotesPerMinuteMax;
  }

  static VoteResult no(const std::string& code, const Ticket& ticket) {
    return {false, code, sentence(code, ticket), ticket.state};
  }

  static VoteResult yes(const Ticket& ticket) {
    std::string reason = std::string("ticket ") + ticket.id + " is " + to_string(ticket.state);
    return {true, "ok", std::move(reason), ticket.state};
  }

  Ticket with_vote(const Ticket& ticket, const Identity& voter, bool approve, const std::string& group,
                   const std::string& note, std::int64_t now_us) const {
    Ticket next = ticket;
    next.votes.push_back({voter.account, voter.subject, group, approve, note, now_us});
    if (!approve) {
      next.state = TicketState::denied;
    } else if (all_stages_full(next)) {
      next.state = TicketState::approved;
      // Approving had expires_at - created_at to happen; executing gets no longer than that.
      next.execute_before_us = now_us + std::min(kExecutionWindowUs, ticket.expires_at_us - ticket.created_at_us);
    }
    return next;
  }

  // Who may withdraw: whoever asked, and any person whom the ticket asks.
  static std::string why_not_revoke(const Ticket& ticket, const Identity& who, std::int64_t now_us) {
    if (ticket.tenant != who.tenant) return "approval.unknown_ticket";
    const TicketState state = state_at(ticket, now_us);
    if (is_final(state)) return code_of(state);
    if (ticket.account == who.account && ticket.user == user_of(who)) return {};
    if (!who.verified || (who.expires_at_us != 0 && who.expires_at_us <= now_us)) return "approval.not_verified";
    if (!who.human || who.user) return "approval.not_human";
    const bool asked = std::any_of(ticket.stages.begin(), ticket.stages.end(), [&](const Stage& stage) {
      return std::find(who.groups.begin(), who.groups.end(), stage.group) != who.groups.end();
    });
    return asked ? "" : "approval.not_in_group";
  }
};

Approver::Approver(std::shared_ptr<TicketStore> store, std::shared_ptr<Clock> clock, std::shared_ptr<IdSource> ids)
    : state_(std::make_unique<State>(State{std::move(store), std::move(clock), std::move(ids)})) {}
Approver::~Approver() = default;

Approval Approver::approve(const Identity& identity, const Request& request, std::shared_ptr<const Command> command,
                           const Decision& decision, const DecideAgain& decide_again, std::chrono::milliseconds wait,
                           const std::string& record) {
  if (!command) throw Error(ErrorKind::internal, "approval.no_command", "the approval step was given no command");
  const auto patience = std::clamp<std::int64_t>(wait.count(), 0, kWaitMsMax);
  State::Call call{identity,
                   request,
                   std::move(command),
                   decision,
                   decide_again,
                   record,
                   {},
                   Deadline::after(std::chrono::milliseconds(patience))};
  call.digest = digest_of(identity, request, call.command, decision);
  if (decision.verdict() == Verdict::deny)
    return answer("refused", decision.code, decision.reason, request.ticket, call.digest);
  // A named ticket is looked at even where policy allows: "execute what was approved" must not run something else.
  if (!request.ticket.empty()) return state_->resume(call);
  if (decision.verdict() == Verdict::allow) return State::allowed(call, decision, {});
  return state_->ask(call);
}

Approver::VoteResult Approver::vote(const std::string& ticket_id, const Identity& voter, bool approve,
                                    const std::string& note) {
  if (note.size() > kNoteBytesMax) return State::no("approval.note_too_long", {});
  if (!text::is_utf8(note)) return State::no("approval.note_malformed", {});
  for (int tries = 0; tries < kReplaceTriesMax; ++tries) {
    const std::int64_t now_us = state_->clock->now_us();
    std::optional<Ticket> ticket = state_->store->find(ticket_id);
    if (!ticket || ticket->tenant != voter.tenant) return State::no("approval.unknown_ticket", {});
    ticket->state = state_at(*ticket, now_us);
    std::string group;
    if (std::string code = why_not(*ticket, voter, approve, now_us, group); !code.empty())
      return State::no(code, *ticket);
    if (state_->over_rate(voter, now_us)) return State::no("approval.rate", *ticket);
    const Ticket next = state_->with_vote(*ticket, voter, approve, group, note, now_us);
    if (state_->store->replace(*ticket, next)) return State::yes(next);
  }
  return State::no("approval.busy", {});
}

Approver::VoteResult Approver::revoke(const std::string& ticket_id, const Identity& who) {
  for (int tries = 0; tries < kReplaceTriesMax; ++tries) {
    std::optional<Ticket> ticket = state_->store->find(ticket_id);
    if (!ticket || ticket->tenant != who.tenant) return State::no("approval.unknown_ticket", {});
    if (std::string code = State::why_not_revoke(*ticket, who, state_->clock->now_us()); !code.empty())
      return State::no(code, *ticket);
    Ticket next = *ticket;
    next.state = TicketState::revoked;
    if (state_->store->replace(*ticket, next)) return State::yes(next);
  }
  return State::no("approval.busy", {});
}

// What the clock has ended is shown as ended, whether or not the store was told yet.
std::vector<Ticket> Approver::list(const std::string& tenant, bool open_only) {
  std::vector<Ticket> tickets = state_->store->list(tenant, open_only);
  const std::int64_t now_us = state_->clock->now_us();
  for (Ticket& ticket : tickets) ticket.state = state_at(ticket, now_us);
  if (open_only) std::erase_if(tickets, [](const Ticket& ticket) { return ticket.state != TicketState::open; });
  return tickets;
}

std::optional<Ticket> Approver::show(const std::string& ticket_id, const std::string& tenant) {
  std::optional<Ticket> ticket = state_->store->find(ticket_id);
  if (!ticket || ticket->tenant != tenant) return std::nullopt;
  ticket->state = state_at(*ticket, state_->clock->now_us());
  return ticket;
}

}  // namespace libguard::approval
