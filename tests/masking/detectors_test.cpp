// What each detector finds and leaves: general rules, each with its opposite.
#include <doctest/doctest.h>

#include <chrono>

#include "base/crypto.h"
#include "masking/detectors/detectors.h"
#include "masking/scan.h"

using namespace libguard;
using namespace libguard::masking;

namespace {

std::vector<std::string> found(const std::string& text) {
  static const Detectors kDetectors = builtin_detectors();
  std::vector<Span> spans;
  scan(text, kDetectors, spans);
  std::vector<std::string> out;
  for (const Span& span : spans) out.push_back(text.substr(span.start, span.end - span.start));
  return out;
}

void finds(const std::string& text, const std::string& value) {
  CAPTURE(text);
  CHECK(found(text) == std::vector<std::string>{value});
}
void finds(const std::string& text) { finds(text, text); }
void leaves(const std::string& text) {
  CAPTURE(text);
  CHECK(found(text).empty());
}

std::string jwt(const std::string& header, const std::string& payload) {
  return crypto::base64url(header) + "." + crypto::base64url(payload);
}

}  // namespace

TEST_CASE("e-mail addresses as people write them") {
  for (const char* text :
       {"a@b.co", "john.doe+tag@company.co.uk", "o'brien@example.com", "JANE@EXAMPLE.ORG", "x_y-z@sub.domain.museum",
        "1234567@qq.com", "me@163.com", "josé@münchen.de", "用户@例子.中国", "a@xn--d1acufc.xn--p1ai", "иван@почта.рф",
        "\"john doe\"@example.com", "root@[192.168.0.1]", "john%40example.com", "bounce+ann=example.com@lists.org"}) {
    finds(text);
  }
  finds("<a@b.co>", "a@b.co");
  finds("mailto:a@b.co?subject=x", "a@b.co");
  finds("email=alice@example.com&x=1", "alice@example.com");
  finds("**ann@example.com**", "ann@example.com");
  finds("See ann@example.com.", "ann@example.com");
  finds("ann@example.com, and", "ann@example.com");
  finds("联系ann@example.com吧", "ann@example.com");
  finds("ann@example.com是我", "ann@example.com");
  finds("postgres://u:secret@db.example.com/x", "secret@db.example.com");
  finds(R"({"e":"a\u0040b.co"})", R"(a\u0040b.co)");
  finds(R"(line\nann@example.com)", R"(nann@example.com)");
  CHECK(found("a@b.co,b@c.io;c@d.net").size() == 3);
  CHECK(found("john@acme.com123-45-6789") == std::vector<std::string>{"john@acme.com", "123-45-6789"});
  for (const char* text : {"", "@", "a@", "@b.com", "a@b", "a@b.", "a@.com", "a @b.com", "info@presidio.",
                           "lodash@4.17.21", "react@18.2", "icon@2x.png", "https://example.com/@user/profile",
                           "/[a-z]+@[a-z]+/", "uses: actions/checkout@v4", "x@-y.com", "50%40 off"}) {
    leaves(text);
  }
}

TEST_CASE("payment cards of every network and grouping") {
  for (const char* text : {"4111111111111111",          "4222222222222",
                           "4111 1111 1111 1111",       "4111-1111-1111-1111",
                           "4111.1111.1111.1111",       "5555555555554444",
                           "2223003122003222",          "378282246310005",
                           "3782-822463-10005",         "30569309025904",
                           "3056 930902 5904",          "6011111111111117",
                           "3530111333300000",          "122000000000003",
                           "6200000000000005",          "41111111 11111111",
                           "4111 - 1111 - 1111 - 1111", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
                           "6304000000000000",          "5019717010103742"}) {
    finds(text);
  }
  finds("card:4111111111111111.", "4111111111111111");
  finds("Card4111111111111111x", "4111111111111111");
  finds("%B4111111111111111^DOE/J^2512", "4111111111111111");
  finds("4111111111111111.00", "4111111111111111");
  finds("0000 4111 1111 1111 1111", "4111 1111 1111 1111");
  finds("４１１１１１１１１１１１１１１１");
  finds("4111\u00a01111\u20111111\u20131111");
  finds("4111\u200b1111\u200b1111\u200b1111");
  finds("٤١١١١١١١١١١١١١١١");
  CHECK(found("4012888888881881 4012-8888-8888-1881 4012 8888 8888 1881").size() == 3);
  for (const char* text : {"4111111111111112", "1748503543012", "1700000000000000", "1234567890123456",
                           "411111111111111", "41111111111111111111", "0.4111111111111111", "9111111111111111",
                           "2026-11-24 10:14:02.113456", "4111,1111,1111,1111", "d41d8cd98f004111111111111111f8427e",
                           "550e8400-e29b-41d4-a716-446655440000", "978-3-16-148410-0"}) {
    leaves(text);
  }
}

