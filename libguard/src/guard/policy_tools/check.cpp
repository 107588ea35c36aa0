// `policy check`: the lints over the configured set, and whether the guard would take it at all.
#include "guard/policy_tools/bench.h"
#include "libguard/error.h"
#include "libguard/policy_tools.h"
#include "policy/lint/lint.h"

namespace libguard {
namespace {

using namespace policy_tools;
using policy::Finding;
using policy::Severity;

Json json_of(const Finding& finding) {
  Json out{{"code", finding.code},       {"severity", to_string(finding.severity)},
           {"policy", finding.policy},   {"file", finding.file},
           {"line", finding.line},       {"column", finding.column},
           {"message", finding.message}, {"fix", finding.fix}};
  if (!finding.excerpt.empty()) out["excerpt"] = finding.excerpt;
  return out;
}

// What the guard itself would refuse must be among the findings, even if no lint knows it.
void add_refusal(const Bench& bench, std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::error) return;
  }
  try {
    (void)bench.decider();
  } catch (const Error& error) {
    findings.push_back(
        {"refused_at_load", Severity::error, "", "", 0, 0, error.what(), "mend what the sentence names"});
  }
}

}  // namespace

std::string policy_check_json(std::string_view text) {
  Json json = read_request(text, {"config", "catalogues", "live"});
  Bench bench(spec_of(json));
  policy::Catalogues catalogues;
  for (const ConnectionConfig& connection : bench.config().connections)
    catalogues[connection.name] = bench.catalogue(connection.name);
  std::vector<Finding> findings = policy::lint(bench.sources(), bench.config().frame, catalogues);
  add_refusal(bench, findings);
  Json out{{"findings", Json::array()},
           {"counts", {{"error", 0}, {"warning", 0}, {"note", 0}}},
           {"policies", Json::array()}};
  for (const Finding& finding : findings) {
    out["findings"].push_back(json_of(finding));
    auto& count = out["counts"][to_string(finding.severity)];
    count = count.get<int>() + 1;
  }
  for (const policy::PolicySource& source : bench.sources()) out["policies"].push_back(source.name);
  return dump(out);
}

}  // namespace libguard
