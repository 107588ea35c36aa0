// JSON text in a cell: what has to be hidden is, and all else stays as it was written.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "masking/masker.h"

using namespace libguard;
using namespace libguard::masking;

namespace {

Masker by_detectors() { return Masker(std::make_shared<Frame>(), builtin_detectors(), "label"); }

// A document of random shape with an e-mail address in some leaves and names.
Json random_document(std::mt19937& random, int depth) {
  auto word = [&] {
    const std::string mail = "u" + std::to_string(random() % 50) + "@x.com";
    constexpr std::array kPlain = {"", "a b", "\"q\"", "\\\\", "\u00e9\n", "{[", "x,y:z"};
    return random() % 3 == 0 ? mail : std::string(kPlain[random() % kPlain.size()]);
  };
  switch (random() % (depth > 4 ? 5 : 8)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random()) - 1'000'000'000;
    case 3:
      return static_cast<double>(random() % 1'000) / 8;
    case 4:
      return word();
    case 5: {
      Json list = Json::array();
      for (auto n = random() % 5; n > 0; --n) list.push_back(random_document(random, depth + 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (auto n = random() % 5; n > 0; --n) object[word()] = random_document(random, depth + 1);
      return object;
    }
  }
}

bool is_mail(const std::string& text) { return text.find('@') != std::string::npos; }

// Equal but for what had to be hidden; `members` of an object may have other names then.
bool same_but_hidden(const Json& before, const Json& after) {
  if (before.is_string() && is_mail(before.get<std::string>())) return after == "<EMAIL_ADDRESS>";
  if (before.is_number()) return before == after;
  if (before.type() != after.type() || before.size() != after.size()) return false;
  if (before.is_array()) return std::equal(before.begin(), before.end(), after.begin(), same_but_hidden);
  if (!before.is_object()) return before == after;
  std::vector<const Json*> hidden;
  for (const auto& [name, value] : before.items()) {
    if (is_mail(name))
      hidden.push_back(&value);
    else if (!after.contains(name) || !same_but_hidden(value, after[name]))
      return false;
  }
  std::size_t renamed = 0;
  for (const auto& [name, value] : after.items()) {
    if (!name.starts_with("<EMAIL_ADDRESS>")) continue;
    ++renamed;
    if (std::none_of(hidden.begin(), hidden.end(), [&](const Json* each) { return same_but_hidden(*each, value); }))
      return false;
  }
  return renamed == hidden.size();
}

}  // namespace

TEST_CASE("leaves, keys and numbers of JSON text; untouched when nothing is found") {
  Masker masker = by_detectors();
  const std::string clean = "{ \"b\":1,  \"a\": [1.10, \"x\"] }";
  CHECK(masker.scrub(clean) == clean);
  CHECK(masker.scrub(R"({"id":123456789,"order":"x"})") == R"({"id":123456789,"order":"x"})");
  CHECK(masker.scrub(R"({"e":["a\u0040b.co",{"x":1}]})") == R"({"e":["<EMAIL_ADDRESS>",{"x":1}]})");
  CHECK(masker.scrub(R"({"ann@x.com":1})") == R"({"<EMAIL_ADDRESS>":1})");
  CHECK(read_json(masker.scrub(R"({"ann@x.com":1,"bo@x.com":2})")).value->size() == 2);
  CHECK(masker.scrub(R"([4111111111111111])") == R"(["<CREDIT_CARD>"])");
  CHECK(masker.scrub(R"({"ssn":123456789})") == R"({"ssn":"<US_SSN>"})");
  CHECK(masker.scrub(R"({"ssn":"987654321"})") == R"({"ssn":"<US_SSN>"})");
  // What is not hidden stays as it was: digits, order, escapes that are needed.
  CHECK(
      masker.scrub(
          R"({"z":1.10, "big":123456789012345678901234567890, "e":"a@b.co", "a":[-0.0,1e3,true,null,""], "q":"\"\u00e9"})") ==
      R"({"z":1.10,"big":123456789012345678901234567890,"e":"<EMAIL_ADDRESS>","a":[-0.0,1e3,true,null,""],"q":"\"é"})");
  CHECK(masker.scrub(R"([{"card": 4111111111111111.0},{"n": 4.111111111111111e15},{"n":41111111111111110000000}])") ==
        R"([{"card":"<CREDIT_CARD>"},{"n":"<CREDIT_CARD>"},{"n":41111111111111110000000}])");
  CHECK(
      masker.scrub(R"({"ann@x.com":1,"<EMAIL_ADDRESS>":2,"bo@x.com":{"cy@x.com":3,"k":"v"},"<EMAIL_ADDRESS>#3":4})") ==
      R"({"<EMAIL_ADDRESS>#2":1,"<EMAIL_ADDRESS>":2,"<EMAIL_ADDRESS>#4":{"<EMAIL_ADDRESS>":3,"k":"v"},"<EMAIL_ADDRESS>#3":4})");
  CHECK(masker.scrub(R"({"ssn":{"of":[123456789]},"ssns":[[123456789]]})") ==
        R"({"ssn":{"of":[123456789]},"ssns":[["<US_SSN>"]]})");
  // Not JSON after all: plain text.
  CHECK(masker.scrub(R"({"e":"a@b.co",})") == R"({"e":"<EMAIL_ADDRESS>",})");
  CHECK(masker.scrub(R"({"e":"a@b.co","e":1})") == R"({"e":"<EMAIL_ADDRESS>","e":1})");
  std::string deep = std::string(100'000, '[') + "\"a@b.co\"" + std::string(100'000, ']');
  CHECK(masker.scrub(deep).find("a@b.co") == std::string::npos);
}

TEST_CASE("documents of any shape: what has to be hidden is, all else stays") {
  const Masker masker = by_detectors();
  std::mt19937 random(21);
  int hidden = 0;
  for (int round = 0; round < 2'000; ++round) {
    const Json before = random_document(random, 0);
    if (!before.is_structured()) continue;
    const std::string text = before.dump(round % 3 == 0 ? 2 : -1, ' ', round % 2 == 0);
    const std::string masked = masker.scrub(text);
    CAPTURE(text);
    CAPTURE(masked);
    CHECK(masked.find("@x.com") == std::string::npos);
    auto after = read_json(masked);
    REQUIRE(after.value);
    CHECK(same_but_hidden(before, *after.value));
    hidden += masked == text ? 0 : 1;
  }
  CHECK(hidden > 200);
}

TEST_CASE("a large object of names that must be hidden takes no square of their number") {
  std::string json = "{";
  for (int i = 0; i < 20'000; ++i)
    json += (i > 0 ? ",\"u" : "\"u") + std::to_string(i) + "@x.com\":" + std::to_string(i);
  const std::string masked = by_detectors().scrub(json + "}");
  auto read = read_json(masked);
  REQUIRE(read.value);
  CHECK(read.value->size() == 20'000);
  CHECK(masked.find("@x.com") == std::string::npos);
}
