// The words and the JSON form of a ticket, for the CLI and the console.
#include "approval/shown.h"
#include "approval/ticket_rules.h"
#include "base/text.h"

namespace libguard::approval {
namespace {

Json time_json(std::int64_t at_us) { return at_us == 0 ? Json(nullptr) : Json(text::rfc3339(at_us)); }

Json stage_lines(const Ticket& ticket) {
  Json list = stages_json(ticket.stages);
  for (Json& stage : list) stage["given"] = given(ticket, stage["group"].get<std::string>());
  return list;
}

Json vote_lines(const Ticket& ticket) {
  Json list = Json::array();
  for (const Vote& vote : ticket.votes) {
    list.push_back({{"approver", text::visible(vote.approver)},
                    {"subject", text::visible(vote.subject)},
                    {"group", text::visible(vote.group)},
                    {"approve", vote.approve},
                    {"note", text::visible(vote.note)},
                    {"at", text::rfc3339(vote.at_us)}});
  }
  return list;
}

}  // namespace

const char* to_string(TicketState state) noexcept {
  switch (state) {
    case TicketState::open:
      return "open";
    case TicketState::approved:
      return "approved";
    case TicketState::denied:
      return "denied";
    case TicketState::expired:
      return "expired";
    case TicketState::consumed:
      return "consumed";
    case TicketState::revoked:
      return "revoked";
  }
  return "revoked";
}

std::string to_json_text(const Ticket& ticket) {
  JsonResult shown = read_json(ticket.shown_json);
  Json out = {{"id", ticket.id},
              {"tenant", text::visible(ticket.tenant)},
              {"state", to_string(ticket.state)},
              {"digest", ticket.digest},
              {"account", text::visible(ticket.account)},
              {"user", text::visible(ticket.user)},
              {"shown", shown.value ? std::move(*shown.value) : Json(nullptr)},
              {"stages", stage_lines(ticket)},
              {"votes", vote_lines(ticket)},
              {"created_at", time_json(ticket.created_at_us)},
              {"expires_at", time_json(ticket.expires_at_us)},
              {"execute_before", time_json(ticket.execute_before_us)},
              {"record", text::visible(ticket.record)}};
  return dump(out);
}

namespace {

struct Sentence {
  const char* code;
  const char* text;
};

constexpr Sentence kSentences[] = {
    {"approval.unknown_ticket", "there is no such ticket"},
    {"approval.other_account", "this ticket was opened by another account or for another user; only they may use it"},
    {"approval.not_verified", "only a verified, current identity may vote; present a token or key"},
    {"approval.not_human",
     "only a person who speaks for themself may vote, not a machine account and nobody on another's behalf"},
    {"approval.self", "nobody in the chain that asked may approve it; somebody else must"},
    {"approval.not_in_group", "you are in none of the groups that this ticket asks"},
    {"approval.stage_full", "the stage you could fill has all its approvals"},
    {"approval.already_voted", "this person voted before; one person counts once"},
    {"approval.denied", "this ticket was denied; that is final"},
    {"approval.expired", "this ticket has expired; silence is a no, ask again"},
    {"approval.consumed", "this ticket was used; an approval is good for one execution"},
    {"approval.revoked", "this ticket was withdrawn"},
    {"approval.changed", "the action is not the one that was approved; ask for approval of this one"},
    {"approval.rate", "too many votes in one minute by one approver; wait, and read before voting"},
    {"approval.note_too_long", "the note is too long; keep it under 2,000 bytes"},
    {"approval.note_malformed", "the note is not UTF-8 text"},
    {"approval.busy", "the ticket kept changing under this call; try again"},
    {"approval.pending", "waiting for approval; NOT EXECUTED"},
};

}  // namespace

std::string sentence(const std::string& code, const Ticket& ticket) {
  for (const Sentence& known : kSentences) {
    if (code == known.code)
      return ticket.id.empty() ? known.text : std::string(known.text) + " (ticket " + ticket.id + ")";
  }
  return "refused by the approval step (" + code + ")";
}

}  // namespace libguard::approval
