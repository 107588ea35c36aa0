// Agreement with real Cedar on its public corpus and on many-policy sets. The data lies outside the project; without it
// the cases say so and pass.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "base/json.h"
#include "policy/cedar/parser.h"
#include "policy/decider.h"
#include "policy/policy_lines.h"
#include "support/figures.h"

using libguard::Json;

namespace {

bool for_each_line(const std::string& name, const std::function<void(const std::string&)>& visit) {
  std::string path = std::string(LIBGUARD_SOURCE_DIR) + "/../shared/oracles/cedar/" + name;
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: no oracle data at ../shared/oracles/cedar/", name);
    return false;
  }
  FILE* pipe = ::popen(("gzip -dc '" + path + "'").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char* buffer = nullptr;
  std::size_t capacity = 0;
  ssize_t length = 0;
  while ((length = ::getline(&buffer, &capacity, pipe)) > 0) {
    visit(std::string(buffer, static_cast<std::size_t>(length)));
  }
  std::free(buffer);
  ::pclose(pipe);
  return true;
}

std::set<std::string> as_set(const Json& ids) {
  std::set<std::string> out;
  for (const Json& id : ids) out.insert(id.get<std::string>());
  return out;
}

struct Tally {
  int requests = 0;
  int wrong = 0;
};

void compare_line(const std::string& line, Tally& tally, bool kinds) {
  Json asked = Json::parse(line);
  Json answer = Json::parse(libguard::policy::eval_line(line, true));
  for (std::size_t i = 0; i < asked["cases"].size(); ++i) {
    const Json& expect = asked["cases"][i]["expect"];
    ++tally.requests;
    bool same = answer.contains("answers") && answer["answers"][i].value("decision", "") == expect["decision"] &&
                as_set(answer["answers"][i]["reason"]) == as_set(expect["reason"]) &&
                as_set(answer["answers"][i]["errors"]) == as_set(expect["errors"]) &&
                (!kinds || answer["answers"][i]["error_kinds"] == expect["error_kinds"]);
    if (same || ++tally.wrong > 5) continue;
    INFO(asked["id"].dump(), " case ", i, " got ",
         answer.contains("answers") ? answer["answers"][i].dump() : answer.dump(), " want ", expect.dump());
    CHECK(same);
  }
}

void agrees(const std::string& file, bool kinds) {
  Tally tally;
  if (!for_each_line(file, [&](const std::string& line) { compare_line(line, tally, kinds); })) return;
  libguard::test::figure(std::string("Cedar decisions that differ: ") + file,
                         libguard::test::share(tally.wrong, tally.requests), "0");
  MESSAGE(file, ": ", (tally.requests - tally.wrong), " of ", tally.requests, " requests agree");
  CHECK(tally.wrong == 0);
}

}  // namespace

TEST_CASE("the public corpus agrees with Cedar") { agrees("public_corpus_sample.jsonl.gz", false); }
TEST_CASE("the handwritten corpus agrees with Cedar") { agrees("public_handwritten.jsonl.gz", false); }
TEST_CASE("sets of many policies agree with Cedar, error kinds included") { agrees("shared_multi.jsonl.gz", true); }

TEST_CASE("the parser accepts and refuses what Cedar's does") {
  int wrong = 0;
  int cases = 0;
  int too_deep = 0;
  for_each_line("shared_parse_cases.jsonl.gz", [&](const std::string& line) {
    Json json = Json::parse(line);
    std::string text = json["policies"];
    std::string verdict = json["expect"]["verdict"];
    libguard::policy::cedar::Names names;
    libguard::policy::cedar::Heap heap;
    auto result = libguard::policy::cedar::parse_policies(text, names, heap);
    // Cedar's partial evaluation adds `unknown`, which no policy of ours may use.
    if (verdict == "judge_crash" || text.find("unknown(\"x\")") != std::string::npos) return;
    ++cases;
    bool deep = result.error && result.error->message.find("too deeply") != std::string::npos;
    if (deep && json["category"].get<std::string>().starts_with("nesting:")) {
      ++too_deep;
      return;
    }
    if ((verdict == "ok") == !result.error) return;
    ++wrong;
    INFO(json["id"].dump(), " ", text.substr(0, 200), " want ", verdict, " got ",
         result.error ? result.error->message : "ok");
    CHECK(false);
  });
  libguard::test::figure("Cedar parse verdicts that differ", libguard::test::share(wrong, cases), "0");
  MESSAGE("parse verdicts: ", (cases - wrong - too_deep), " of ", cases, " agree, ", too_deep, " answered `too deep`");
  CHECK(wrong == 0);
}

namespace {

// Cedar's own JSON of a text may hold the set or one policy; ours is always the set.
Json static_policies(const Json& set) { return set.contains("staticPolicies") ? set["staticPolicies"] : set; }

}  // namespace

TEST_CASE("the JSON form of a text is Cedar's, and comes back as the same") {
  int same = 0;
  int back = 0;
  int cases = 0;
  for_each_line("shared_parse_cases.jsonl.gz", [&](const std::string& line) {
    Json json = Json::parse(line);
    const Json& expect = json["expect"];
    std::string answer = libguard::policy::parse_line(line);
    Json verdict = Json::parse(answer);
    if (expect["verdict"] == "ok" && verdict["ok"] == true) {
      CHECK(verdict["policies"] == expect["policies"]);
      CHECK(verdict["templates"] == expect["templates"]);
    }
    const bool partial = json["policies"].get<std::string>().find("unknown(\"x\")") != std::string::npos;  // as above
    if (!expect.contains("json") || expect["json"].is_null() || partial) return;
    ++cases;
    Json ours = Json::parse(libguard::policy::convert_line(line));
    INFO(json["id"].dump(), " ", ours.dump().substr(0, 600), " want ", expect["json"].dump().substr(0, 600));
    bool equal = ours.contains("json") && static_policies(ours["json"]) == static_policies(expect["json"]);
    CHECK(equal);
    same += equal ? 1 : 0;
    if (!ours.contains("json")) return;
    Json text = Json::parse(libguard::policy::convert_line(Json{{"json", ours["json"]}}.dump()));
    CHECK_MESSAGE(text.contains("policies"), text.dump());
    if (!text.contains("policies")) return;
    Json again = Json::parse(libguard::policy::convert_line(Json{{"policies", text["policies"]}}.dump()));
    // The way through text adds the id as an annotation; everything else is as it was.
    for (auto& [id, policy] : again["json"]["staticPolicies"].items()) {
      if (!ours["json"]["staticPolicies"].contains(id)) continue;
      Json& before = ours["json"]["staticPolicies"][id];
      if (!before.contains("annotations") || !before["annotations"].contains("id")) policy["annotations"].erase("id");
      if (policy["annotations"].empty()) policy.erase("annotations");
    }
    INFO(text["policies"].dump().substr(0, 600), again.dump().substr(0, 900));
    bool round = again["json"]["staticPolicies"] == ours["json"]["staticPolicies"];
    CHECK(round);
    back += round ? 1 : 0;
  });
  libguard::test::figure("Cedar JSON forms equal to Cedar's", libguard::test::share(same, cases), "-");
  MESSAGE("JSON forms: ", same, " of ", cases, " equal to Cedar's, ", back, " came back as the same");
}
