#include "model/request_json.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <random>

#include "base/json.h"
#include "base/limits.h"
#include "libguard/error.h"

using namespace libguard;

namespace {

std::string refusal(const std::string& text) {
  try {
    (void)request_from_json_text(text);
  } catch (const Error& error) {
    CHECK(error.code() == "request.malformed");
    CHECK(error.kind() == ErrorKind::invalid);
    return error.what();
  }
  return "accepted";
}

std::string outcome_refusal(const std::string& text) {
  try {
    (void)outcome_from_json_text(text);
  } catch (const Error& error) {
    CHECK(error.code() == "request.malformed");
    return error.what();
  }
  return "accepted";
}

Request full_request() {
  Request request;
  request.kind = RequestKind::tool;
  request.connection = "shop";
  request.text = "SELECT \"a\" -- \xE2\x82\xAC\n";
  request.params = {Null{},         true, std::int64_t{-7}, 1.0, std::string("x"), Bytes{std::string("\0\x01", 2)},
                    Decimal{"1.50"}};
  request.tool = "run_sql";
  request.arguments = R"({"order": 1042, "note": "\u00e9"})";
  request.hops = {{"crew", "support", false}, {"agent", "refund-agent", false}};
  request.explanation = "Customer was double charged.";
  request.purpose = "ticket 4711";
  request.ticket = "t-7Q2K";
  request.wait_ms = 0;
  request.deadline_ms = 2'500;
  return request;
}

void check_equal(const Request& a, const Request& b) {
  CHECK(a.kind == b.kind);
  CHECK(a.connection == b.connection);
  CHECK(a.text == b.text);
  CHECK(a.params == b.params);
  CHECK(a.tool == b.tool);
  CHECK(a.arguments == b.arguments);
  CHECK(a.hops == b.hops);
  CHECK(a.explanation == b.explanation);
  CHECK(a.purpose == b.purpose);
  CHECK(a.ticket == b.ticket);
  CHECK(a.wait_ms == b.wait_ms);
  CHECK(a.deadline_ms == b.deadline_ms);
}

}  // namespace

TEST_CASE("a request survives its JSON form") {
  check_equal(request_from_json_text(to_json_text(full_request())), full_request());
  check_equal(request_from_json_text(to_json_text(Request{})), Request{});
  check_equal(request_from_json_text("{}"), Request{});
}

TEST_CASE("a statement that is not UTF-8 travels byte for byte") {
  Request request;
  request.text = std::string("SELECT '\xFF\xC0\x80\0'", 13);
  std::string json = to_json_text(request);
  CHECK(json.find("$bytes") != std::string::npos);
  CHECK(request_from_json_text(json).text == request.text);
  CHECK(refusal(R"({"text": {"$bytes": "*"}})") == "request.text is not base64");
  CHECK(refusal(R"({"text": {"$bytes": "QQ==", "x": 1}})") != "accepted");
  CHECK(refusal(R"({"text": {"$decimal": "1"}})") != "accepted");
}

TEST_CASE("malformed requests are refused with the member's name and without its value") {
  CHECK(refusal("") == "request: not JSON at byte 1");
  CHECK(refusal("[]") == "request must be a JSON object");
  CHECK(refusal("null") == "request must be a JSON object");
  CHECK(refusal(R"({"txt": "SELECT"})") == "request has a member that is not known; see docs/RECORD_FORMAT.md");
  CHECK(refusal(R"({"text": "a", "text": "b"})") != "accepted");
  CHECK(refusal(R"({"text": "a"} {})") != "accepted");
  CHECK(refusal(R"({"kind": "shell"})") == "request.kind must be \"sql\" or \"tool\"");
  CHECK(refusal(R"({"text": 5})") != "accepted");
  CHECK(refusal(R"({"params": {}})") == "request.params must be an array");
  CHECK(refusal(R"({"params": [[1]]})") != "accepted");
  CHECK(refusal(R"({"params": [18446744073709551615]})") != "accepted");
  CHECK(refusal(R"({"params": [123456789012345678901234567890]})") == "request: an integer is beyond 64 bits");
  CHECK(refusal(R"({"kind": "tool", "tool": "t", "arguments": "{\"n\":123456789012345678901234567890}"})") ==
        "accepted");
  CHECK(refusal(R"({"params": [{"$bytes": "!"}]})") != "accepted");
  CHECK(refusal(R"({"hops": [1]})") == "request.hops[0] must be a JSON object");
  CHECK(refusal(R"({"hops": [{"kind": "root", "name": "x"}]})") ==
        "request.hops[0].kind must be user, crew, agent, task or tool");
  CHECK(refusal(R"({"wait_ms": -1})") != "accepted");
  CHECK(refusal(R"({"wait_ms": 1.5})") != "accepted");
  CHECK(refusal(R"({"deadline_ms": 18446744073709551615})") != "accepted");
  CHECK(refusal(R"({"deadline_ms": 3600001})") != "accepted");
  CHECK(refusal(R"({"arguments": "[1]"})") == "request.arguments must be a JSON object as text");
  CHECK(refusal(R"({"arguments": "{\"a\":1,\"a\":2}"})") != "accepted");
  CHECK(refusal("{\"text\": \"\xFF\"}") != "accepted");
  CHECK(refusal(R"({"purpose": "hunter2" , "tool": 3})").find("hunter2") == std::string::npos);
}

TEST_CASE("attempt to claim a verified hop") {
  CHECK(refusal(R"({"hops": [{"kind": "user", "name": "dana", "verified": true}]})") ==
        "request.hops[0].verified must be false: a request can only assert a hop");
}

TEST_CASE("limits of a request hold at their edge") {
  auto quoted = [](const char* name, std::size_t bytes) {
    return "{\"" + std::string(name) + "\": \"" + std::string(bytes, 'x') + "\"}";
  };
  CHECK(request_from_json_text(quoted("text", limits::kCommandBytesMax)).text.size() == limits::kCommandBytesMax);
  CHECK(refusal(quoted("text", limits::kCommandBytesMax + 1)) != "accepted");
  CHECK(refusal(quoted("connection", limits::kNameBytesMax + 1)) != "accepted");
  CHECK(refusal(quoted("explanation", limits::kNoteBytesMax + 1)) != "accepted");
  CHECK(refusal(quoted("arguments", limits::kParamBytesMax + 1)) != "accepted");
  std::string many = "{\"params\": [1";
  for (std::size_t i = 1; i < limits::kParamsMax; ++i) many += ",1";
  CHECK(request_from_json_text(many + "]}").params.size() == limits::kParamsMax);
  CHECK(refusal(many + ",1]}") != "accepted");
  CHECK(refusal("{\"params\": [\"" + std::string(limits::kParamBytesMax + 1, 'x') + "\"]}") != "accepted");
  std::string hops = "{\"hops\": [";
  for (std::size_t i = 0; i <= limits::kHopsMax; ++i)
    hops += std::string(i == 0 ? "" : ",") + R"({"kind":"agent","name":"a"})";
  CHECK(refusal(hops + "]}") != "accepted");
  CHECK(refusal(R"({"hops": [{"kind": "agent", "name": ")" + std::string(limits::kHopBytesMax + 1, 'x') + "\"}]}") !=
        "accepted");
}

