// The quick reader of batch lines against the one that reads all of JSON: what it takes, both read alike.
#include "guard/plain_line.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "base/json.h"

using namespace libguard;

namespace {

bool taken(const std::string& text) {
  const auto plain = read_plain_line(text);
  if (!plain) return false;
  const JsonResult full = read_json(text);
  INFO(text);
  REQUIRE(full.value.has_value());
  REQUIRE(full.value->is_object());
  CHECK(plain->sql == full.value->at("sql").get<std::string>());
  CHECK(plain->id_json == (full.value->contains("id") ? dump(full.value->at("id")) : "null"));
  CHECK(full.value->size() == (full.value->contains("id") ? 2 : 1));
  return true;
}

}  // namespace

TEST_CASE("batch lines: what everybody sends is taken at once") {
  CHECK(taken(R"({"id": 7, "sql": "SELECT 1"})"));
  CHECK(taken(R"({"id":"a/7","sql":"SELECT 'x'"})"));
  CHECK(taken(R"({"sql":"SELECT 1"})"));
  CHECK(taken(R"( { "sql" : "a\n\t\"b\"\\\/" , "id" : null } )"));
  CHECK(taken("{\"id\":0,\"sql\":\"\"}\r\n"));
  CHECK(taken(R"({"id":123456789012345,"sql":"x"})"));
}

TEST_CASE("batch lines: everything else is left to the reader of all JSON") {
  for (const char* text : {"",
                           "{",
                           "{}",
                           "[]",
                           "null",
                           R"({"id":1})",
                           R"({"id":1,"sql":1})",
                           R"({"id":1,"sql":"x"} x)",
                           R"({"id":1,"sql":"x","sql":"y"})",
                           R"({"id":1,"id":2,"sql":"x"})",
                           R"({"id":01,"sql":"x"})",
                           R"({"id":-0,"sql":"x"})",
                           R"({"id":-1,"sql":"x"})",
                           R"({"id":1.5,"sql":"x"})",
                           R"({"id":1e3,"sql":"x"})",
                           R"({"id":1234567890123456,"sql":"x"})",
                           R"({"id":"\u0061","sql":"x"})",
                           R"({"id":1,"sql":"\u0061"})",
                           R"({"id":1,"sql":"\x"})",
                           R"({"id":1,"sql":"x)",
                           R"({"id":1,"sql":"x\)",
                           R"({"id":1,"sql":"x",})",
                           R"({,"sql":"x"})",
                           R"({"id":1 "sql":"x"})",
                           R"({"id":nul,"sql":"x"})",
                           R"({"id":nullx,"sql":"x"})",
                           R"({"id":[1],"sql":"x"})",
                           R"({"sql":"x","params":[]})",
                           "{\"sql\":\"a\nb\"}",
                           "{\"sql\":\"\xc3\xa9\"}",
                           "\xef\xbb\xbf{\"sql\":\"x\"}"}) {
    INFO(text);
    CHECK_FALSE(read_plain_line(text).has_value());
  }
}

TEST_CASE("batch lines: any change of a line is read alike or left") {
  const std::string line = R"({"id": "q-12", "sql": "SELECT \"a\" FROM t WHERE b = 'c\\n' -- x"})";
  const std::string bytes = "{}[]:,\"\\ \n0129ax/u-.e\x7f\x01\x80";
  std::mt19937 random(7);
  int takes = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text = line;
    for (unsigned change = 0; change <= random() % 3; ++change) {
      const std::size_t at = random() % text.size();
      const char byte = bytes[random() % bytes.size()];
      if (random() % 3 == 0)
        text.erase(at, 1 + random() % 3);
      else if (random() % 2 == 0)
        text.insert(at, 1, byte);
      else
        text[at] = byte;
      if (text.empty()) text = " ";
    }
    takes += taken(text);
  }
  CHECK(takes > 5'000);
}