TEST_CASE("US social security numbers") {
  for (const char* text : {"078-05-1123", "078 05 1123", "078.05.1123", "987-65-4321", "078051121", "123-45-6789",
                           "123 - 45 - 6789", "123–45–6789"})
    finds(text);
  finds("SSN:123-45-6789;DOB", "123-45-6789");
  finds("x123-45-6789x", "123-45-6789");
  finds("my social security number is 987654321", "987654321");
  finds("tax id 912345678", "912345678");
  finds("ssn 12345-6789", "12345-6789");
  finds("order 12, ssn 219091234", "219091234");
  for (const char* text :
       {"000-12-3456", "666-12-3456",     "123-00-4567",        "123-45-0000",   "078-05-1120", "693-09.4444",
        "123-45-678",  "123-45-67890",    "1123-45-6789",       "000000000",     "111111111",   "987654321",
        "94105-1234",  "order 123456789", "orderId: 123456789", "DE 123456789",  "A123456789",  "$123456789",
        "123456789.5", "1.123.45.6789",   "2020-01-01",         "(555) 123-4567"}) {
    leaves(text);
  }
}

TEST_CASE("names that say what a number is") {
  for (const char* name : {"ssn", "SSN", "customer_ssn", "social_security_number", "tax_id"}) CHECK(names_ssn(name));
  for (const char* name : {"", "id", "session", "number"}) CHECK(!names_ssn(name));
}

TEST_CASE("tokens: signed, unsigned, encrypted") {
  const std::string header = R"({"alg":"HS256","typ":"JWT"})";
  const std::string token = jwt(header, R"({"sub":"ann"})") + ".c2lnbmF0dXJl";
  finds(token);
  finds("Bearer " + token + ", and more", token);
  finds("token_" + token, token);
  finds("jwt." + token, token);
  finds("?access_token=" + token + "&x=1", token);
  finds(jwt(header, R"({"sub":"ann"})"));
  finds(jwt("{ \"typ\": \"JWT\",\n \"alg\":\"none\"}", R"({"sub":"ann"})") + ".",
        jwt("{ \"typ\": \"JWT\",\n \"alg\":\"none\"}", R"({"sub":"ann"})"));
  finds(jwt(R"({"alg":"dir","enc":"A256GCM"})", "") + ".aaaa.bbbbbbbb.cccc");
  finds(jwt(R"({"alg":"RSA-OAEP","enc":"A256GCM"})", "key") + ".aaaa.bbbbbbbb.cccc");
  finds(jwt(R"({"alg":"HS256","alg":"none"})", "x"));
  for (const std::string& text :
       {std::string("eyJhbGciOiJIUzI1NiJ9"), jwt(R"({"typ":"JWT"})", R"({"sub":"ann"})"),
        std::string("www.example.com/a.b.c-d_e"), std::string("eyes.wide.shut.and.eyewitness.news.at.ten"),
        jwt("not json, alg", "x")}) {
    leaves(text);
  }
}

TEST_CASE("time is linear in the text, whatever it is made of") {
  const std::size_t size = 400'000;
  auto repeated = [&](const std::string& unit) {
    std::string text;
    while (text.size() < size) text += unit;
    return text;
  };
  for (const char* unit : {"@",    "a@",           "a",          "a@a.", "=",    "a=",  "=@",
                           "%40",  "a%40b.",       "\"",         "\"@",  "1",    "4 ",  "4111 ",
                           "1-",   "123-45-",      "123456789 ", "eyJ",  "eyJ.", "ey.", "ew",
                           "\xff", "\xe2\x80\x8b", "\\u0040",    "\\",   "é",    "用",  "a.",
                           ".",    "4111.",        "{",          "[",    "a1",   "ssn "}) {
    CAPTURE(std::string(unit));
    std::string text = repeated(unit);
    auto from = std::chrono::steady_clock::now();
    (void)found(text);
    CHECK(std::chrono::steady_clock::now() - from < std::chrono::seconds(2));
  }
}
