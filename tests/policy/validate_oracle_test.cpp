// Agreement with the verdicts of Cedar's strict validator. The data lies outside the project; without it the cases say
// so and pass.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "base/json.h"
#include "policy/decider.h"

using libguard::Json;

namespace {

bool for_each_line(const std::string& name, const std::function<void(const Json&)>& visit) {
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
  while ((length = ::getline(&buffer, &capacity, pipe)) > 0)
    visit(Json::parse(std::string(buffer, static_cast<std::size_t>(length))));
  std::free(buffer);
  ::pclose(pipe);
  return true;
}

struct Tally {
  int checked = 0;
  int over_accepted = 0;
  int over_refused = 0;
  int classes = 0;  // refused by both, with the same kinds of findings
  int refused = 0;
};

std::set<std::string> codes_of(const Json& answer) {
  std::set<std::string> out;
  for (const Json& finding : answer["findings"]) {
    if (finding["severity"] == "error") out.insert(finding["code"].get<std::string>());
  }
  return out;
}

void judge(const Json& line, bool valid, Tally& tally) {
  Json asked{{"id", line["id"]}, {"schema", line["schema"]}, {"policies", line["policies"]}};
  Json answer = Json::parse(libguard::policy::validate_line(asked.dump()));
  bool ours = answer.value("valid", false);
  ++tally.checked;
  if (!valid && line["expect"].contains("classes")) {
    ++tally.refused;
    std::set<std::string> wanted;
    for (const Json& one : line["expect"]["classes"]) wanted.insert(one.get<std::string>());
    if (!ours && codes_of(answer) == wanted) ++tally.classes;
  }
  if (ours == valid) return;
  ++(ours ? tally.over_accepted : tally.over_refused);
  INFO(line["id"].dump(), " ", line["policies"].dump().substr(0, 500), " got ", answer.dump());
  CHECK(ours == valid);
}

void print(const std::string& file, const Tally& tally) {
  double equal = tally.checked - tally.over_accepted - tally.over_refused;
  MESSAGE(file, ": ", tally.checked, " checked, ", 100.0 * equal / std::max(1, tally.checked), " % equal, ",
          tally.over_accepted, " over-accepted, ", tally.over_refused, " over-refused");
  if (tally.refused > 0)
    MESSAGE(file, ": ", tally.classes, " of ", tally.refused, " refusals have exactly Cedar's classes of findings");
}

}  // namespace

TEST_CASE("validator verdicts agree with Cedar") {
  Tally tally;
  if (for_each_line("shared_validate_cases.jsonl.gz",
                    [&](const Json& line) { judge(line, line["expect"]["valid"], tally); }))
    print("shared_validate_cases", tally);
}

TEST_CASE("the corpus's policies are valid where Cedar says so") {
  for (const char* file : {"public_corpus_sample", "public_handwritten"}) {
    Tally tally;
    auto visit = [&](Json line) {
      line["expect"] = Json::object();
      judge(line, line["should_validate"], tally);
    };
    if (for_each_line(std::string(file) + ".jsonl.gz", visit)) print(file, tally);
  }
}

TEST_CASE("a line without sense is answered") {
  for (const char* bad : {"", "{", "[]", "null", "{\"id\":1}", "{\"id\":1,\"schema\":\"\",\"policies\":1}",
                          "{\"id\":1,\"schema\":1,\"policies\":\"\"}"})
    CHECK(Json::parse(libguard::policy::validate_line(bad))["error"]["code"] == "batch.malformed");
  Json answer = Json::parse(libguard::policy::validate_line(R"({"id":"x","schema":"entity A\nentity","policies":""})"));
  CHECK(answer["id"] == "x");
  CHECK(answer["error"]["code"] == "schema.malformed");
  CHECK(answer["error"]["line"] == 2);
  CHECK(answer["error"]["excerpt"] == "  2 | entity\n    | ^");
  answer = Json::parse(libguard::policy::validate_line(R"({"id":2,"schema":{},"policies":"permit (principal"})"));
  CHECK(answer["error"]["code"] == "policy.syntax");
  answer = Json::parse(libguard::policy::validate_line(
      R"({"id":3,"schema":"entity A; action x appliesTo {principal: A, resource: A};","policies":"@id(\"p\") permit (principal, action, resource) when { principal.a };"})"));
  CHECK(answer["valid"] == false);
  CHECK(answer["findings"][0]["policy"] == "policy0");
  CHECK(answer["findings"][0]["id"] == "p");
  CHECK(answer["findings"][0]["code"] == "unknown_attribute");
  CHECK(answer["findings"][0]["column"] == 64);
}
