#pragma once
// One request on its way through the guard: what is known of it so far, for the record. The steps below are leaves; the
// order is Guard::run's alone, and each takes what only the step before can make.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "approval/approver.h"
#include "guard/guard_state.h"
#include "guard/judgement.h"
#include "guard/record_text.h"
#include "model/intent.h"
#include "model/result.h"

namespace libguard {

// A step that stopped the sentence: an answer, not a breakage.
struct Stop {
  OutcomeState state = OutcomeState::refused;
  std::string code;
  std::string reason;
  std::string ticket;
};

inline Stop refuse(std::string code, std::string reason) {
  return {OutcomeState::refused, std::move(code), std::move(reason), {}};
}

// What a step made, or why it stopped.
template <typename T>
class [[nodiscard]] Checked {
 public:
  Checked(T value) : value_(std::move(value)) {}
  Checked(Stop stop) : stop_(std::move(stop)) {}
  explicit operator bool() const noexcept { return value_.has_value(); }
  T& operator*() noexcept { return *value_; }
  T* operator->() noexcept { return &*value_; }
  [[nodiscard]] const Stop& stop() const noexcept { return stop_; }

 private:
  std::optional<T> value_;
  Stop stop_;
};

using SharedIdentity = std::shared_ptr<const Identity>;

// What the passage keeps, and the next step reads.
template <typename T>
using Known = std::reference_wrapper<const T>;

// The command as understood, and the connection it is for (none for a tool).
struct Understood {
  std::shared_ptr<const Command> command;
  std::shared_ptr<Connection> connection;
  std::shared_ptr<const Catalogue> catalogue;
};

// A permit and the opened transaction that it will be spent on (none for a tool).
struct Prepared {
  Permit permit;
  std::unique_ptr<backend::Action> action;
};

class Passage {
 public:
  // All three must outlive it.
  Passage(SessionState& session, const Request& request, const ToolBody* body);

  [[nodiscard]] Checked<Known<Identity>> authenticate();
  [[nodiscard]] Checked<Understood> understand(const Identity& identity);
  [[nodiscard]] Checked<Known<Decision>> decide(const Identity& identity, const Understood& understood);
  [[nodiscard]] Checked<Permit> approve(const Identity& identity, const Understood& understood,
                                        const Decision& decision);
  [[nodiscard]] Prepared prepare(const Understood& understood, const Decision& decision, Permit&& permit);
  [[nodiscard]] const Intent& record_intent(const Prepared& prepared);
  [[nodiscard]] RawResult execute(Prepared&& prepared, const Intent& intent);
  [[nodiscard]] MaskedResult mask(RawResult&& raw, const Understood& understood, const Decision& decision);
  Outcome record_outcome(const Intent& intent, MaskedResult&& masked);

  // The three ways the sentence ends early; each is recorded before it is answered.
  Outcome stopped(const Stop& stop);
  Outcome broken(const Error& error);

  // The catalogue changed between understanding and running, and no approval was spent: trying once more is safe.
  [[nodiscard]] bool catalogue_changed() const noexcept { return catalogue_changed_; }
  void refresh_catalogue() noexcept { refresh_ = true; }

 private:
  [[nodiscard]] std::optional<Stop> refused_at_the_door() const;
  [[nodiscard]] Checked<SharedIdentity> renewed_identity(SessionState& session);
  [[nodiscard]] Checked<SharedIdentity> carried_identity(SessionState& session);
  [[nodiscard]] Outcome settled(Outcome outcome);
  [[nodiscard]] std::shared_ptr<const Command> tool_command() const;
  [[nodiscard]] Decision ask_policy(const Identity& identity, const Understood& understood,
                                    const policy::ApprovalFacts& facts);
  // What the agent is told of a refusal: nothing about what it may not see, and what helps about what it may.
  [[nodiscard]] bool judged_by_the_past(const Understood& understood) const;
  [[nodiscard]] std::string told(const Identity& identity, const Understood& understood, Decision& decision);
  void judge(const Identity& identity, const Understood& understood);
  [[nodiscard]] Decision& own_decision();
  void narrow(const Identity& identity, const Command& command);
  [[nodiscard]] std::optional<Decision> objection(const Decision& decision, const Identity& identity,
                                                  const Command& command) const;
  [[nodiscard]] Decision ask_again(const Identity& identity, const Understood& understood, const Decision& shown,
                                   std::int64_t approvals, const std::vector<std::string>& groups);
  [[nodiscard]] audit::ActionEntry entry() const;
  void describe(audit::ActionEntry& entry);
  // False when a detector broke: what was withheld then is not to be kept.
  [[nodiscard]] bool describe_anew(audit::ActionEntry& entry) const;
  [[nodiscard]] Outcome answer(OutcomeState state, std::string code, std::string reason) const;
  [[nodiscard]] std::int64_t elapsed_us() const;
  [[nodiscard]] bool changed_something() const;
  [[nodiscard]] Tally most_taken(const Understood& understood) const;
  void close_budgets(const Outcome& outcome, std::size_t answer_bytes);
  void record(const Outcome& outcome, const std::map<std::string, std::int64_t>& masked_counts);

  SessionState& session_;
  GuardState& guard_;
  const Request& request_;
  const ToolBody* body_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::string record_;
  std::chrono::steady_clock::time_point started_;
  const char* stage_ = "authenticate";
  SharedIdentity identity_;  // null until it is known
  std::optional<Understood> understood_;
  std::shared_ptr<Judgement> judged_;  // null until policy was asked
  bool kept_ = false;                  // for other actions, too
  Draw draw_;
  Tally most_;
  std::int64_t decided_us_ = 0;
  std::string ticket_;
  std::vector<std::string> approvers_;
  std::string permit_digest_;
  backend::Prepared prepared_;
  std::optional<audit::ActionEntry> entry_;  // as the intent said it; the outcome says the same
  std::optional<Intent> intent_;             // kept here, so that an error can be recorded as its outcome
  std::int64_t backend_us_ = 0;
  std::int64_t affected_ = 0;
  bool executed_ = false;  // the backend or the tool has done it: what fails now fails after the fact
  bool catalogue_changed_ = false;
  bool refresh_ = false;
};

}  // namespace libguard
