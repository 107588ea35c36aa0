#pragma once
// May they: one command becomes several Cedar requests, all must allow (DESIGN: policy). The only maker of a Decision
// that does not deny. Immutable and thread-safe.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/identity.h"
#include "libguard/request.h"
#include "model/command.h"
#include "model/decision.h"
#include "model/frame.h"
#include "model/usage.h"

namespace libguard::policy {

class Vocabulary;
class Witness;
struct LoadedPolicies;

// One policy text and where it came from ("libguard:baseline", "policies/support.cedar").
struct PolicySource {
  std::string name;
  std::string text;
};

// Sources whose name begins so are no policies: a Cedar schema of the user's own attributes and tags, and their values
// as Cedar entities in JSON (`schema:` in guard.yaml).
inline constexpr std::string_view kOwnSchemaPrefix = "schema: ";
inline constexpr std::string_view kOwnEntitiesPrefix = "entities: ";

// What approvals stand behind a command while it is asked again.
struct ApprovalFacts {
  std::int64_t approvals = 0;
  std::set<std::string> groups;  // whose stage is full
};

class Decider {
 public:
  // Throws Error(configuration, "policy.*") naming file, line and column: syntax, missing or doubled @id, an unknown
  // remedy, a permit that reads crew, agent, task or tool from context, an unknown group / connection / class.
  Decider(const std::vector<PolicySource>& sources, std::shared_ptr<const Frame> frame);
  ~Decider();

  // A refusal's `reason` is the whole sentence for the agent: "DENIED by <id>: <why>. Final for this statement, ...".
  // sql: `command` understood against connection `command.connection`. Loops over remedies (at most 4 rounds,
  // hypothetically); verdict allow, ask (with stages) or deny. With `facts` the approvals that were really given, with
  // `usage` what was used of each budget before this action. `witness`, when there is one, sees every question.
  [[nodiscard]] Decision decide(const Identity& identity, const Request& request, const Command& command,
                                const ApprovalFacts& facts, std::int64_t now_us, const Usage& usage = {},
                                Witness* witness = nullptr) const;
  // A command of several statements is decided statement by statement, and the strictest of each answer holds.
  // A refusal is veiled (decision.h) when the agent has no permit for something that the command names.
  // tool: Action "use" on Tool::"<name>" with the argument names and sizes as context.
  [[nodiscard]] Decision decide_tool(const Identity& identity, const Request& request, const ApprovalFacts& facts,
                                     std::int64_t now_us, const Usage& usage = {}, Witness* witness = nullptr) const;
  // The local hour that is `context.hour` at this moment: all of `now_us` that a decision hangs on.
  [[nodiscard]] int hour(std::int64_t now_us) const;
  // Which counters of `usage` some policy may look at.
  [[nodiscard]] BudgetNeeds budget_needs() const;
  // Hash of all policy texts, in order.
  [[nodiscard]] const std::string& version() const noexcept;
  [[nodiscard]] std::vector<std::string> ids() const;
  // Sentences about policies that may stand but can never apply.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept;
  // For tools that look into the set.
  [[nodiscard]] const Vocabulary& words() const noexcept;
  [[nodiscard]] const LoadedPolicies& policies() const noexcept;

 private:
  [[nodiscard]] Decision decide_one(const Identity& identity, const Request& request, const Command& command,
                                    const ApprovalFacts& facts, std::int64_t now_us, const Usage& usage,
                                    Witness* witness) const;
  [[nodiscard]] Decision decide_parts(const Identity& identity, const Request& request, const Command& command,
                                      const ApprovalFacts& facts, std::int64_t now_us, const Usage& usage,
                                      Witness* witness) const;
  struct State;
  std::unique_ptr<State> state_;
};

// How many rows a write may change: the number of keys named when every write of it proves one, else `otherwise`.
[[nodiscard]] std::int64_t rows_affected_bound(const Command& command, std::int64_t otherwise);

// The text of "libguard:baseline".
[[nodiscard]] std::string_view baseline_text();

// One line of `libguard policy eval --batch`: JSON in, JSON out, never throws.
[[nodiscard]] std::string eval_line(std::string_view line, bool cedar_compat);
// One line of `libguard policy validate --batch`, likewise.
[[nodiscard]] std::string validate_line(std::string_view line);
// A Cedar schema in the other of its two forms: {ok, schema} or {ok, error: {code, message, line?, column?, excerpt?}}.
[[nodiscard]] std::string convert_schema(std::string_view source, bool to_json);
// The schema of libguard's own vocabulary, to read.
[[nodiscard]] std::string_view schema_text();

}  // namespace libguard::policy
