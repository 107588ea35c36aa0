#pragma once
// Who says yes: tickets with stages, bound to the digest of exactly what was shown. The only maker of a Permit.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libguard/clock.h"
#include "libguard/identity.h"
#include "libguard/request.h"
#include "model/command.h"
#include "model/decision.h"
#include "model/permit.h"

namespace libguard::approval {

// SHA-256 over length-prefixed fields: tenant, account and user, chain without task text, tool, connection, command
// bytes, typed parameters, policy version, row cap, and the facts shown (objects with oids, functions, bounds).
// Session, task text and random ids stay out, so that asking again finds the open ticket.
[[nodiscard]] std::string digest_of(const Identity& identity, const Request& request, const Command& command,
                                    const Decision& decision);
// The same; asking again for what this thread was told last costs no hash.
[[nodiscard]] std::string digest_of(const Identity& identity, const Request& request,
                                    const std::shared_ptr<const Command>& command, const Decision& decision);

enum class TicketState { open, approved, denied, expired, consumed, revoked };

struct Vote {
  std::string approver;  // account
  std::string subject;
  std::string group;  // the stage it fills
  bool approve = false;
  std::string note;
  std::int64_t at_us = 0;
};

struct Ticket {
  std::string id;  // "t-..."
  std::string tenant;
  TicketState state = TicketState::open;
  std::string digest;
  std::string account;  // who asked, and for whom
  std::string user;
  std::vector<std::string> chain_subjects;  // nobody of these may approve
  std::string shown_json;  // what the approver sees: chain, command text, params, touches, risk, asked_by, explanation
  std::vector<Stage> stages;
  std::vector<Vote> votes;
  std::int64_t created_at_us = 0;
  std::int64_t expires_at_us = 0;      // approval clock
  std::int64_t execute_before_us = 0;  // execution clock, set when approved
  std::int64_t version = 0;            // compare-and-set
  std::string record;                  // the record that asked
};

// Thread-safe and safe between processes (SQLite, rollback journal, BEGIN IMMEDIATE). A forked child is refused
// ("guard.forked") until it opens a store of its own after exec. Throws Error(unavailable, "approval.store").
class TicketStore {
 public:
  virtual ~TicketStore() = default;
  // One live (open or approved) ticket for one digest and tenant. A denied one that has not run out is found too:
  // asking again does not reopen a closed question. Throws Error(unavailable, "approval.too_many_open") on a flood.
  virtual Ticket open_or_find(const Ticket& wanted) = 0;
  virtual std::optional<Ticket> find(const std::string& id) = 0;
  virtual std::vector<Ticket> list(const std::string& tenant, bool open_only) = 0;
  // False when `expected.version` is no longer the stored one.
  virtual bool replace(const Ticket& expected, const Ticket& next) = 0;
  // Votes of this account in the tenant after `since_us`, for the rate cap.
  virtual std::int64_t votes_since(const std::string& tenant, const std::string& approver, std::int64_t since_us) = 0;
};
[[nodiscard]] std::unique_ptr<TicketStore> sqlite_ticket_store(const std::string& path);

struct Approval {
  std::optional<Permit> permit;  // when allowed
  std::string state;             // "allowed" | "pending" | "refused"
  std::string code;              // "ok", "approval.pending", "approval.denied", "approval.expired",
                                 // "approval.changed", "approval.consumed", "policy.denied" ...
  std::string reason;
  std::string ticket;
  std::vector<std::string> approvers;  // who said yes
  std::string digest;
};

class Approver {
 public:
  Approver(std::shared_ptr<TicketStore> store, std::shared_ptr<Clock> clock, std::shared_ptr<IdSource> ids);
  ~Approver();

  // `decide_again` asks policy once more with the approvals that were really given; only its plain allow makes a
  // Permit. Waits up to `wait` for votes (polling the store, obeying request.cancel and the deadline), then pending.
  [[nodiscard]] Approval approve(
      const Identity& identity, const Request& request, std::shared_ptr<const Command> command,
      const Decision& decision,
      const std::function<Decision(std::int64_t approvals, const std::vector<std::string>& groups)>& decide_again,
      std::chrono::milliseconds wait, const std::string& record);

  // The vote of an authenticated person. Refuses (state and sentence) unless: verified, human, in the group of a stage
  // that is not full, not in the ticket's chain, has not voted, ticket open and not expired. Deny is final.
  struct VoteResult {
    bool accepted = false;
    std::string code;
    std::string reason;
    TicketState state = TicketState::open;
  };
  VoteResult vote(const std::string& ticket, const Identity& voter, bool approve, const std::string& note);
  VoteResult revoke(const std::string& ticket, const Identity& who);
  [[nodiscard]] std::vector<Ticket> list(const std::string& tenant, bool open_only);
  // A ticket of another tenant is invisible.
  [[nodiscard]] std::optional<Ticket> show(const std::string& ticket, const std::string& tenant = "default");

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] const char* to_string(TicketState state) noexcept;
// For CLI and console: {id, state, shown, stages, votes, expires_at, ...}
[[nodiscard]] std::string to_json_text(const Ticket& ticket);

}  // namespace libguard::approval
