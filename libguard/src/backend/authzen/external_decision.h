#pragma once
// A decision point outside the guard, asked over OpenID AuthZEN 1.0 after our own policy has not denied. It can only
// narrow: whatever it answers, or does not answer in time, nothing becomes possible that our policy refused.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "backend/authzen/http_post.h"
#include "backend/authzen/question.h"
#include "credentials/credential_source.h"

namespace libguard::backend {

struct ExternalDecisionConfig {
  std::string url;  // of the decision point; "/access/v1/evaluations" is appended
  std::string ca_file;
  std::int64_t timeout_ms = 500;
};

struct ExternalRefusal {
  std::string code;    // "policy.external_denied" | "policy.external_unavailable"
  std::string reason;  // a sentence for the agent
};

class ExternalDecision {
 public:
  // `token` may be null: no Authorization header.
  ExternalDecision(ExternalDecisionConfig config, std::unique_ptr<credentials::CredentialSource> token);

  // Nullopt: it allows. Anything but a well-formed, whole "yes" is a refusal. Thread-safe; waits at most timeout_ms.
  [[nodiscard]] std::optional<ExternalRefusal> refusal(const Identity& identity, const Request& request,
                                                       const Command& command, const Grant& grant) const;

 private:
  ExternalDecisionConfig config_;
  std::unique_ptr<credentials::CredentialSource> token_;
  HttpPost http_;
};

}  // namespace libguard::backend
