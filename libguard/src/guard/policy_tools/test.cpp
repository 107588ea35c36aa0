// `policy test`: runs the cases, says which policies they reached, and whether they would notice a change.
#include <algorithm>

#include "guard/policy_tools/case.h"
#include "libguard/error.h"
#include "libguard/policy_tools.h"
#include "policy/policy_loader.h"
#include "policy/witness.h"

namespace libguard {
namespace {

using namespace policy_tools;

constexpr std::size_t kMutantsMax = 5'000;

class Coverage final : public policy::Witness {
 public:
  explicit Coverage(const policy::cedar::PolicySet& set) : set_(set) {}
  void asked(const policy::Question& question) override {
    for (const auto* list : {&question.answer.permits, &question.answer.forbids}) {
      for (auto index : *list) satisfied.insert(set_.policies()[index].id);
    }
  }
  std::set<std::string> satisfied, deciding;

 private:
  const policy::cedar::PolicySet& set_;
};

struct Suite {
  std::vector<CaseFile> files;
  std::vector<Bench> benches;  // one for each file: it may name catalogues of its own
};

Suite read_suite(const Json& json) {
  Suite suite;
  for (const std::string& path : texts_of(json, "files")) suite.files.push_back(read_cases(path));
  if (suite.files.empty()) throw Error(ErrorKind::invalid, "request.malformed", "name at least one file of tests");
  for (const CaseFile& file : suite.files) {
    BenchSpec spec = spec_of(json);
    for (const auto& [name, path] : file.catalogues) spec.catalogues.insert_or_assign(name, path);
    suite.benches.emplace_back(spec);
  }
  return suite;
}

Json result_json(const Case& test, const CaseResult& result) {
  return {{"file", test.file},
          {"name", test.name},
          {"passed", result.failures.empty()},
          {"expected", test.expect},
          {"got", word_of(result.decision.verdict())},
          {"by", result.decision.deciding},
          {"failures", result.failures}};
}

Json coverage_json(const Coverage& coverage, const std::vector<std::string>& ids) {
  Json never = Json::array(), satisfied = Json::array(), deciding = Json::array();
  for (const std::string& id : ids) {
    if (coverage.deciding.contains(id))
      deciding.push_back(id);
    else if (coverage.satisfied.contains(id))
      satisfied.push_back(id);
    else
      never.push_back(id);
  }
  std::size_t percent = ids.empty() ? 100 : (ids.size() - never.size()) * 100 / ids.size();
  return {{"policies", ids.size()},
          {"percent", percent},
          {"decided", deciding},
          {"satisfied", satisfied},
          {"never_matched", never}};
}

// "" when every test still passes; else who noticed.
std::string noticed(const Suite& suite, const Mutant& mutant) {
  for (std::size_t i = 0; i < suite.files.size(); ++i) {
    Bench changed(suite.benches[i], mutant.sources);
    try {
      (void)changed.decider();
    } catch (const Error& error) {
      return "refused at load: " + error.code();
    }
    for (const Case& test : suite.files[i].cases) {
      if (!run_case(changed, test).failures.empty()) return test.name;
    }
  }
  return {};
}

Json mutants_json(const Suite& suite) {
  policy::cedar::Names names;
  policy::Book book(suite.benches.front().sources(), names);
  std::vector<Mutant> mutants = mutants_of(book);
  Json survivors = Json::array();
  std::int64_t killed = 0;
  bool cut = mutants.size() > kMutantsMax;
  if (cut) mutants.resize(kMutantsMax);
  for (const Mutant& mutant : mutants) {
    if (noticed(suite, mutant).empty())
      survivors.push_back({{"policy", mutant.policy}, {"change", mutant.change}});
    else
      ++killed;
  }
  return {{"made", mutants.size()}, {"killed", killed}, {"survivors", survivors}, {"cut", cut}};
}

}  // namespace

std::string policy_test_json(std::string_view text) {
  Json json = read_request(text, {"config", "catalogues", "live", "files", "mutate"});
  Suite suite = read_suite(json);
  Coverage coverage(suite.benches.front().decider().policies().set);
  Json tests = Json::array();
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < suite.files.size(); ++i) {
    for (const Case& test : suite.files[i].cases) {
      CaseResult result = run_case(suite.benches[i], test, &coverage);
      coverage.deciding.insert(result.decision.deciding.begin(), result.decision.deciding.end());
      if (!result.failures.empty()) ++failed;
      tests.push_back(result_json(test, result));
    }
  }
  std::vector<std::string> ids = suite.benches.front().decider().ids();
  Json out{{"passed", static_cast<std::int64_t>(tests.size()) - failed},
           {"failed", failed},
           {"tests", std::move(tests)},
           {"coverage", coverage_json(coverage, ids)}};
  if (flag_of(json, "mutate")) {
    if (failed == 0)
      out["mutants"] = mutants_json(suite);
    else
      out["mutants_skipped"] = "mutation needs tests that pass; mend them first";
  }
  return dump(out);
}

}  // namespace libguard
