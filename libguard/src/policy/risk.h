#pragma once
// Risk is a sum of named contributions, 0-100: the same command under the same frame always has the same risk.

#include "model/decision.h"
#include "policy/vocabulary.h"
#include "model/command.h"

namespace libguard::policy {

// What risk knows beside the command itself.
struct RiskView {
  const ConnectionEntity* connection = nullptr;
  int hour = 12;
  int classes_revealed = 0;
  int classes_tested = 0;
  int facts_assigned = 0;
};

[[nodiscard]] std::vector<RiskPart> risk_of(const Command& command, const RiskView& view);
[[nodiscard]] int total(const std::vector<RiskPart>& parts);
[[nodiscard]] bool is_write_action(std::string_view action);

}  // namespace libguard::policy
