#pragma once
// What policy says of one question, and what follows from that alone. Agents say the same few things again and again,
// so each thread keeps its last plain allows. A question that differs in anything which policy, permit, mask or record
// could read is asked anew.

#include <cstdint>
#include <memory>
#include <optional>

#include "audit/journal.h"
#include "libguard/request.h"
#include "masking/masker.h"
#include "model/decision.h"

namespace libguard {

// Belongs to the thread that asked.
struct Judgement {
  Decision decision;
  // Of one that is kept, as soon as it was needed.
  std::optional<masking::MaskPlan> plan;
  std::shared_ptr<const audit::ActionText> text;
};

// A command, asked by somebody at some time, where no policy reads a counter.
struct Question {
  std::uint64_t snapshot = 0;  // Snapshot::number
  std::shared_ptr<const Identity> identity;
  const Request& request;
  std::shared_ptr<const Command> command;
  int hour = 0;
};

// What this thread was told before; null when it must ask.
[[nodiscard]] std::shared_ptr<Judgement> judged_before(const Question& question);
// True when it is kept: nobody may change its decision then.
bool remember(const Question& question, const std::shared_ptr<Judgement>& judgement);

}  // namespace libguard
