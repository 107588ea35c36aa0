#include <doctest/doctest.h>

#include <cmath>

#include "base/json.h"
#include "base/limits.h"
#include "libguard/error.h"

namespace libguard {
namespace {

TEST_CASE("json: strict reading") {
  for (const char* text :
       {"null", "true", "0", "-1.5e3", "\"\\u00e9\\ud83d\\ude00\"", "[]", "{}", " {\"a\" : [1, {\"a\": 2}]} \n"}) {
    CAPTURE(std::string(text));
    CHECK(read_json(text).value.has_value());
  }
  for (const char* text : {"",
                           " ",
                           "{\"a\":1,\"a\":2}",
                           "{\"a\":{\"b\":1,\"b\":1}}",
                           "{\"\\u0061\":1,\"a\":2}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "'a'",
                           "01",
                           "+1",
                           ".5",
                           "1.",
                           "NaN",
                           "Infinity",
                           "1e999",
                           "-1e999",
                           "\"\xff\"",
                           "\"\xed\xa0\x80\"",
                           "\"\\ud800\"",
                           "\"a\nb\"",
                           "1 2",
                           "{} {}",
                           "[1]x",
                           "/**/1",
                           "tru",
                           "\xef\xbb\xbf",
                           "\"\\x41\""}) {
    CAPTURE(std::string(text));
    JsonResult result = read_json(text);
    CHECK_FALSE(result.value.has_value());
    CHECK_FALSE(result.error.empty());
  }
}

// nlohmann's reader takes a NUL byte for the end of the text, so what follows one is not looked at.
TEST_CASE("json: nothing follows the value, not even after a NUL byte") {
  CHECK_FALSE(read_json(std::string_view("1\0", 2)).value.has_value());
  CHECK_FALSE(read_json(std::string_view("{}\0{\"a\":1}", 10)).value.has_value());
}

TEST_CASE("json: depth and size are bounded") {
  auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
  };
  CHECK(read_json(nested(limits::kNestingMax)).value.has_value());
  CHECK_FALSE(read_json(nested(limits::kNestingMax + 1)).value.has_value());
  CHECK_FALSE(read_json(std::string(1'000'000, '[')).value.has_value());
  CHECK_FALSE(read_json(nested(5), 4).value.has_value());
  CHECK_FALSE(read_json(std::string(limits::kJsonBytesMax + 1, ' ')).value.has_value());
}

TEST_CASE("json: an error holds no input") {
  CHECK(read_json("{\"secret\": \"hunter2\", }").error.find("hunter2") == std::string::npos);
  CHECK(read_json("{\"secret\":1,\"secret\":2}").error.find("secret") == std::string::npos);
}

TEST_CASE("json: values come back as they went") {
  const Value values[] = {Null{},           true,     std::int64_t{-7},   INT64_MIN,
                          INT64_MAX,        1.5,      std::string("é\n"), Bytes{std::string("\0\xff", 2)},
                          Decimal{"-1.50"}, HUGE_VAL, -HUGE_VAL};
  for (const Value& value : values) {
    JsonResult text = read_json(dump(to_json(value)));
    REQUIRE(text.value);
    CHECK(value_from_json(*text.value) == value);
  }
  CHECK(std::isnan(std::get<double>(value_from_json(to_json(std::nan(""))))));
  for (const char* text :
       {"[]", "{}", R"({"$bytes":"a"})", R"({"$bytes":"YQ"})", R"({"$bytes":1})", R"({"$decimal":""})",
        R"({"$decimal":"1.2.3"})", R"({"$decimal":"1e5"})", R"({"$decimal":"--1"})", R"({"$real":"x"})",
        R"({"$other":"x"})", R"({"$real":"NaN","x":1})", "18446744073709551615"}) {
    CAPTURE(std::string(text));
    CHECK_THROWS_AS((void)value_from_json(*read_json(text).value), Error);
  }
  CHECK(dump(Json("\xff")) == "\"\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace libguard
