#include <doctest/doctest.h>

#include <algorithm>

#include "fixture.h"

using namespace libguard;
using namespace libguard::identity;
using namespace libguard::identity::test;

TEST_CASE("nobody is configured: nobody gets in") {
  auto clock = std::make_shared<ManualClock>(kNow);
  Authenticator nobody(IdentityConfig{}, clock, std::make_shared<CountingIds>());
  CHECK(!nobody.with_token("a.b.c").identity);
  CHECK(!nobody.with_key("lgk_a_0123456789012345678901234567890123456789012").identity);
  CHECK(nobody.with_account("support-crew").code == "identity.unknown_account");
}

TEST_CASE("a token of the local issuer is its account, verified") {
  Setup setup;
  Authenticator guard = setup.open();
  std::string token = guard.issue("support-crew", "", 900);
  Authenticated answer = guard.with_token(token);
  REQUIRE(answer.identity);
  CHECK(answer.code == "ok");
  CHECK(answer.identity->account == "support-crew");
  CHECK(answer.identity->provider == "local");
  CHECK(answer.identity->verified);
  CHECK(!answer.identity->human);
  CHECK(answer.identity->groups == std::vector<std::string>{"agents", "support"});
  CHECK(answer.identity->credential_id == "tok-000001");
  CHECK(answer.identity->expires_at_us == kNow + 900 * kSecond);
  CHECK(answer.identity->chain.empty());
}

TEST_CASE("expiry is strict, and a cached token is judged again on every hit") {
  Setup setup;
  Authenticator guard = setup.open();
  std::string token = guard.issue("support-crew", "", 900);
  auto identity = guard.with_token(token).identity;
  REQUIRE(identity);
  std::string why_not;
  CHECK(guard.still_valid(*identity, why_not));
  setup.clock->advance_us(899 * kSecond);
  CHECK(guard.with_token(token).identity);
  setup.clock->advance_us(kSecond);
  CHECK(guard.with_token(token).code == "identity.expired");
  CHECK(guard.with_token(token).code == "identity.expired");
  CHECK(!guard.still_valid(*identity, why_not));
  CHECK(why_not.find("expired") != std::string::npos);
}

TEST_CASE("a person's token comes from an issuer that the guard cannot use") {
  Setup setup;
  Authenticator guard = setup.open();
  std::string token = issue_with_key_file(setup.directory.file("people.key"), "libguard:people", "libguard",
                                          "dana@example.com", "", 900, kNow, "p-1");
  auto identity = guard.with_token(token).identity;
  REQUIRE(identity);
  CHECK(identity->human);
  CHECK(identity->account == "dana");
  CHECK(code_of([&] { (void)guard.issue("dana", "", 900); }) == "identity.cannot_mint");
  CHECK(guard.with_account("dana").code == "identity.person_needs_proof");
}

TEST_CASE("a person whom the process could mint is refused at start-up") {
  Setup setup;
  SUBCASE("provider with a private key") {
    setup.config.accounts[1].provider = "local";
    CHECK(code_of([&] { setup.open(); }) == "identity.mintable_person");
  }
  SUBCASE("a key of their own does not make the mintable provider safe") {
    setup.config.accounts[1].provider = "local";
    setup.config.accounts[1].keys = {{"k2", crypto::hex(crypto::sha256("x")), kNow, 0}};
    CHECK(code_of([&] { setup.open(); }) == "identity.mintable_person");
  }
  SUBCASE("public half of a private key that another provider holds") {
    setup.config.providers[1].public_key_path = setup.directory.file("local.pub");
    CHECK(code_of([&] { setup.open(); }) == "identity.mintable_person");
  }
  SUBCASE("neither key nor provider") {
    setup.config.accounts[1].provider = setup.config.accounts[1].subject = "";
    CHECK(code_of([&] { setup.open(); }) == "identity.mintable_person");
  }
  SUBCASE("marked local") {
    setup.config.accounts[1].local = true;
    CHECK(code_of([&] { setup.open(); }) == "identity.local_person");
  }
  SUBCASE("a wildcard is not a person") {
    setup.config.accounts[1].subject = "*";
    CHECK(code_of([&] { setup.open(); }) == "identity.wildcard_person");
  }
  SUBCASE("a static key alone is enough") {
    setup.config.accounts[1].provider = setup.config.accounts[1].subject = "";
    setup.config.accounts[1].keys = {{"k2", crypto::hex(crypto::sha256("x")), kNow, 0}};
    CHECK(code_of([&] { setup.open(); }).empty());
  }
}

