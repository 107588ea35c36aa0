#include "audit/record.h"

#include <doctest/doctest.h>

#include <chrono>
#include <random>

#include "audit/contained_json.h"
#include "audit/line.h"
#include "audit/reader.h"
#include "base/json.h"
#include "model/command.h"
#include "samples.h"

using namespace libguard;
using namespace libguard::audit;

namespace {

// One record of each type, each with every member it can have.
void write_golden(const std::string& directory, const std::shared_ptr<ManualClock>& clock) {
  Identity identity = sample_identity();
  identity.human = true;
  identity.user = ActsFor{"8f1c", "dana", {"finance"}, true};
  identity.warnings = {"key older than 90 days"};
  Journal journal(golden_options(directory), real_os(), clock);
  journal.record_event("session.opened", R"({"session":"s-1","account":"support-crew"})", true);
  clock->advance_us(1'000'000);

  ActionEntry entry = sample_entry(identity, "r-000001");
  Decision decision;
  decision.code = "policy.ask";
  decision.reason = "no \"luck\"\n";
  decision.deciding = {"big-refund-asks", "no-blind-dml"};
  decision.erring = {"typo"};
  decision.risk = 62;
  decision.risk_parts = {{40, "write in prod"}, {22, "money column"}};
  decision.rounds = 2;
  decision.row_limit = 1'000;
  decision.masked_classes = {"pii.email"};
  entry.decision = &decision;
  entry.hops = {{"crew", "support", false}, {"tool", "run_sql", false}};
  entry.explanation = "Customer was \xFF double charged.";
  entry.reads = {"main.customers"};
  entry.ticket = "t-1";
  entry.approvers = {"dana"};
  entry.xid = "771";
  entry.system_identifier = "7300000000000000001";
  Intent intent = journal.record_intent(entry);
  clock->advance_us(800);
  OutcomeEntry outcome = sample_outcome();
  outcome.rows = 1;
  outcome.masked_counts = {{"EMAIL_ADDRESS|label", 1}, {"pii.card|partial", 2}};
  outcome.response_json = R"([["<EMAIL_ADDRESS>"]])";
  outcome.response_digest = "rd1";
  journal.record_outcome(intent, entry, outcome);

  ActionEntry nobody;
  nobody.record = "r-000002";
  nobody.session = "s-2";
  nobody.kind = "sql";
  nobody.effect = "opaque";
  nobody.verdict = "refuse";
  OutcomeEntry refused = sample_outcome("refused");
  refused.stage = "authenticate";
  journal.record_refusal(nobody, refused);
}

}  // namespace

TEST_CASE("golden records are exact to the byte") {
  Scratch scratch;
  write_golden(scratch.log(), std::make_shared<ManualClock>(kGoldenUs));
  std::string golden = std::string(LIBGUARD_SOURCE_DIR) + "/tests/cases/audit/golden.jsonl";
  auto segments = segment_paths(scratch.log());
  REQUIRE(segments.size() == 1);
  // LIBGUARD_WRITE_GOLDEN=1 writes the file anew after a change of format, for a person to read the difference.
  if (std::getenv("LIBGUARD_WRITE_GOLDEN") != nullptr) write_file(golden, read_file(segments[0]));
  CHECK(read_file(segments[0]) == read_file(golden));
  Verification verification = verify(scratch.log());
  CHECK(verification.intact);
  CHECK(verification.records == 6);
  CHECK(verification.in_doubt == 0);
}

TEST_CASE("a plain read says nothing twice and nothing of what it is not") {
  const Identity identity = sample_identity();
  Decision decision;
  decision.code = "policy.allowed";
  decision.reason = "permitted by reads";
  decision.deciding = {"reads"};
  decision.rounds = 1;
  ActionEntry entry = sample_entry(identity, "r-1");
  entry.effect = to_string(CommandEffect::read);
  entry.decision = &decision;
  OutcomeEntry done;
  done.state = "completed";
  auto of = [](const std::string& body) { return *read_json("{" + body).value; };
  Json intent = of(intent_body(entry, 0)), outcome = of(outcome_body(entry, done, 0)).at("outcome");
  CHECK_FALSE(intent.contains("approval"));
  for (const char* absent : {"reason", "risk_parts", "rounds", "rows_affected_max", "trail"})
    CHECK_FALSE(intent.at("decision").contains(absent));
  for (const char* absent : {"reason", "affected", "masked", "response"}) CHECK_FALSE(outcome.contains(absent));
  CHECK(outcome.at("rows") == 0);
  CHECK(intent.at("decision").at("policies") == Json{"reads"});

  entry.effect = to_string(CommandEffect::write);
  entry.ticket = "t-1";
  done.affected = 2;
  done.reason = "why";
  intent = of(intent_body(entry, 0));
  CHECK(intent.at("decision").at("rows_affected_max") == decision.rows_affected_max);
  CHECK(intent.at("approval").at("permit") == "p1");
  outcome = of(outcome_body(entry, done, 0)).at("outcome");
  CHECK(outcome.at("affected") == 2);
  CHECK(outcome.at("reason") == "why");
}

