#include "base/batch_line.h"

#include <doctest/doctest.h>

#include "guard/line.h"
#include "libguard/error.h"
#include "masking/masker.h"
#include "policy/decider.h"
#include "policy/policy_lines.h"

using namespace libguard;

namespace {

std::string echo(const std::string& line) {
  return answer_batch_line(line, 100, [](const JsonResult&) { return std::string(R"({"ok":true})"); });
}

std::string code_of(const std::string& line) {
  JsonResult read = read_json(line);
  REQUIRE(read.value);
  CHECK(read.value->contains("id"));
  return read.value->at("error").at("code").get<std::string>();
}

}  // namespace

TEST_CASE("an id comes back as it was written, whatever it is") {
  for (const char* id : {"7", "-1", "\"a\"", "null", "true", "[1,{\"a\":null}]", "18446744073709551615",
                         "123456789012345678901234567890", "-123456789012345678901234567890", "1.5"}) {
    CHECK(echo("{\"x\":[123456789012345678901234567890],\"id\":" + std::string(id) + "}") ==
          "{\"id\":" + std::string(id) + ",\"ok\":true}");
  }
  CHECK(echo("{}") == R"({"id":null,"ok":true})");
  // One that stands deeper is not the line's.
  CHECK(echo(R"({"a":{"id":123456789012345678901234567890}})") == R"({"id":null,"ok":true})");
}

TEST_CASE("an answer that throws is the line's error, with its id") {
  auto thrown = [](const LineAnswer& answer) { return answer_batch_line(R"({"id":5})", 100, answer); };
  CHECK(thrown([](const JsonResult&) -> std::string { throw Error(ErrorKind::invalid, "a.b", "say \"no\""); }) ==
        R"({"id":5,"error":{"code":"a.b","message":"say \"no\""}})");
  CHECK(thrown([](const JsonResult&) -> std::string { throw std::runtime_error("secret"); }) ==
        R"({"id":5,"error":{"code":"guard.internal","message":"something broke inside the guard"}})");
}

TEST_CASE("every door calls a line that is no JSON object by one name") {
  const std::string lines[] = {"",
                               "null",
                               "[]",
                               "{",
                               "\xff",
                               std::string("\0", 1),
                               "{\"id\":1,\"id\":2}",
                               std::string(100'000, '['),
                               R"({"id":1} x)",
                               "\xEF\xBB\xBF{}"};
  for (const std::string& line : lines) {
    CAPTURE(line.substr(0, 20));
    CHECK(code_of(answer_line(line, [](const Line&) { return std::string("{}"); })) == "batch.malformed");
    CHECK(code_of(masking::mask_line(line, "label")) == "batch.malformed");
    CHECK(code_of(policy::eval_line(line, false)) == "batch.malformed");
    CHECK(code_of(policy::validate_line(line)) == "batch.malformed");
    CHECK(code_of(policy::parse_line(line)) == "batch.malformed");
    CHECK(code_of(policy::convert_line(line)) == "batch.malformed");
    CHECK(code_of(policy::format_line(line)) == "batch.malformed");
  }
}

TEST_CASE("a parameter that no 64 bits hold is refused, never rounded") {
  auto answer = [](const Line& line) { return "{\"params\":" + std::to_string(line.params.size()) + "}"; };
  for (const char* number : {"123456789012345678901234567890", "-9223372036854775809", "9223372036854775808"}) {
    const std::string line = answer_line(
        "{\"id\":123456789012345678901,\"sql\":\"SELECT ?\",\"params\":[" + std::string(number) + "]}", answer);
    CHECK(line.starts_with("{\"id\":123456789012345678901,\"error\":{\"code\":"));
    CHECK(line.find("beyond 64 bits") != std::string::npos);
  }
  CHECK(answer_line(R"({"id":1,"sql":"SELECT ?","params":[1e30,9223372036854775807]})", answer) ==
        R"({"id":1,"params":2})");
}
