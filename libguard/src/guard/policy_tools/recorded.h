#pragma once
// One recorded action as something that policy can be asked about again, or the reason why not.

#include <functional>
#include <optional>
#include <string>

#include "audit/history.h"
#include "guard/policy_tools/bench.h"
#include "model/command_facts.h"

namespace libguard::policy_tools {

enum class Then { deny, ask, allow, nothing };  // nothing: policy was never asked (nobody was authenticated ...)

struct Recorded {
  std::string record, session, account, user, connection, tool, at, text;
  Then then = Then::nothing;
  std::string code;  // of the decision, or of the outcome where there was none
  std::set<std::string> masked_then;
  std::vector<std::string> policies_then;
  bool asked = false;  // the facts are there
  RecordedFacts facts;
  Identity identity;    // by the bench's accounts
  std::string why_not;  // "" when it can be judged
};

[[nodiscard]] Recorded recorded_of(const Json& action, const Bench& bench);

struct Judged {
  Decision decision;
  std::string not_decided;  // why nobody can know; "" = decided
};
// Asks the bench's policies about the recorded action. Says not_decided whenever a rule that could matter looks at what
// the record does not hold: values, counters, sizes of arguments.
[[nodiscard]] Judged judge(const Bench& bench, const Recorded& recorded, policy::Witness* witness = nullptr);

[[nodiscard]] audit::HistoryFilter filter_of(const Json& request);
// The directory of the request, or of the configuration. Throws Error(invalid) when it cannot be read.
void read_history(const Json& request, const Bench& bench, const std::function<void(const Json&)>& visit);

}  // namespace libguard::policy_tools
