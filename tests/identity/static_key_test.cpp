#include "identity/static_key.h"

#include <doctest/doctest.h>

#include "fixture.h"

using namespace libguard;
using namespace libguard::identity;
using namespace libguard::identity::test;

TEST_CASE("a new key is long, random, and only its hash is needed to check it") {
  NewKey a = make_key();
  NewKey b = make_key();
  CHECK(a.key != b.key);
  CHECK(a.id != b.id);
  auto parts = split_key(a.key);
  REQUIRE(parts);
  CHECK(parts->id == a.id);
  CHECK(parts->secret.size() == 43);
  CHECK(a.secret_sha256_hex.find(parts->secret) == std::string::npos);
  KeyConfig stored{a.id, a.secret_sha256_hex, kNow, 0};
  CHECK(secret_matches(parts->secret, &stored));
  CHECK(!secret_matches(split_key(b.key)->secret, &stored));
  CHECK(!secret_matches(parts->secret, nullptr));
}

TEST_CASE("with_key answers the same for a malformed, an unknown and a wrong key") {
  Setup setup;
  Authenticator guard = setup.open();
  auto good = guard.with_key(setup.key.key);
  REQUIRE(good.identity);
  CHECK(good.identity->account == "reporter");
  CHECK(good.identity->provider == "key");
  CHECK(good.identity->verified);
  CHECK(good.identity->credential_id == setup.key.id);
  CHECK(good.identity->warnings.empty());
  std::string wrong = setup.key.key;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  const std::string reason = guard.with_key(wrong).reason;
  for (const std::string& key :
       {std::string(), std::string("lgk_"), std::string("lgk__"), wrong, make_key().key, "lgk_" + setup.key.id + "_",
        setup.key.key + "\n", " " + setup.key.key, "LGK" + setup.key.key.substr(3),
        setup.key.key.substr(0, setup.key.key.size() - 1), std::string(1'000'000, 'a'),
        "lgk_" + setup.key.id + "_" + setup.key.secret_sha256_hex, std::string("lgk_\xff_\xff")}) {
    auto answer = guard.with_key(key);
    CHECK(!answer.identity);
    CHECK(answer.code == "identity.bad_key");
    CHECK(answer.reason == reason);
  }
}

TEST_CASE("every single-character change of a key is refused") {
  Setup setup;
  Authenticator guard = setup.open();
  for (std::size_t at = 0; at < setup.key.key.size(); ++at) {
    std::string changed = setup.key.key;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    CHECK(!guard.with_key(changed).identity);
  }
}

TEST_CASE("keys age, expire and rotate") {
  Setup setup;
  NewKey next = make_key();
  auto& keys = setup.config.accounts[2].keys;
  keys[0].created_at_us = kNow - 91 * kDay;
  keys[0].expires_at_us = kNow + 10 * kDay;
  keys.push_back({next.id, next.secret_sha256_hex, 0, 0});
  Authenticator guard = setup.open();
  auto old = guard.with_key(setup.key.key).identity;
  REQUIRE(old);
  REQUIRE(old->warnings.size() == 1);
  CHECK(old->warnings[0].find("91 days old") != std::string::npos);
  auto fresh = guard.with_key(next.key).identity;
  REQUIRE(fresh);
  CHECK(fresh->warnings.size() == 2);
  CHECK(fresh->expires_at_us == 0);
  setup.clock->advance_us(5 * kDay);
  CHECK(guard.with_key(setup.key.key).identity->warnings.size() == 2);
  setup.clock->advance_us(5 * kDay);
  CHECK(guard.with_key(setup.key.key).code == "identity.expired");
  CHECK(guard.with_key(next.key).identity);
  std::string why_not;
  CHECK(!guard.still_valid(*old, why_not));
  CHECK(guard.still_valid(*fresh, why_not));
}
