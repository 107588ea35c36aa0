#include <doctest/doctest.h>

#include "base/limits.h"
#include "fixture.h"

using namespace libguard;
using namespace libguard::identity;
using namespace libguard::identity::test;

namespace {

// A reason may not show what the token holds.
void check_refused(const Authenticator& guard, const std::string& token, const std::string& holds = "support-crew") {
  Authenticated answer = guard.with_token(token);
  CHECK(!answer.identity);
  CHECK(answer.code.starts_with("identity."));
  CHECK(!answer.reason.empty());
  CHECK(answer.reason.find(holds) == std::string::npos);
}

std::string good_claims() {
  return dump(Json{{"iss", "libguard:local"},
                   {"aud", "libguard"},
                   {"sub", "support-crew"},
                   {"jti", "t-1"},
                   {"exp", kNow / kSecond + 900}});
}

}  // namespace

TEST_CASE("every single-byte change of a good token is refused") {
  Setup setup;
  Authenticator guard = setup.open();
  const std::string token = setup.token();
  REQUIRE(guard.with_token(token).identity);
  int accepted = 0;
  for (std::size_t at = 0; at < token.size(); ++at) {
    for (int change : {1, 2, 4, 8, 16, 32, 64, 128}) {
      std::string changed = token;
      changed[at] = static_cast<char>(changed[at] ^ change);
      if (guard.with_token(changed).identity) ++accepted;
    }
    std::string shorter = token;
    shorter.erase(at, 1);
    if (guard.with_token(shorter).identity) ++accepted;
    std::string longer = token;
    longer.insert(at, 1, 'A');
    if (guard.with_token(longer).identity) ++accepted;
    if (guard.with_token(token.substr(0, at)).identity) ++accepted;
  }
  CHECK(accepted == 0);
}

TEST_CASE("what is around or between the parts counts") {
  Setup setup;
  Authenticator guard = setup.open();
  const std::string token = setup.token();
  for (const std::string& bad :
       {" " + token, token + " ", token + "\n", token + "=", token + ".", "." + token, token + "." + token,
        "Bearer " + token, std::string(), std::string("."), std::string(".."), std::string("..."), std::string(1, '\0'),
        token + std::string(1, '\0'), std::string("\xff\xfe.\xff.\xff")}) {
    check_refused(guard, bad);
  }
  check_refused(guard, std::string(limits::kTokenBytesMax + 1, 'A'));
  check_refused(guard, std::string(4 * 1024 * 1024, '.'));
}

TEST_CASE("only EdDSA, only a known header") {
  Setup setup;
  Authenticator guard = setup.open();
  const std::string claims = good_claims();
  CHECK(guard.with_token(setup.signed_with_header(R"({"alg":"EdDSA"})", claims)).identity);
  CHECK(guard.with_token(setup.signed_with_header(R"({"typ":"JWT","alg":"EdDSA"})", claims)).identity);
  for (const char* header : {R"({})",
                             R"([])",
                             R"("EdDSA")",
                             R"({"alg":"none"})",
                             R"({"alg":"None"})",
                             R"({"alg":"HS256"})",
                             R"({"alg":"RS256"})",
                             R"({"alg":"eddsa"})",
                             R"({"alg":"EdDSA "})",
                             R"({"alg":["EdDSA"]})",
                             R"({"alg":null})",
                             R"({"alg":"EdDSA","alg":"EdDSA"})",
                             R"({"alg":"none","alg":"EdDSA"})",
                             R"({"alg":"EdDSA","crit":["exp"]})",
                             R"({"alg":"EdDSA","b64":false})",
                             R"({"alg":"EdDSA","zip":"DEF"})",
                             R"({"alg":"EdDSA","jwk":{}})",
                             R"({"alg":"EdDSA","jku":"https://x"})",
                             R"({"alg":"EdDSA","x5u":"https://x"})",
                             R"({"alg":"EdDSA","x5c":[]})",
                             R"({"alg":"EdDSA","x5t":"a"})",
                             R"({"alg":"EdDSA","typ":"at+jwt"})",
                             R"({"alg":"EdDSA","typ":1})",
                             R"({"alg":"EdDSA","kid":"other"})",
                             R"({"alg":"EdDSA","kid":7})",
                             R"({"alg":"EdDSA","kid":""})",
                             R"({"alg":"EdDSA"} )"
                             "x",
                             R"({"alg":"EdDSA",})",
                             "\xEF\xBB\xBF{\"alg\":\"EdDSA\"}",
                             "{\"alg\":\"EdDSA\",\"\xff\":1}"}) {
    CAPTURE(std::string(header));
    check_refused(guard, setup.signed_with_header(header, claims));
  }
}

