#include "approval/ticket_rules.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace libguard::approval {
namespace {

bool has(const std::vector<std::string>& list, const std::string& wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool in_chain(const Ticket& ticket, const Identity& voter) {
  std::set<std::string> names;
  for (const std::string& name : ticket.chain_subjects) names.insert(fold(name));
  names.insert(fold(ticket.account));
  names.insert(fold(ticket.user));
  names.erase("");
  return names.contains(fold(voter.account)) || names.contains(fold(voter.subject));
}

bool voted(const Ticket& ticket, const Identity& voter) {
  return std::any_of(ticket.votes.begin(), ticket.votes.end(), [&](const Vote& vote) {
    return fold(vote.approver) == fold(voter.account) || fold(vote.subject) == fold(voter.subject);
  });
}

// A person votes in their own name: an account that acts for somebody, or a token that came down a chain of agents, is
// not that person at a keyboard.
bool speaks_for_itself(const Identity& voter) {
  if (voter.user) return false;
  return std::all_of(voter.chain.begin(), voter.chain.end(), [](const Hop& hop) { return hop.kind == "user"; });
}

std::string why_not_a_person(const Identity& voter, std::int64_t now_us) {
  if (!voter.verified) return "approval.not_verified";
  if (voter.expires_at_us != 0 && voter.expires_at_us <= now_us) return "approval.not_verified";
  if (!voter.human || !speaks_for_itself(voter) || voter.account.empty() || voter.subject.empty())
    return "approval.not_human";
  return {};
}

std::string why_not_state(TicketState state, bool approve) {
  switch (state) {
    case TicketState::open:
      return {};
    // A no still counts until the action has run: an approved ticket can be denied, not approved again.
    case TicketState::approved:
      return approve ? "approval.stage_full" : "";
    case TicketState::denied:
      return "approval.denied";
    case TicketState::expired:
      return "approval.expired";
    case TicketState::consumed:
      return "approval.consumed";
    case TicketState::revoked:
      return "approval.revoked";
  }
  return "approval.unknown_ticket";
}

// The first stage, in the order asked, that the voter's groups can serve. A no needs a place in any stage, full or not.
std::string why_not_group(const Ticket& ticket, const Identity& voter, bool approve, std::string& group) {
  bool member = false;
  for (const Stage& stage : ticket.stages) {
    if (!has(voter.groups, stage.group)) continue;
    member = true;
    group = stage.group;
    if (!approve || given(ticket, stage.group) < needed(ticket, stage.group)) return {};
  }
  return member ? "approval.stage_full" : "approval.not_in_group";
}

}  // namespace

bool is_final(TicketState state) noexcept { return state != TicketState::open && state != TicketState::approved; }

std::int64_t needed(const Ticket& ticket, const std::string& group) {
  std::int64_t people = 0;
  for (const Stage& stage : ticket.stages) {
    if (stage.group == group) people += stage.count;
  }
  return people;
}

// Counts people, not votes, so that a doubled row in the store could not fill a stage.
std::int64_t given(const Ticket& ticket, const std::string& group) {
  std::set<std::string> accounts;
  std::set<std::string> subjects;
  for (const Vote& vote : ticket.votes) {
    if (!vote.approve || vote.group != group) continue;
    accounts.insert(fold(vote.approver));
    subjects.insert(fold(vote.subject));
  }
  return static_cast<std::int64_t>(std::min(accounts.size(), subjects.size()));
}

bool all_stages_full(const Ticket& ticket) {
  return !ticket.stages.empty() && std::all_of(ticket.stages.begin(), ticket.stages.end(), [&](const Stage& stage) {
    return given(ticket, stage.group) >= needed(ticket, stage.group);
  });
}

std::vector<std::string> full_groups(const Ticket& ticket) {
  std::set<std::string> groups;
  for (const Stage& stage : ticket.stages) {
    if (given(ticket, stage.group) >= needed(ticket, stage.group)) groups.insert(stage.group);
  }
  return {groups.begin(), groups.end()};
}

std::vector<std::string> yes_voters(const Ticket& ticket) {
  std::set<std::string> people;
  for (const Vote& vote : ticket.votes) {
    if (vote.approve) people.insert(vote.approver);
  }
  return {people.begin(), people.end()};
}

TicketState state_at(const Ticket& ticket, std::int64_t now_us) noexcept {
  if (ticket.state == TicketState::open && now_us >= ticket.expires_at_us) return TicketState::expired;
  if (ticket.state == TicketState::approved && now_us >= ticket.execute_before_us) return TicketState::expired;
  return ticket.state;
}

std::string fold(const std::string& name) {
  const auto first = name.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text::lower_ascii(std::string_view(name).substr(first, name.find_last_not_of(" \t\r\n") - first + 1));
}

std::vector<std::string> chain_subjects(const Identity& identity, const std::vector<Hop>& hops) {
  std::set<std::string> names{fold(identity.account), fold(identity.subject)};
  if (identity.user) {
    names.insert(fold(identity.user->subject));
    names.insert(fold(identity.user->account));
  }
  auto add = [&](const std::vector<Hop>& list) {
    for (const Hop& hop : list) {
      if (hop.kind != "task" && hop.kind != "tool") names.insert(fold(hop.name));
    }
  };
  add(identity.chain);
  add(hops);
  names.erase("");
  return {names.begin(), names.end()};
}

std::string why_not(const Ticket& ticket, const Identity& voter, bool approve, std::int64_t now_us,
                    std::string& group) {
  if (ticket.tenant != voter.tenant) return "approval.unknown_ticket";
  if (std::string code = why_not_a_person(voter, now_us); !code.empty()) return code;
  if (in_chain(ticket, voter)) return "approval.self";
  if (std::string code = why_not_state(state_at(ticket, now_us), approve); !code.empty()) return code;
  if (voted(ticket, voter)) return "approval.already_voted";
  return why_not_group(ticket, voter, approve, group);
}

std::string bad_stages(const std::vector<Stage>& stages) {
  if (stages.empty()) return "policy asks for approval but names nobody who could give it";
  for (const Stage& stage : stages) {
    if (stage.group.empty()) return "an approval stage names no group";
    if (stage.count < 1 || stage.count > kStageCountMax)
      return "an approval stage asks for an impossible number of people";
    if (stage.ttl_s < 1 || stage.ttl_s > kStageTtlSecondsMax) return "an approval stage has an impossible lifetime";
  }
  return {};
}

}  // namespace libguard::approval
