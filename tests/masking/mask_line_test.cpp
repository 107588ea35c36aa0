#include <doctest/doctest.h>

#include "base/json.h"
#include "masking/masker.h"

using namespace libguard;
using namespace libguard::masking;

TEST_CASE("a line in, a line out, spans in code points") {
  CHECK(mask_line(R"({"id":7,"text":"é用😀 ann@x.com!"})", "label") ==
        R"({"id":7,"masked":"é用😀 <EMAIL_ADDRESS>!","spans":[{"end":13,"entity":"EMAIL_ADDRESS","start":4}]})");
  CHECK(mask_line(R"({"id":"a","text":""})", "label") == R"({"id":"a","masked":"","spans":[]})");
  CHECK(mask_line(R"({"id":1,"text":"4111111111111111"})", "partial:last=4") ==
        R"({"id":1,"masked":"****1111","spans":[{"end":16,"entity":"CREDIT_CARD","start":0}]})");
  auto two = read_json(mask_line(R"({"id":1,"text":"a@b.co 123-45-6789"})", "redact"));
  REQUIRE(two.value);
  CHECK((*two.value)["masked"] == "[redacted] [redacted]");
  CHECK((*two.value)["spans"].size() == 2);
}

TEST_CASE("a bad line answers an error with its id, and shows nothing of the text") {
  auto code = [](const std::string& line, const char* spec = "label") {
    auto json = read_json(mask_line(line, spec));
    REQUIRE(json.value);
    CHECK(json.value->contains("id"));
    CHECK(!json.value->contains("masked"));
    return (*json.value)["error"]["code"].get<std::string>();
  };
  for (const std::string& line :
       {std::string(), std::string("null"), std::string("[]"), std::string("{"), std::string(R"({"id":1})"),
        std::string(R"({"id":1,"text":5})"), std::string(R"({"id":1,"text":"x","text":"y"})"),
        std::string("{\"id\":1,\"text\":\"\xff\"}"), std::string(100'000, '['), std::string("\0", 1),
        std::string(R"({"text":"a@b.co"} x)")}) {
    CHECK(code(line) == "batch.malformed");
  }
  CHECK(code(R"({"id":1,"text":"a@b.co"})", "token") == "masking.operator");
  CHECK(read_json(mask_line(R"({"id":{"a":[1]},"text":5})", "label")).value->at("id").dump() == R"({"a":[1]})");
}
