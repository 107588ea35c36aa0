#pragma once
// What policy says of a command. The zero value refuses. Only policy::Decider can make one that does not.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace libguard {

namespace policy {
class Decider;
}

enum class Verdict { deny, ask, allow };

// One `approval:` remedy: this many distinct people of this group, within ttl_s of asking.
struct Stage {
  std::string group;
  int count = 1;
  std::int64_t ttl_s = 900;
  std::string asked_by;  // policy id
  auto operator<=>(const Stage&) const = default;
};

struct RiskPart {
  int points = 0;
  std::string why;  // "+40 write in prod"
};

// One time that policy was asked: what forbade, and what was tried against it before asking again.
struct RoundNote {
  std::vector<std::string> forbids;   // policy ids, sorted
  std::vector<std::string> remedies;  // of those forbids, as written; empty in a round that was the last
};

class Decision {
 public:
  Decision() = default;

  [[nodiscard]] Verdict verdict() const noexcept { return verdict_; }
  std::string code =
      "policy.no_decision";  // "policy.denied", "policy.default_deny", "policy.error", "command.value_unknown"
  std::string reason = "nothing decided this";
  std::vector<std::string> deciding;       // policy ids, sorted
  std::vector<std::string> erring;         // policy ids whose evaluation erred
  std::vector<Stage> stages;               // when verdict is ask: what would turn it into allow
  std::optional<std::int64_t> row_limit;   // limit_rows remedy applied
  std::set<std::string> masked_classes;    // classes whose unmask was not permitted, or that a remedy masks
  bool read_only = false;                  // read_only remedy applied
  std::int64_t rows_affected_max = 1'000;  // bound on affected rows (keys named, approver's count, or the default)
  int risk = 0;                            // 0-100
  std::vector<RiskPart> risk_parts;
  int rounds = 0;
  std::vector<RoundNote> trail;  // one for each round in which something forbade
  std::string snapshot;          // hash of configuration + policies + catalogue it was made under
  // What the names in the command stand for (guard/definitions.h): an approval is bound to it, and not to the rest of
  // the catalogue. "": to the whole catalogue.
  std::string definitions;
  std::map<std::string, std::string> where;  // of deciding and asking policies: id -> "policies/support.cedar:6"
  // The agent may not see something that the command names: it is told the same whether that exists or not. `code`,
  // `reason` and `deciding` are then for the record only.
  bool veiled = false;
  std::string told;  // the sentence for the agent, when veiled

 private:
  friend class policy::Decider;
  Verdict verdict_ = Verdict::deny;
};

}  // namespace libguard
