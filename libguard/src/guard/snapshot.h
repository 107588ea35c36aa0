#pragma once
// Configuration, policies, accounts and connections as one immutable whole, swapped at once by reload. Its hash is in
// every record.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "approval/approver.h"
#include "guard/budgets.h"
#include "backend/authzen/external_decision.h"
#include "guard/connection.h"
#include "guard/make_backend.h"
#include "identity/authenticator.h"
#include "masking/masker.h"
#include "policy/decider.h"

namespace libguard {

struct Snapshot {
  std::uint64_t number = 0;  // of this process; no other snapshot ever has it
  Config config;
  std::string hash;
  std::unique_ptr<identity::Authenticator> authenticator;
  std::unique_ptr<policy::Decider> decider;
  std::unique_ptr<masking::Masker> masker;
  std::unique_ptr<approval::Approver> approver;
  Budgets budgets;
  std::unique_ptr<backend::ExternalDecision> external;  // nullptr: none is configured
  Connections connections;
};

using Detectors = std::vector<std::shared_ptr<const masking::Detector>>;

// What outlives a snapshot and goes into the next one.
struct Ingredients {
  std::shared_ptr<Clock> clock;
  std::shared_ptr<IdSource> ids;
  Detectors own_detectors;  // after the built-in ones
  BackendMaker backend = &make_backend;
};

// Builds everything that can be built without touching a backend or writing a file; throws Error(configuration).
[[nodiscard]] std::shared_ptr<Snapshot> build_snapshot(const std::string& path, const Ingredients& ingredients);
// The part that writes: the ticket store, and the budget store when some policy needs one. Then loads the catalogue of
// each connection that can be reached, so that rules which can never apply are refused at start-up; an unreachable one
// is checked at first use.
void start_snapshot(Snapshot& snapshot, const Ingredients& ingredients);

}  // namespace libguard