TEST_CASE("configuration that is doubled, dangling or useless is refused with its path") {
  Setup setup;
  auto& accounts = setup.config.accounts;
  auto& providers = setup.config.providers;
  std::string expected;
  SUBCASE("doubled account") {
    accounts.push_back(accounts[2]);
    expected = "identity.doubled_account";
  }
  SUBCASE("doubled match") {
    accounts.push_back(accounts[0]);
    accounts.back().name = "other";
    expected = "identity.doubled_match";
  }
  SUBCASE("unknown provider") {
    accounts[0].provider = "nowhere";
    expected = "identity.unknown_provider";
  }
  SUBCASE("half a match") {
    accounts[0].subject = "";
    expected = "identity.incomplete_match";
  }
  SUBCASE("no name") {
    accounts[0].name = "";
    expected = "identity.account_name";
  }
  SUBCASE("doubled provider") {
    providers.push_back(providers[0]);
    expected = "identity.doubled_provider";
  }
  SUBCASE("doubled issuer") {
    providers[1].issuer = "libguard:local";
    expected = "identity.doubled_issuer";
  }
  SUBCASE("unknown kind") {
    providers[0].kind = "oidc";
    expected = "identity.provider_kind";
  }
  SUBCASE("reserved name") {
    providers[0].name = "key";
    expected = "identity.provider_names";
  }
  SUBCASE("both keys") {
    providers[0].public_key_path = providers[1].public_key_path;
    expected = "identity.provider_keys";
  }
  SUBCASE("no keys") {
    providers[0].key_path = "";
    expected = "identity.provider_keys";
  }
  SUBCASE("local without a private key") {
    accounts[0].provider = "people";
    expected = "identity.local_needs_key";
  }
  SUBCASE("doubled key id") {
    accounts[0].keys = accounts[2].keys;
    expected = "identity.doubled_key";
  }
  SUBCASE("not a hash") {
    accounts[2].keys[0].secret_sha256_hex = "abc";
    expected = "identity.malformed_key";
  }
  SUBCASE("three live keys") {
    for (const char* id : {"k2", "k3"}) accounts[2].keys.push_back({id, crypto::hex(crypto::sha256(id)), kNow, 0});
    expected = "identity.too_many_keys";
  }
  CHECK(code_of([&] { setup.open(); }) == expected);
}

TEST_CASE("account= is asserted, never verified, and only for local accounts") {
  Setup setup;
  Authenticator guard = setup.open();
  auto identity = guard.with_account("support-crew").identity;
  REQUIRE(identity);
  CHECK(!identity->verified);
  CHECK(identity->groups == std::vector<std::string>{"agents", "support"});
  CHECK(identity->warnings.size() == 1);
  std::string why_not;
  CHECK(guard.still_valid(*identity, why_not));
  CHECK(guard.with_account("reporter").code == "identity.not_local");
  CHECK(guard.with_account("dana").code == "identity.person_needs_proof");
  CHECK(guard.with_account("").code == "identity.unknown_account");
}

TEST_CASE("an asserted user is attached with the groups of the account it is bound to") {
  Setup setup;
  Authenticator guard = setup.open();
  auto identity = guard.with_account("support-crew").identity;
  REQUIRE(identity);
  SUBCASE("by subject") { guard.attach_asserted_user(*identity, "dana@example.com"); }
  SUBCASE("by name") { guard.attach_asserted_user(*identity, "dana"); }
  REQUIRE(identity->user);
  CHECK(identity->user->account == "dana");
  CHECK(identity->user->groups == std::vector<std::string>{"finance"});
  CHECK(!identity->user->verified);
  CHECK(identity->chain == std::vector<Hop>{{"user", identity->user->subject, false}});
  CHECK(code_of([&] { guard.attach_asserted_user(*identity, "mia"); }) == "identity.user");
}

TEST_CASE("an unknown or ambiguous user has no groups, and a bad one is refused") {
  Setup setup;
  AccountConfig twin = Setup::support();
  twin.name = "twin";
  twin.subject = "dana@example.com";
  setup.config.accounts.push_back(twin);
  Authenticator guard = setup.open();
  for (const char* name : {"mia@example.com", "dana@example.com"}) {
    auto identity = guard.with_account("support-crew").identity;
    REQUIRE(identity);
    guard.attach_asserted_user(*identity, name);
    CHECK(identity->user->account.empty());
    CHECK(identity->user->groups.empty());
  }
  auto identity = guard.with_account("support-crew").identity;
  for (const char* name : {"", "*", "a\nb", "\xff"}) {
    CHECK(code_of([&] { guard.attach_asserted_user(*identity, name); }) == "identity.user");
  }
}

TEST_CASE("acts_for in a token is a verified user that the process cannot replace") {
  Setup setup;
  Authenticator guard = setup.open();
  auto identity = guard.with_token(guard.issue("support-crew", "dana@example.com", 60)).identity;
  REQUIRE(identity);
  REQUIRE(identity->user);
  CHECK(identity->account == "support-crew");
  CHECK(identity->user->verified);
  CHECK(identity->user->account == "dana");
  CHECK(identity->chain == std::vector<Hop>{{"user", "dana@example.com", true}});
  CHECK(code_of([&] { guard.attach_asserted_user(*identity, "mia"); }) == "identity.user");
  guard.attach_asserted_user(*identity, "dana@example.com");
  CHECK(identity->user->verified);
}

