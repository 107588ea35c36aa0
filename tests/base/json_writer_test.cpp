#include "base/json_writer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/json.h"
#include "base/json_plain.h"

using namespace libguard;

namespace {

std::string json_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

Value round_trip(const Value& value) {
  std::string out;
  append_json_value(out, value);
  JsonResult read = read_json(out);
  REQUIRE_MESSAGE(read.value.has_value(), out);
  return value_from_json(*read.value);
}

}  // namespace

TEST_CASE("text is escaped as RFC 8259 asks") {
  CHECK(json_of("") == "\"\"");
  CHECK(json_of("plain") == "\"plain\"");
  CHECK(json_of("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(json_of("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(json_of(std::string_view("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\x7f\"");
  CHECK(json_of("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

TEST_CASE("each byte outside well-formed UTF-8 becomes U+FFFD") {
  CHECK(json_of("\xFF") == R"("\ufffd")");
  CHECK(json_of("a\xC3") == R"("a\ufffd")");
  CHECK(json_of("\xC0\x80") == R"("\ufffd\ufffd")");                      // overlong NUL
  CHECK(json_of("\xC0\xA2") == R"("\ufffd\ufffd")");                      // overlong quote
  CHECK(json_of("\xE0\x80\xA2") == R"("\ufffd\ufffd\ufffd")");            // overlong quote, three bytes
  CHECK(json_of("\xED\xA0\x80") == R"("\ufffd\ufffd\ufffd")");            // surrogate
  CHECK(json_of("\xF4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");  // past U+10FFFF
  CHECK(json_of("\xE2\x82\"") == R"("\ufffd\ufffd\"")");                  // a cut sequence may not eat the quote
}

TEST_CASE("whatever the bytes, the strict reader accepts the text") {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    std::string text = json_of(bytes);
    CHECK_MESSAGE(read_json(text).value.has_value(), text);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(text.find('\t') == std::string::npos);
  }
}

TEST_CASE("values keep their type and every digit") {
  for (const Value& value :
       {Value{Null{}}, Value{true}, Value{false}, Value{std::int64_t{0}},
        Value{std::numeric_limits<std::int64_t>::max()}, Value{std::numeric_limits<std::int64_t>::min()}, Value{0.1},
        Value{1.0}, Value{-2.0}, Value{1e300}, Value{5e-324}, Value{1e15}, Value{HUGE_VAL}, Value{-HUGE_VAL},
        Value{std::string("a\"\n")}, Value{std::string()}, Value{Bytes{std::string("\0\xFF", 2)}}, Value{Bytes{}},
        Value{Decimal{"-12.50"}}}) {
    CHECK(round_trip(value) == value);
  }
  CHECK(std::isnan(std::get<double>(round_trip(std::nan("")))));
  std::string out;
  append_json_value(out, -0.0);
  CHECK(out == "-0.0");
}

TEST_CASE("a decimal that holds more than digits cannot leave its quotes") {
  std::string out;
  append_json_value(out, Decimal{"1\",\"x\":\""});
  CHECK(out == R"({"$decimal":"1\",\"x\":\""})");
}

TEST_CASE("the writer sets commas") {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().text("a", "x,").number("b", -5).boolean("c", true).begin_array("d").number(1).text("[").raw(
      "{}");
  writer.begin_array().end_array().value(Null{}).end_array().texts("e", std::vector<std::string>{"p", "q"});
  writer.begin_object("f").end_object().raw("g", "null").text_if("h", "").texts_if("i", std::vector<std::string>{});
  writer.end_object();
  CHECK(out == R"({"a":"x,","b":-5,"c":true,"d":[1,"[",{},[],null],"e":["p","q"],"f":{},"g":null})");
  CHECK(read_json(out).value.has_value());
}

TEST_CASE("a second document may follow a new line") {
  std::string out = "{}\n";
  JsonWriter(out).begin_object().end_object();
  CHECK(out == "{}\n{}");
}

TEST_CASE("every byte at every place of a short or long text is judged alike, by words and one by one") {
  for (std::size_t size = 0; size <= 20; ++size) {
    CHECK(is_plain_json(std::string(size, 'a')));
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(byte);
        const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        REQUIRE_MESSAGE(is_plain_json(text) == plain, size << " " << at << " " << byte);
        REQUIRE(plain_json_end(text, 0) == (plain ? size : at));
      }
    }
  }
}
