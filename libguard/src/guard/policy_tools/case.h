#pragma once
// Policy tests: a YAML file of who asks for what with which facts, and what must come of it. docs/POLICY_TOOLS.md.

#include <string>
#include <vector>

#include "guard/policy_tools/bench.h"
#include "model/usage.h"

namespace libguard::policy_tools {

struct Case {
  std::string file, name;
  std::string account, user, connection, sql, tool, arguments, purpose;
  std::vector<Value> params;
  policy::ApprovalFacts facts;
  Usage usage;
  std::int64_t hour = 12;
  std::string expect;  // "allow" | "deny" | "ask"
  std::optional<std::vector<std::string>> by, masked, stages;
  std::string code;
};

struct CaseFile {
  std::string path;
  std::map<std::string, std::string> catalogues;  // connection -> file
  std::vector<Case> cases;
};
// Throws Error(configuration, "config.*") with file, line and path.
[[nodiscard]] CaseFile read_cases(const std::string& path);

struct CaseResult {
  Decision decision;
  std::vector<std::string> failures;  // sentences; empty: as expected
};
[[nodiscard]] CaseResult run_case(const Bench& bench, const Case& test, policy::Witness* witness = nullptr);

// One changed policy set, and what was changed.
struct Mutant {
  std::string policy, change;
  std::vector<policy::PolicySource> sources;
};
// Each policy of the user's own files dropped, turned round, and without each of its clauses, conditions and its
// remedy.
[[nodiscard]] std::vector<Mutant> mutants_of(const policy::Book& book);

}  // namespace libguard::policy_tools
