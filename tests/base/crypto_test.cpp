#include <doctest/doctest.h>

#include <map>

#include "base/crypto.h"

namespace libguard::crypto {
namespace {

std::string raw(std::string_view hex_text) { return *from_hex(hex_text); }

TEST_CASE("crypto: known answers") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, case 2.
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // RFC 4231, cases 6 and 1: a key longer than a block, and another key after it.
  CHECK(hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  // RFC 8032, section 7.1, test 2.
  std::string seed = raw("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  CHECK(hex(ed25519_public(seed)) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  CHECK(hex(ed25519_sign(seed, "\x72")) ==
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
        "eeb00d291612bb0c00");
}

TEST_CASE("crypto: a signature holds for its message and key only") {
  Ed25519Pair pair = ed25519_generate();
  std::string signature = ed25519_sign(pair.seed, "message");
  CHECK(ed25519_verify(pair.public_key, "message", signature));
  CHECK_FALSE(ed25519_verify(pair.public_key, "messagE", signature));
  CHECK_FALSE(ed25519_verify(ed25519_generate().public_key, "message", signature));
  for (std::size_t i : {0U, 31U, 32U, 63U}) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(ed25519_verify(pair.public_key, "message", changed));
  }
  CHECK_FALSE(ed25519_verify("", "message", signature));
  CHECK_FALSE(ed25519_verify(pair.public_key, "message", ""));
  CHECK_FALSE(ed25519_verify(std::string(32, '\0'), "message", std::string(64, '\0')));
}

TEST_CASE("crypto: base64url is canonical") {
  for (std::string_view bytes : {std::string_view(""), std::string_view("f"), std::string_view("fo"),
                                 std::string_view("foo"), std::string_view("\xff\xfe\0", 3)}) {
    CHECK(from_base64url(base64url(bytes)) == std::string(bytes));
    CHECK(from_base64(base64(bytes)) == std::string(bytes));
  }
  CHECK(base64url("\xfb\xff") == "-_8");
  CHECK(base64("fo") == "Zm8=");
  for (const char* text : {"Zm8=", "Zm9", "Zh", "Z", "Zm8\n", "Zm 8", "+/8", "Zm8é"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(from_base64url(text).has_value());
  }
  for (const char* text : {"Zm8", "Zm9=", "Zh==", "Z===", "====", "Zm8=Zm8=", "-_8=",
                           "Zg=="
                           "x"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(from_base64(text).has_value());
  }
  CHECK_FALSE(from_hex("0").has_value());
  CHECK_FALSE(from_hex("0G").has_value());
  CHECK_FALSE(from_hex("AB").has_value());  // one spelling only
}

TEST_CASE("crypto: no two lists of fields hash alike") {
  auto of = [](std::initializer_list<std::string_view> fields) {
    FieldHash hash;
    for (std::string_view field : fields) hash.field(field);
    return hex(hash.finish());
  };
  std::map<std::string, int> seen;
  for (const auto& list : {std::initializer_list<std::string_view>{},
                           {""},
                           {"", ""},
                           {"ab"},
                           {"a", "b"},
                           {"", "ab"},
                           {"ab", ""},
                           {"a", "", "b"}})
    ++seen[of(list)];
  CHECK(seen.size() == 8);
  CHECK(of({"7"}) == hex(FieldHash().field(std::int64_t{7}).finish()));
}

TEST_CASE("crypto: comparison and chance") {
  CHECK(equal("abc", "abc"));
  CHECK_FALSE(equal("abc", "abd"));
  CHECK_FALSE(equal("abc", "ab"));
  CHECK(random_bytes(32).size() == 32);
  CHECK(random_bytes(32) != random_bytes(32));
}

}  // namespace
}  // namespace libguard::crypto
