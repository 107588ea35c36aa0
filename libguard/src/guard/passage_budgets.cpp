// What an action takes of its budgets: the most beforehand, what it really was at the end.

#include <string>

#include "base/limits.h"
#include "base/log.h"
#include "guard/passage.h"
#include "libguard/error.h"

namespace libguard {

// The most that an action may take of each budget, by what is known before policy is asked.
Tally Passage::most_taken(const Understood& understood) const {
  Tally most;
  const auto& prices = snapshot_->config.tool_prices;
  if (auto tool = prices.find(request_.tool); tool != prices.end()) most[Measure::spend] = tool->second;
  if (!understood.connection) {
    most[Measure::bytes] = limits::kResultBytesMax;
    return most;
  }
  const ConnectionConfig& config = understood.connection->config();
  const Command& command = *understood.command;
  most[Measure::spend] += config.price;
  most[Measure::rows] = config.rows_max;
  most[Measure::bytes] = config.bytes_max;
  if (command.effect != CommandEffect::read) {
    most[Measure::writes] =
        policy::rows_affected_bound(command, snapshot_->config.frame->connections.at(config.name).rows_affected_max);
  }
  return most;
}

// A call that was stopped before policy was asked is a call, too. Whatever was sent has its price.
void Passage::close_budgets(const Outcome& outcome, std::size_t answer_bytes) {
  if (!draw_.tried() && identity_) {
    try {
      draw_.open(*identity_, request_, {});
    } catch (const Error& error) {
      log(LogLevel::warning, std::string("a refused call was not counted: ") + error.what());
    }
  }
  Tally really;
  if (intent_) really[Measure::spend] = most_[Measure::spend];
  really[Measure::rows] = static_cast<std::int64_t>(outcome.rows.size());
  really[Measure::bytes] = static_cast<std::int64_t>(answer_bytes);
  bool writes = understood_ && understood_->connection && understood_->command->effect != CommandEffect::read;
  if (writes) really[Measure::writes] = affected_;
  if (writes && outcome.state == OutcomeState::in_doubt) really[Measure::writes] = most_[Measure::writes];
  draw_.close(really);
}

}  // namespace libguard