TEST_CASE("RFC 8693: the outermost actor asks, sub is the user, nested actors are the chain") {
  Setup setup;
  Authenticator guard = setup.open();
  Json act{{"sub", "support-crew"}, {"act", {{"sub", "router"}, {"act", {{"sub", "front"}, {"kind", "crew"}}}}}};
  auto identity = guard.with_token(setup.token({{"sub", "dana@example.com"}, {"act", act}})).identity;
  REQUIRE(identity);
  CHECK(identity->account == "support-crew");
  CHECK(identity->user->account == "dana");
  CHECK(identity->chain ==
        std::vector<Hop>{{"user", "dana@example.com", true}, {"crew", "front", true}, {"agent", "router", true}});
  for (const Json& bad :
       {Json("support-crew"), Json::object(), Json{{"sub", 1}}, Json{{"sub", ""}}, Json{{"sub", "*"}},
        Json{{"sub", "support-crew"}, {"iss", "https://elsewhere"}}, Json{{"sub", "support-crew"}, {"kind", "god"}},
        Json{{"sub", "support-crew"}, {"act", nullptr}}}) {
    // merge_patch would drop the null of the last one, so the claims are written whole.
    Json claims{{"iss", "libguard:local"},    {"aud", "libguard"}, {"sub", "u"}, {"jti", "j"},
                {"exp", kNow / kSecond + 60}, {"act", bad}};
    CHECK(guard.with_token(setup.signed_text(dump(claims))).code == "identity.bad_token");
  }
  CHECK(guard.with_token(setup.token({{"acts_for", "mia"}, {"act", {{"sub", "support-crew"}}}})).code ==
        "identity.bad_token");
}

TEST_CASE("a wildcard account is second to an exact one, and warned about") {
  Setup setup;
  AccountConfig any = Setup::support();
  any.name = "any-crew";
  any.subject = "*";
  any.local = false;
  setup.config.accounts.push_back(any);
  Authenticator guard = setup.open();
  CHECK(guard.with_token(setup.token()).identity->account == "support-crew");
  CHECK(guard.with_token(setup.token()).identity->warnings.empty());
  auto identity = guard.with_token(setup.token({{"sub", "somebody"}})).identity;
  REQUIRE(identity);
  CHECK(identity->account == "any-crew");
  CHECK(identity->subject == "somebody");
  CHECK(identity->warnings.size() == 1);
  CHECK(!guard.with_token(setup.token({{"sub", "*"}})).identity);
  CHECK(code_of([&] { (void)guard.issue("any-crew", "", 60); }) == "identity.no_subject");
}

TEST_CASE("after a reload an identity stands only while its account and proof do") {
  Setup setup;
  Authenticator before = setup.open();
  auto token = before.with_token(setup.token()).identity;
  auto key = before.with_key(setup.key.key).identity;
  auto asserted = before.with_account("support-crew").identity;
  REQUIRE(token);
  REQUIRE(key);
  REQUIRE(asserted);
  auto& accounts = setup.config.accounts;
  bool token_stands = true;
  bool key_stands = true;
  bool asserted_stands = true;
  SUBCASE("nothing changed") {}
  SUBCASE("account gone") {
    accounts.erase(accounts.begin());
    token_stands = asserted_stands = false;
  }
  SUBCASE("groups changed") {
    accounts[0].groups = {"support"};
    token_stands = asserted_stands = false;
  }
  SUBCASE("no longer local") {
    accounts[0].local = false;
    asserted_stands = false;
  }
  SUBCASE("bound to another subject") {
    accounts[0].subject = "new";
    token_stands = false;
  }
  SUBCASE("key revoked") {
    accounts[2].keys[0].id = "k9";
    key_stands = false;
  }
  SUBCASE("key now expired") {
    accounts[2].keys[0].expires_at_us = kNow;
    key_stands = false;
  }
  Authenticator after = setup.open();
  std::string why_not;
  CHECK(after.still_valid(*token, why_not) == token_stands);
  CHECK(after.still_valid(*key, why_not) == key_stands);
  CHECK(after.still_valid(*asserted, why_not) == asserted_stands);
  CHECK(!after.still_valid(Identity{}, why_not));
}

TEST_CASE("issue gives short tokens for accounts of ours only") {
  Setup setup;
  Authenticator guard = setup.open();
  for (std::int64_t lifetime : {-1L, 0L, 901L, INT64_MAX}) {
    CHECK(code_of([&] { (void)guard.issue("support-crew", "", lifetime); }) == "identity.lifetime");
  }
  CHECK(code_of([&] { (void)guard.issue("nobody", "", 60); }) == "identity.unknown_account");
  CHECK(code_of([&] { (void)guard.issue("reporter", "", 60); }) == "identity.cannot_mint");
  CHECK(code_of([&] { (void)guard.issue("support-crew", "a\nb", 60); }) == "identity.user");
}
