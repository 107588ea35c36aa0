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

// What remedies can do for a command, and what its caller said.
struct Liftable {
  bool reads = false;             // it only reads
  bool packs_rows = false;        // ... but can put a table into one row
  bool vetted = false;            // ... and calls nothing that could do or show what nobody sees
  std::set<std::string> exposed;  // classes that it shows by other ways than its result columns
  std::int64_t reason_chars = 0;  // of the reason that was given
};

struct Ruling {
  std::vector<Objection> objections;     // final ones first; empty: allowed under what stands below
  std::set<cedar::PolicyIndex> permits;  // that allowed
  std::set<cedar::PolicyIndex> lifted;   // forbids whose remedies are applied
  std::vector<Objection> lifted_for;     // what they said
  std::set<cedar::PolicyIndex> erring;
  std::vector<Stage> stages;
  std::optional<std::int64_t> row_limit;
  std::set<std::string> masked;
  bool read_only = false;
  std::int64_t reason_min = 0;                // a reason of this length is asked for; 0: none
  std::set<cedar::PolicyIndex> reason_asked;  // by these
  std::vector<RoundNote> trail;
  int rounds = 0;
  int asking = 0;  // the round that is under way; 0: none; -1: not for a witness
};

class Rounds {
 public:
  Rounds(const Vocabulary& words, const LoadedPolicies& policies, const cedar::Names& names, RequestContext& context,
         Witness* witness = nullptr)
      : words_(words),
        policies_(policies),
        names_(names),
        hierarchy_(words.entities),
        machine_(names, hierarchy_),
        context_(context),
        witness_(witness) {}

  // Holds promise 6 for remedies, too: what is allowed together with a forbid is allowed without it.
  [[nodiscard]] Ruling run(const std::vector<Ask>& asks, const std::vector<Subject>& subjects,
                           const ApprovalFacts& facts, const Liftable& liftable);
  // One request under what really is, for masking.
  [[nodiscard]] bool allowed(const Ask& ask, const std::vector<Subject>& subjects);
  // Is there a permit for everybody who needs one, whatever the forbids say?
  [[nodiscard]] bool permitted(const Ask& ask, const std::vector<Subject>& subjects);

 private:
  using Policies = std::set<cedar::PolicyIndex>;
  // What one run is about; the same for all its rounds.
  struct Case {
    const std::vector<Ask>& asks;
    const std::vector<Subject>& subjects;
    const ApprovalFacts& facts;
    const Liftable& liftable;
    Policies without;  // forbids that are looked away from
  };
  [[nodiscard]] Ruling ask_until_settled(const Case& about);
  [[nodiscard]] bool stands_without(const Case& about, const Ruling& ruling, std::set<Policies>& seen, Ruling& total,
                                    Ruling& failed);
  void set_round(const Case& about, const Ruling& ruling, bool reason_given);
  void find_short_reasons(const Case& about, Ruling& ruling);
  void ask_all(const Case& about, Ruling& ruling);
  void ask_one(const Case& about, const Ask& ask, const Subject& subject, Ruling& ruling);
  [[nodiscard]] bool names_it(const Ask& ask) const;
  // False when nothing new could lift every objection.
  [[nodiscard]] bool remedy(const Case& about, Ruling& ruling) const;
  void apply(cedar::PolicyIndex policy, Ruling& ruling) const;
  void note_round(Ruling& ruling, bool remedied) const;
  void sort_objections(const Case& about, Ruling& ruling) const;
  [[nodiscard]] bool remediable(const Case& about, const Objection& objection) const;

  const Vocabulary& words_;
  const LoadedPolicies& policies_;
  const cedar::Names& names_;
  cedar::Hierarchy hierarchy_;
  cedar::Machine machine_;
  RequestContext& context_;
  Witness* witness_;  // may be nobody
  cedar::Answer answer_;
};

}  // namespace libguard::policy
