#pragma once
// Asks every request of every subject, and again under the remedies of what forbade, until all allow or something final
// does not. Plain Cedar answers only, but that an erring forbid denies.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/asks.h"
#include "policy/context.h"
#include "policy/decider.h"
#include "policy/policy_loader.h"
#include "policy/witness.h"

namespace libguard::policy {

// Why one request was not allowed.
struct Objection {
  enum class Kind { forbidden, erring, not_permitted } kind = Kind::not_permitted;
  const Ask* ask = nullptr;
  const Subject* subject = nullptr;
  cedar::PolicyIndex policy = 0;  // not for not_permitted
};

struct Ruling {
  std::vector<Objection> objections;     // final ones first; empty: allowed under stages and row_limit
  std::set<cedar::PolicyIndex> permits;  // that allowed
  std::set<cedar::PolicyIndex> lifted;   // forbids whose remedies are applied
  std::set<cedar::PolicyIndex> erring;
  std::vector<Stage> stages;
  std::optional<std::int64_t> row_limit;
  int rounds = 0;
  int asking = 0;  // the round that is under way; 0: none
};

class Rounds {
 public:
  Rounds(const Vocabulary& words, const LoadedPolicies& policies, const cedar::Names& names, RequestContext& context,
         Witness* witness = nullptr)
      : policies_(policies),
        names_(names),
        hierarchy_(words.entities),
        machine_(names, hierarchy_),
        context_(context),
        witness_(witness) {}

  // `lifts_rows`: a row limit can help, because the command only reads and packs nothing into one row.
  [[nodiscard]] Ruling run(const std::vector<Ask>& asks, const std::vector<Subject>& subjects,
                           const ApprovalFacts& facts, bool lifts_rows);
  // One request under what really is, for masking.
  [[nodiscard]] bool allowed(const Ask& ask, const std::vector<Subject>& subjects);

 private:
  void ask_all(const std::vector<Ask>& asks, const std::vector<Subject>& subjects, Ruling& ruling);
  void ask_one(const Ask& ask, const Subject& subject, Ruling& ruling);
  [[nodiscard]] bool names_it(const Ask& ask) const;
  // False when nothing new could lift every objection.
  [[nodiscard]] bool remedy(Ruling& ruling, bool lifts_rows) const;
  void sort_objections(Ruling& ruling, bool lifts_rows) const;
  [[nodiscard]] bool remediable(const Objection& objection, bool lifts_rows) const;

  const LoadedPolicies& policies_;
  const cedar::Names& names_;
  cedar::Hierarchy hierarchy_;
  cedar::Machine machine_;
  RequestContext& context_;
  Witness* witness_;  // may be nobody
  cedar::Answer answer_;
};

}  // namespace libguard::policy
