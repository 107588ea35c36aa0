// What an action leaves on record: the intent before it, the outcome after it, the refusal in place of both.

#include <tuple>

#include "base/crypto.h"
#include "guard/passage.h"
#include "guard/record_text.h"
#include "guard/resolver.h"

namespace libguard {

const Intent& Passage::record_intent(const Prepared& prepared) {
  stage_ = "record";
  permit_digest_ = prepared.permit.digest();
  entry_ = entry();
  describe(*entry_);
  intent_ = guard_.journal->record_intent(*entry_);
  return *intent_;
}

Outcome Passage::record_outcome(const Intent&, MaskedResult&& masked) {
  const std::map<std::string, std::int64_t> counts = masked.counts();
  Outcome outcome = answer(OutcomeState::completed, "ok", "");
  std::move(masked).into(outcome);
  outcome.affected = affected_;
  record(outcome, counts);
  resolve_waiting(guard_, *snapshot_, request_.connection);
  return outcome;
}

audit::ActionEntry Passage::entry() const {
  audit::ActionEntry entry;
  entry.record = record_;
  entry.session = session_.id;
  entry.identity = identity_.get();
  entry.kind = request_.kind == RequestKind::tool ? "tool" : "sql";
  const std::shared_ptr<const Command> command = understood_ ? understood_->command : nullptr;
  if (command != nullptr) entry.effect = request_.kind == RequestKind::tool ? "tool" : to_string(command->effect);
  if (judged_) entry.facts_json = facts_text(request_, command, *snapshot_->masker, decided_us_);
  entry.ticket = ticket_;
  entry.approvers = approvers_;
  entry.permit_digest = permit_digest_;
  entry.xid = prepared_.xid;
  entry.system_identifier = prepared_.system_identifier;
  return entry;
}

// The rest of it, which the same question has in common: written once.
void Passage::describe(audit::ActionEntry& entry) {
  if (kept_ && judged_->text) {
    entry.text = judged_->text;
    return;
  }
  const bool whole = describe_anew(entry);
  if (kept_ && whole) entry.text = judged_->text = std::make_shared<audit::ActionText>(audit::action_text(entry));
}

bool Passage::describe_anew(audit::ActionEntry& entry) const {
  if (!identity_) entry.hops = request_.hops;
  entry.tool = request_.tool;
  entry.connection = request_.connection;
  entry.purpose = request_.purpose;
  entry.explanation = scrub_for_record(*snapshot_->masker, request_.explanation);
  const std::shared_ptr<const Command> command = understood_ ? understood_->command : nullptr;
  RecordText text = record_text(request_, command, *snapshot_->config.frame, *snapshot_->masker, guard_.digest_key);
  entry.command_text = std::move(text.command);
  const bool whole = text.whole && !withheld(entry.explanation);
  entry.params_json = std::move(text.params_json);
  entry.command_digest = std::move(text.digest);
  if (command != nullptr) {
    entry.kinds = command->kinds;
    entry.reads.assign(command->reads.begin(), command->reads.end());
    entry.writes.assign(command->writes.begin(), command->writes.end());
  }
  if (judged_) entry.decision = &judged_->decision;
  entry.verdict = permit_digest_.empty() ? (ticket_.empty() ? "refuse" : "pending") : "allow";
  entry.snapshot = snapshot_->hash;
  return whole;
}

std::int64_t Passage::elapsed_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started_).count();
}

// Promise 4 holds for the record as well: what it keeps of the answer is what was masked.
void Passage::record(const Outcome& outcome, const std::map<std::string, std::int64_t>& masked_counts) {
  audit::OutcomeEntry out;
  out.state = to_string(outcome.state);
  out.stage = outcome.stage;
  out.code = outcome.code;
  out.reason = outcome.reason;
  out.rows = static_cast<std::int64_t>(outcome.rows.size());
  out.affected = outcome.affected;
  out.masked_counts = masked_counts;
  std::size_t answer_bytes = 0;
  if (outcome.completed()) {
    std::string response = response_json(outcome);
    answer_bytes = response.size();
    if (snapshot_->config.record_responses) {
      out.response_json = std::move(response);
      out.response_is_ours = true;
    } else {
      out.response_digest = crypto::hex(crypto::hmac_sha256(guard_.digest_key, response));
    }
  }
  close_budgets(outcome, answer_bytes);
  out.total_us = elapsed_us();
  out.backend_us = backend_us_;
  if (intent_) {
    guard_.journal->record_outcome(*intent_, *entry_, out);
  } else {
    audit::ActionEntry refused = entry();
    std::ignore = describe_anew(refused);
    guard_.journal->record_refusal(refused, out);
  }
  guard_.counters.count(outcome.state);
}

}  // namespace libguard
