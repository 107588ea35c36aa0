#pragma once
// The rules of a ticket as pure functions: who may say yes, when a stage is full, when time is up. Invariants:
//   1. One person (subject or account, compared without case) counts once.
//   2. Nobody of the chain that asked counts.
//   3. A denied, expired, revoked or consumed ticket never becomes anything else.
//   4. An approved ticket is consumed at most once (TicketStore::replace compares versions).

#include <cstdint>
#include <string>
#include <vector>

#include "approval/approver.h"

namespace libguard::approval {

// Approved actions wait for their caller this long, and never longer than approving was allowed to take.
inline constexpr std::int64_t kExecutionWindowUs = 15LL * 60 * 1'000'000;
// A person reads before saying yes; sixty answers a minute is a script.
inline constexpr std::int64_t kVotesPerMinuteMax = 60;
inline constexpr std::size_t kNoteBytesMax = 2'000;
// What cannot be shown on one page cannot be approved.
inline constexpr std::size_t kShownBytesMax = 256 * 1024;
// An agent that floods the approvers hides one bad ticket among many.
inline constexpr std::int64_t kOpenTicketsPerAccountMax = 100;
inline constexpr std::int64_t kStageTtlSecondsMax = 7 * 24 * 3600;
inline constexpr int kStageCountMax = 100;
// How long one call may sit and wait for people.
inline constexpr std::int64_t kWaitMsMax = 24LL * 3600 * 1000;
inline constexpr std::int64_t kStorePollMs = 200;

[[nodiscard]] bool is_final(TicketState state) noexcept;
// People needed and people given for a group, over all stages that name it.
[[nodiscard]] std::int64_t needed(const Ticket& ticket, const std::string& group);
[[nodiscard]] std::int64_t given(const Ticket& ticket, const std::string& group);
[[nodiscard]] bool all_stages_full(const Ticket& ticket);
// Sorted, unique; only meaningful when all stages are full.
[[nodiscard]] std::vector<std::string> full_groups(const Ticket& ticket);
[[nodiscard]] std::vector<std::string> yes_voters(const Ticket& ticket);
// A ticket's state once the clock has been looked at: an open one past expires_at_us and an approved one past
// execute_before_us have expired.
[[nodiscard]] TicketState state_at(const Ticket& ticket, std::int64_t now_us) noexcept;

// Names by which a person or account of the chain is known, folded for comparison. Free text (task, tool) is not a
// name.
[[nodiscard]] std::vector<std::string> chain_subjects(const Identity& identity, const std::vector<Hop>& hops);
[[nodiscard]] std::string fold(const std::string& name);

// "" when the voter may vote on this ticket, else the code of the refusal; `group` is the stage that a yes would fill.
[[nodiscard]] std::string why_not(const Ticket& ticket, const Identity& voter, bool approve, std::int64_t now_us,
                                  std::string& group);
// The sentence of a code of this module.
[[nodiscard]] std::string sentence(const std::string& code, const Ticket& ticket);

// "" or why these stages cannot be asked for.
[[nodiscard]] std::string bad_stages(const std::vector<Stage>& stages);

}  // namespace libguard::approval