TEST_CASE("each record is strict JSON whatever the entry holds") {
  std::mt19937 random(3);
  auto noise = [&] {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  };
  for (int round = 0; round < 300; ++round) {
    Identity identity = sample_identity();
    identity.subject = noise();
    identity.tenant = noise();
    identity.warnings = {noise(), noise()};
    ActionEntry entry = sample_entry(identity, "r-" + noise(), noise());
    entry.command_text = noise();
    entry.params_json = noise();
    entry.approvers = {noise()};
    OutcomeEntry outcome = sample_outcome();
    outcome.response_json = noise();
    outcome.masked_counts = {{noise(), 1}};
    std::string hash(kNoHash);
    for (const std::string& body :
         {refusal_body(entry, outcome, 0), outcome_body(entry, outcome, 0), event_body(noise(), noise(), 0)}) {
      std::string line = make_line(7, body, hash);
      CHECK(line.find('\n') == line.size() - 1);
      auto parts = split_line(std::string_view(line).substr(0, line.size() - 1));
      REQUIRE(parts);
      CHECK_MESSAGE(read_json(parts->json).value.has_value(), line);
      auto head = read_head(parts->json);
      REQUIRE(head);
      CHECK(head->seq == 7);
      CHECK(parts->hash == hash);
    }
  }
}

TEST_CASE("attempt to change a record through JSON that is handed in") {
  for (const char* json : {"1,\"outcome\":{\"state\":\"completed\"}",
                           "{}}",
                           "[1",
                           "\"",
                           "{\"a\":\"\\",
                           "1 2",
                           "{} {}",
                           "[}",
                           "a\nb",
                           "",
                           " ",
                           "d",
                           "tru",
                           "01",
                           "1.",
                           "-",
                           "1e999",
                           "[1,]",
                           "{\"a\":}",
                           "{,}",
                           "{\"a\" 1}",
                           "{1:2}",
                           "\"\\x\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\u12\"",
                           "\"\xFF\"",
                           "\"\x01\"",
                           "1:2",
                           "\"a\\\n\""}) {
    CHECK_MESSAGE(!is_contained_json(json), json);
  }
  CHECK(!is_contained_json(std::string(1'000'000, '[')));
  for (const char* json :
       {"[1042]", "{}", "{\"a\": [1, {\"b\": \"x\\\"y,}\"}]}", "null", "-1.5e3", "\"text, with: marks\"", " [1] ",
        "[true,false,null,[],{}]", "\"\\ud83d\\ude00\"", "0", "-0.5E-7"}) {
    CHECK_MESSAGE(is_contained_json(json), json);
  }
  Identity identity = sample_identity();
  ActionEntry entry = sample_entry(identity, "r-1");
  entry.params_json = "[]},\"decision\":{\"verdict\":\"allow\"";
  std::string json = "{" + intent_body(entry, 0);
  CHECK(read_json(json).value->at("what").at("params") == entry.params_json);
}

TEST_CASE("a response that no reader would accept is left out and said so") {
  Identity identity = sample_identity();
  ActionEntry entry = sample_entry(identity, "r-1");
  OutcomeEntry outcome = sample_outcome();
  outcome.response_json = "[\"" + std::string(9 * 1024 * 1024, 'x') + "\"]";
  outcome.response_digest = "rd";
  JsonResult read = read_json("{" + outcome_body(entry, outcome, 0));
  REQUIRE(read.value);
  CHECK(read.value->at("outcome").at("response_too_long") == true);
  CHECK(read.value->at("outcome").at("response_digest") == "rd");
  CHECK_FALSE(read.value->at("outcome").contains("response"));
}

TEST_CASE("lines that are no record are told apart") {
  std::string hash(kNoHash);
  std::string line = make_line(1, "\"type\":\"end\",\"at\":\"x\"}", hash);
  line.pop_back();
  CHECK(split_line(line));
  CHECK_FALSE(split_line(""));
  CHECK_FALSE(split_line(std::string(70, '\0')));
  CHECK_FALSE(split_line(std::string_view(line).substr(1)));
  CHECK_FALSE(split_line(line + " "));
  std::string upper = line;
  upper.back() = 'G';
  CHECK_FALSE(split_line(upper));
  CHECK_FALSE(read_head("{}"));
  CHECK_FALSE(read_head("{\"v\":1,\"seq\":99999999999999999999,\"type\":\"end\"}"));
  CHECK_FALSE(read_head(std::string(100'000, '[')));
  CHECK(read_head("{\"seq\":3, \"v\":1, \"type\":\"e\\u006ed\"}")->type == "end");
}

TEST_CASE("the chain can be followed with sha256 over the previous hash and the bytes") {
  std::string hash(kNoHash);
  std::string line = make_line(1, "\"type\":\"end\",\"at\":\"x\"}", hash);
  CHECK(hash == chain_hash(kNoHash, "{\"v\":1,\"seq\":1,\"type\":\"end\",\"at\":\"x\"}"));
  CHECK(line == "{\"v\":1,\"seq\":1,\"type\":\"end\",\"at\":\"x\"}\t" + hash + "\n");
}

TEST_CASE("a record costs little") {
  Identity identity = sample_identity();
  ActionEntry entry = sample_entry(identity, "r-1");
  std::string hash(kNoHash);
  auto start = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  for (int i = 0; i < 5'000; ++i) bytes += make_line(i, intent_body(entry, kGoldenUs), hash).size();
  auto span =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count() / 5'000;
  MESSAGE("one intent line: " << span << " ns, " << bytes / 5'000 << " bytes");
}
