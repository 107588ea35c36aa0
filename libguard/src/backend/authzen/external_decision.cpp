#include "backend/authzen/external_decision.h"

#include <algorithm>

#include "backend/secret_door.h"

namespace libguard::backend {
namespace {

ExternalRefusal unavailable(const std::string& why) {
  return {"policy.external_unavailable",
          "REFUSED: the external decision point was asked, but " + why +
              "; without its answer nothing runs. Tell the operator; trying again later may work."};
}

}  // namespace

ExternalDecision::ExternalDecision(ExternalDecisionConfig config, std::unique_ptr<credentials::CredentialSource> token)
    : config_(std::move(config)),
      token_(std::move(token)),
      http_(config_.url + (config_.url.ends_with('/') ? "" : "/") + "access/v1/evaluations", config_.ca_file) {}

std::optional<ExternalRefusal> ExternalDecision::refusal(const Identity& identity, const Request& request,
                                                         const Command& command, const Grant& grant) const {
  const AuthzenQuestion question = authzen_question(identity, request, command);
  const std::int64_t wait_ms = std::min(config_.timeout_ms, request.deadline_ms.value_or(config_.timeout_ms));
  const Deadline deadline = Deadline::after(std::chrono::milliseconds(wait_ms));
  credentials::Lease lease;
  if (token_) lease = token_->acquire(grant);
  const HttpAnswer answer =
      http_.post(question.body, token_ ? SecretDoor::read(lease.secret) : std::string_view(), deadline, request.cancel);
  if (!answer.error.empty()) return unavailable(answer.error);
  if (answer.status != 200) return unavailable("it answered with HTTP status " + std::to_string(answer.status));
  switch (authzen_answer(answer.body, question.evaluations)) {
    case AuthzenAnswer::allowed:
      return std::nullopt;
    case AuthzenAnswer::denied:
      return ExternalRefusal{"policy.external_denied",
                             "DENIED by the external decision point. Final for this statement, do not rephrase it."};
    case AuthzenAnswer::malformed:
      break;
  }
  return unavailable("its answer is not one decision for each question");
}

}  // namespace libguard::backend