TEST_CASE("HS256 with the public key as its secret is refused") {
  Setup setup;
  Authenticator guard = setup.open();
  std::string text = crypto::base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + crypto::base64url(good_claims());
  auto mac = crypto::hmac_sha256(crypto::ed25519_public(setup.seed()), text);
  check_refused(guard, text + "." + crypto::base64url({reinterpret_cast<const char*>(mac.data()), mac.size()}));
  check_refused(guard, text + ".");
}

TEST_CASE("claims must be there, of their type, and exact") {
  Setup setup;
  Authenticator guard = setup.open();
  const std::int64_t now = kNow / kSecond;
  REQUIRE(guard.with_token(setup.token({{"aud", {"other", "libguard"}}, {"jti", "t-2"}})).identity);
  REQUIRE(guard.with_token(setup.token({{"nbf", now + 60}, {"iat", now + 60}})).identity);
  for (const Json& change : std::vector<Json>{{{"iss", nullptr}},
                                              {{"iss", "libguard:local "}},
                                              {{"iss", {"libguard:local"}}},
                                              {{"iss", "libguard:people"}},
                                              {{"aud", nullptr}},
                                              {{"aud", "Libguard"}},
                                              {{"aud", Json::array()}},
                                              {{"aud", {"libguard", 1}}},
                                              {{"aud", {{"a", "libguard"}}}},
                                              {{"aud", "libguard libguard"}},
                                              {{"sub", nullptr}},
                                              {{"sub", ""}},
                                              {{"sub", 5}},
                                              {{"sub", std::string(2'000, 'a')}},
                                              {{"sub", "support\ncrew"}},
                                              {{"jti", nullptr}},
                                              {{"jti", ""}},
                                              {{"jti", 7}},
                                              {{"exp", nullptr}},
                                              {{"exp", "9999999999"}},
                                              {{"exp", 1'800'000'900.5}},
                                              {{"exp", true}},
                                              {{"exp", now}},
                                              {{"exp", now - 1}},
                                              {{"exp", -1}},
                                              {{"exp", INT64_MAX}},
                                              {{"exp", UINT64_MAX}},
                                              {{"exp", 253'402'300'800}},
                                              {{"nbf", now + 61}},
                                              {{"nbf", "0"}},
                                              {{"iat", now + 61}},
                                              {{"iat", 1.5}},
                                              {{"acts_for", ""}},
                                              {{"acts_for", 1}},
                                              {{"acts_for", {"mia"}}}}) {
    CAPTURE(change.dump());
    check_refused(guard, setup.token(change));
  }
}

TEST_CASE("claims that two readers would read differently are refused") {
  Setup setup;
  Authenticator guard = setup.open();
  const std::string good = good_claims();
  const std::string inside = good.substr(1);
  for (const std::string& bad :
       {"{\"sub\":\"admin\"," + inside, good + good, good + "\n{}", "[" + good + "]", "\"" + std::string("x") + "\"",
        "{\"x\":\"\xff\"," + inside, "{\"x\":NaN," + inside, "{'x':1," + inside, "/* */" + good,
        "{\"x\":" + std::string(200, '[') + std::string(200, ']') + "," + inside, std::string(), std::string("null")}) {
    check_refused(guard, setup.signed_text(bad));
  }
  CHECK(guard.with_token(setup.signed_text("{\"x\":[1]," + inside)).identity);
}

TEST_CASE("a chain of actors is bounded") {
  Setup setup;
  Authenticator guard = setup.open();
  auto chain = [](int length) {
    Json act{{"sub", "a"}};
    for (int i = 1; i < length; ++i) act = Json{{"sub", i == length - 1 ? "support-crew" : "a"}, {"act", act}};
    return act;
  };
  CHECK(guard.with_token(setup.token({{"sub", "u"}, {"act", chain(16)}})).identity);
  check_refused(guard, setup.token({{"sub", "u"}, {"act", chain(17)}}));
  check_refused(guard, setup.token({{"sub", "u"}, {"act", chain(60)}}));
}

TEST_CASE("the warm cache is bounded and never mixes tokens") {
  Setup setup;
  Authenticator guard = setup.open();
  for (int i = 0; i < 1'500; ++i) {
    auto answer = guard.with_token(setup.token({{"jti", "t-" + std::to_string(i)}}));
    REQUIRE(answer.identity);
    REQUIRE(answer.identity->credential_id == "t-" + std::to_string(i));
  }
  std::string token = setup.token({{"jti", "again"}});
  for (int i = 0; i < 3; ++i) CHECK(guard.with_token(token).identity->credential_id == "again");
}

TEST_CASE("a good token of an unbound subject is an unknown account") {
  Setup setup;
  Authenticator guard = setup.open();
  CHECK(guard.with_token(setup.token({{"sub", "stranger"}})).code == "identity.unknown_account");
}