TEST_CASE("deep, huge and random bytes are refused and nothing more") {
  CHECK(refusal(std::string(200'000, '[')) != "accepted");
  CHECK(refusal("{\"params\":" + std::string(100'000, '[')) != "accepted");
  std::string nested = "{\"arguments\": \"" + std::string(5'000, '[') + "\"}";
  CHECK(refusal(nested) != "accepted");
  CHECK(refusal(std::string(limits::kJsonBytesMax + 1, ' ')) != "accepted");
  std::mt19937 random(11);
  std::string good = to_json_text(full_request());
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      (void)request_from_json_text(bytes);
    } catch (const Error& error) {
      CHECK(error.code() == "request.malformed");
    }
  }
}

TEST_CASE("an outcome survives its JSON form") {
  Outcome outcome;
  outcome.state = OutcomeState::in_doubt;
  outcome.stage = "execute";
  outcome.code = "backend.in_doubt";
  outcome.reason = "the answer to COMMIT never came\n\"ask\"";
  outcome.record = "r-01J9";
  outcome.ticket = "t-1";
  outcome.columns = {{"id", "int4", false, "", ""}, {"email", "text", true, "pii.email", "label"}};
  outcome.rows = {{std::int64_t{1}, std::string("<EMAIL_ADDRESS>")}, {Null{}, 2.0}, {}};
  outcome.affected = 3;
  outcome.truncated = true;
  outcome.result = "text";
  outcome.risk = 62;
  outcome.deciding = {"no-ddl"};
  outcome.warnings = {"key older than 90 days"};
  outcome.sqlstate = "57014";
  std::string json = to_json_text(outcome);
  CHECK(to_json_text(outcome_from_json_text(json)) == json);
  CHECK(outcome_from_json_text(json).rows == outcome.rows);
  CHECK(outcome_from_json_text(json).columns[1].data_class == "pii.email");
  CHECK(json.find(R"({"name":"email","type":"text","masked":true,"class":"pii.email","operator":"label"})") !=
        std::string::npos);
  CHECK(json.find(R"("rows":[[1,"<EMAIL_ADDRESS>"],[null,2.0],[]])") != std::string::npos);
  CHECK(to_json_text(outcome_from_json_text(to_json_text(Outcome{}))) == to_json_text(Outcome{}));
}

TEST_CASE("malformed outcomes are refused, and a missing state is not an answer") {
  CHECK(outcome_refusal("{}") != "accepted");
  CHECK(outcome_refusal(R"({"state": "done"})") != "accepted");
  CHECK(outcome_refusal(R"({"state": "completed", "rows": [1]})") == "outcome.rows must hold arrays");
  CHECK(outcome_refusal(R"({"state": "completed", "risk": 101})") != "accepted");
  CHECK(outcome_refusal(R"({"state": "completed", "columns": [{"op": "label"}]})") != "accepted");
  CHECK(outcome_refusal(R"({"state": "completed", "deciding": [1]})") != "accepted");
  CHECK(outcome_from_json_text(R"({"state": "completed"})").completed());
}

TEST_CASE("10,000 rows are written quickly and read back") {
  Outcome outcome;
  outcome.state = OutcomeState::completed;
  for (std::int64_t i = 0; i < 10'000; ++i) outcome.rows.push_back({i, std::string("row of text"), 0.5, Null{}});
  auto start = std::chrono::steady_clock::now();
  std::string json = to_json_text(outcome);
  auto span = std::chrono::steady_clock::now() - start;
  MESSAGE("10,000 rows: " << std::chrono::duration_cast<std::chrono::microseconds>(span).count() << " us, "
                          << json.size() << " bytes");
  CHECK(outcome_from_json_text(json).rows == outcome.rows);
}

TEST_CASE("documents append to one buffer") {
  std::string lines;
  append_json(lines, Outcome{});
  lines += '\n';
  append_json(lines, Outcome{});
  CHECK(lines == to_json_text(Outcome{}) + "\n" + to_json_text(Outcome{}));
}
