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
  MESSAGE("parse verdicts: ", (cases - wrong - too_deep), " of ", cases, " agree, ", too_deep, " answered `too deep`");
  CHECK(wrong == 0);
}
