#include "identity/key_file.h"

#include <doctest/doctest.h>

#include <fstream>

#include "fixture.h"

using namespace libguard;
using namespace libguard::identity;
using namespace libguard::identity::test;

namespace {

// RFC 8032 section 7.1, test 1, and the same key as PEM (`openssl pkey`).
constexpr const char* kSeedHex = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr const char* kPublicHex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
constexpr const char* kPem =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE "
    "KEY-----\n";
constexpr const char* kPublicPem =
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC "
    "KEY-----\n";

mode_t mode_of(const std::string& path) {
  struct stat info {};
  ::stat(path.c_str(), &info);
  return info.st_mode & 07777;
}

}  // namespace

TEST_CASE("a new issuer key is private, whole, and never overwrites") {
  Directory directory;
  std::string key = directory.file("k");
  std::string pub = directory.file("p");
  write_issuer_key(key, pub);
  CHECK(mode_of(key) == 0600);
  CHECK(mode_of(pub) == 0644);
  Seed seed = read_seed(key);
  CHECK(read_public_keys(pub) == std::vector<std::string>{crypto::ed25519_public(seed.bytes())});
  CHECK(code_of([&] { write_issuer_key(key, directory.file("p2")); }) == "identity.key_file_exists");
  CHECK(code_of([&] { write_issuer_key(directory.file("k2"), pub); }) == "identity.key_file_exists");
  CHECK(!std::filesystem::exists(directory.file("k2")));
  CHECK(!std::filesystem::exists(directory.file("p2")));
  CHECK(read_seed(key).bytes() == seed.bytes());
  CHECK(code_of([&] { write_issuer_key(directory.file("no/k"), directory.file("no/p")); }) ==
        "identity.key_file_unwritable");
  ::symlink(directory.file("elsewhere").c_str(), directory.file("link").c_str());
  CHECK(code_of([&] { write_issuer_key(directory.file("link"), directory.file("p3")); }) == "identity.key_file_exists");
}

TEST_CASE("hex and PEM are the same key") {
  Directory directory;
  CHECK(crypto::hex(read_seed(directory.write("a", std::string(kSeedHex) + "\n", 0600)).bytes()) == kSeedHex);
  CHECK(crypto::hex(read_seed(directory.write("b", kPem, 0400)).bytes()) == kSeedHex);
  CHECK(crypto::hex(read_public_keys(directory.write("c", kPublicHex, 0644)).at(0)) == kPublicHex);
  CHECK(crypto::hex(read_public_keys(directory.write("d", kPublicPem, 0644)).at(0)) == kPublicHex);
  std::string two = std::string(kPublicHex) + "\n\n" + crypto::hex(crypto::ed25519_generate().public_key) + "\n";
  CHECK(read_public_keys(directory.write("e", two, 0644)).size() == 2);
}

TEST_CASE("a key file that others can reach is refused") {
  Directory directory;
  for (mode_t mode : {0644U, 0640U, 0660U, 0604U, 0601U, 0777U}) {
    CHECK(code_of([&] { (void)read_seed(directory.write("s", kSeedHex, mode)); }) == "identity.unsafe_key_file");
  }
  for (mode_t mode : {0666U, 0664U, 0646U}) {
    CHECK(code_of([&] { (void)read_public_keys(directory.write("p", kPublicHex, mode)); }) ==
          "identity.unsafe_key_file");
  }
  if (::geteuid() == 0) {
    std::string foreign = directory.write("f", kSeedHex, 0600);
    REQUIRE(::chown(foreign.c_str(), 65'534, 65'534) == 0);
    CHECK(code_of([&] { (void)read_seed(foreign); }) == "identity.unsafe_key_file");
  }
}

TEST_CASE("what is not a key file is refused, and never waited for") {
  Directory directory;
  CHECK(code_of([&] { (void)read_seed(directory.file("absent")); }) == "identity.missing_key_file");
  CHECK(code_of([&] { (void)read_seed(""); }) == "identity.missing_key_file");
  CHECK(code_of([&] { (void)read_seed(directory.file("")); }) == "identity.unsafe_key_file");
  ::mkfifo(directory.file("fifo").c_str(), 0600);
  CHECK(code_of([&] { (void)read_seed(directory.file("fifo")); }) == "identity.unsafe_key_file");
  const std::string hex = kSeedHex;
  for (const std::string& bad : {std::string(), hex.substr(1), hex + "00", "zz" + hex.substr(2),
                                 std::string(64, '\xff'), std::string("-----BEGIN PRIVATE KEY-----"),
                                 std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
                                 std::string(kPublicPem), std::string(1'000'000, 'a'), std::string(32, '\0')}) {
    std::string sentence;
    try {
      (void)read_seed(directory.write("bad", bad, 0600));
    } catch (const Error& error) {
      CHECK(error.code() == "identity.malformed_key");
      sentence = error.what();
    }
    CHECK(!sentence.empty());
    CHECK(sentence.find(hex.substr(4, 12)) == std::string::npos);
    if (bad == kPublicPem) continue;
    CHECK(code_of([&] { (void)read_public_keys(directory.write("badp", bad + "x", 0644)); }) ==
          "identity.malformed_key");
  }
}

TEST_CASE("a provider with several public keys needs the token to name one") {
  Setup setup;
  std::string other = crypto::hex(crypto::ed25519_generate().public_key);
  std::string own = crypto::hex(crypto::ed25519_public(setup.seed()));
  setup.config.providers[0].key_path = "";
  setup.config.providers[0].public_key_path = setup.directory.write("two", other + "\n" + own + "\n", 0644);
  setup.config.accounts[0].local = false;
  Authenticator guard = setup.open();
  CHECK(guard.with_token(setup.token()).identity);
  std::string claims = R"({"iss":"libguard:local","aud":"libguard","sub":"support-crew","jti":"j","exp":1800000900})";
  CHECK(guard.with_token(setup.signed_with_header(R"({"alg":"EdDSA"})", claims)).code == "identity.bad_token");
  std::string wrong = R"({"alg":"EdDSA","kid":")" + thumbprint(crypto::from_hex(other).value()) + R"("})";
  CHECK(guard.with_token(setup.signed_with_header(wrong, claims)).code == "identity.bad_token");
}

TEST_CASE("issue_with_key_file checks what it signs") {
  Setup setup;
  std::string key = setup.directory.file("people.key");
  auto issue = [&](const std::string& subject, const std::string& acts_for, std::int64_t lifetime) {
    return code_of([&] { (void)issue_with_key_file(key, "i", "a", subject, acts_for, lifetime, kNow, "t"); });
  };
  CHECK(issue("dana", "", 900).empty());
  CHECK(issue("", "", 900) == "identity.token_names");
  CHECK(issue("*", "", 900) == "identity.token_names");
  CHECK(issue("dana", "\x01", 900) == "identity.user");
  CHECK(issue("dana", "", 0) == "identity.lifetime");
  CHECK(issue("dana", "", 86'401) == "identity.lifetime");
}
