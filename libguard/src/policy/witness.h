#pragma once
// Sees every question that a decision asks: for explanations, policy tests and learning. It watches and changes
// nothing.

#include "policy/asks.h"
#include "policy/cedar/policy_set.h"

namespace libguard::policy {

struct Question {
  const Ask& ask;
  const Subject& subject;
  const cedar::EvalRequest& request;
  const cedar::Answer& answer;
  const cedar::Names& names;
  cedar::Machine& machine;
  int round = 0;         // from 1; 0: only whether a class is masked
  bool allowed = false;  // this question alone
};

class Witness {
 public:
  virtual ~Witness() = default;
  // All that `question` refers to lives only during the call.
  virtual void asked(const Question& question) = 0;
};

}  // namespace libguard::policy
