// The signature layer against published vectors. What this verifier supports (Ed25519) must agree; everything else
// must be refused, valid or not.
#include <doctest/doctest.h>

#include <fstream>

#include "base/crypto.h"
#include "base/json.h"
#include "identity/jws.h"
#include "support/figures.h"

using namespace libguard;
using namespace libguard::identity;

namespace {

std::vector<Json> rows_of(const std::string& name) {
  std::ifstream in(std::string(LIBGUARD_SOURCE_DIR) + "/../shared/oracles/identity/" + name);
  std::vector<Json> rows;
  for (std::string line; std::getline(in, line);) {
    auto json = read_json(line);
    if (json.value) rows.push_back(std::move(*json.value));
  }
  if (rows.empty()) MESSAGE("skipped: no oracle file ", name);
  return rows;
}

bool is_ed25519(const Json& key) {
  return key.is_object() && key.value("kty", "") == "OKP" && key.value("crv", "") == "Ed25519" && key.contains("x");
}

// The Ed25519 keys of a JWK or JWK set; other keys count for nothing, which is what the configuration says of them.
std::vector<VerifyKey> keys_of(const Json& jwk) {
  std::vector<VerifyKey> keys;
  Json list = jwk.is_object() && jwk.contains("keys") ? jwk["keys"] : Json::array({jwk});
  for (const Json& key : list) {
    if (!is_ed25519(key)) continue;
    auto raw = crypto::from_base64url(key["x"].get<std::string>());
    if (raw) keys.push_back({key.value("kid", ""), *raw});
  }
  // Against a wrong key everything must fail; an unrelated one stands in for "some key is configured".
  if (keys.empty()) keys.push_back({"", crypto::ed25519_public(std::string(32, 's'))});
  return keys;
}

void check_tokens(const std::string& name) {
  int wrong = 0;
  int accepted = 0;
  auto rows = rows_of(name);
  for (const Json& row : rows) {
    std::string why_not;
    // A token in the JSON serialisation is a string's worth of JSON here: only the compact form exists for us.
    std::string token = row["token"].is_string() ? row["token"].get<std::string>() : dump(row["token"]);
    bool got = verified_payload(token, keys_of(row["key"]), why_not).has_value();
    bool want = is_ed25519(row["key"]) && row["expect"] != "reject";
    if (got != want) {
      ++wrong;
      MESSAGE("disagrees: ", row["id"].get<std::string>(), " ", why_not);
    }
    accepted += got ? 1 : 0;
    CHECK(got == why_not.empty());
  }
  CHECK(wrong == 0);
  if (!rows.empty())
    test::figure(std::string("tokens judged otherwise: ") + name, test::share(wrong, rows.size()), "0");
  MESSAGE(name, ": ", rows.size(), " rows, ", accepted, " accepted, ", wrong, " wrong");
}

}  // namespace

TEST_CASE("RFC and Wycheproof tokens") {
  check_tokens("rfc_examples.jsonl");
  check_tokens("wycheproof_json_web_signature.jsonl");
  check_tokens("wycheproof_json_web_crypto.jsonl");
  check_tokens("wycheproof_json_web_key.jsonl");
}

TEST_CASE("Wycheproof Ed25519 primitives") {
  int rows = 0;
  int wrong = 0;
  for (const Json& row : rows_of("wycheproof_primitives.jsonl")) {
    if (row["alg"] != "EdDSA" || !is_ed25519(row["jwk"])) continue;
    ++rows;
    auto key = crypto::from_base64url(row["jwk"]["x"].get<std::string>());
    auto message = crypto::from_hex(row["msg_hex"].get<std::string>());
    auto signature = crypto::from_hex(row["sig_hex"].get<std::string>());
    bool got = key && message && signature && crypto::ed25519_verify(*key, *message, *signature);
    if (got != (row["expect"] == "accept")) {
      ++wrong;
      MESSAGE("disagrees: ", row["id"].get<std::string>());
    }
  }
  CHECK(wrong == 0);
  if (rows > 0) test::figure("EdDSA primitives judged otherwise", test::share(wrong, rows), "0");
  MESSAGE("EdDSA primitives: ", rows, " rows, ", wrong, " wrong");
}
