// guard.yaml: every error names file, line and path; what can never apply is refused.

#include <doctest/doctest.h>

#include "guard/config.h"
#include "guard/shop.h"

using namespace libguard;
using libguard::test::Shop;

namespace {

std::string why_refused(const Shop& shop) {
  try {
    (void)Guard::check(shop.config());
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::configuration);
    return error.what();
  }
  return "";
}

std::string with(const std::string& from, const std::string& to) {
  Shop shop;
  shop.replace("guard.yaml", from, to);
  return why_refused(shop);
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  bool found = text.find(part) != std::string::npos;
  CHECK_MESSAGE(found, part);
  return found;
}

}  // namespace

TEST_CASE("the working set is accepted") {
  Shop shop;
  CHECK(why_refused(shop).empty());
}

TEST_CASE("errors name file, line and path") {
  says(with("driver: sqlite", "driver: oracle"), "guard.yaml:11: connections.shop.driver: unknown driver");
  says(with("driver: sqlite", "drivr: sqlite"), "connections.shop.driver");
  says(with("wait_s: 0", "wait_ms: 0"), "approvals.wait_ms: unknown key; did you mean \"wait_s\"?");
  says(with("version: 1", "version: 2"), "guard.yaml:1: version");
  says(with("responses: masked", "responses: raw"), "audit.responses");
}

TEST_CASE("duplicates, unknown references and rules that never apply are refused") {
  says(with("  shop: {", "  shop: { driver: sqlite, path: a.db }\n  shop: {"),
       "connections.shop: this key occurs twice");
  says(with("columns: [shop/main.customers.email]", "columns: [stock/main.customers.email]"),
       "no connection is called \"stock\"");
  says(with("columns: [shop/main.customers.email]", "columns: []"), "protects nothing");
  says(with("\"policies/*.cedar\"", "\"policy/*.cedar\""), "names no file");
  says(with("provider: local, subject: support-crew", "provider: lokal, subject: support-crew"),
       "no provider has this name");
  says(with("show: label", "show: token"), "data.pii.email.show");
  says(with("{ kind: local, key: keys/issuer.ed25519 }", "{ kind: oidc, key: x }"), "oidc and saml are not in it yet");
}

TEST_CASE("a class or fact on a column that is not in the database is refused at start-up") {
  Shop shop;
  shop.replace("guard.yaml", "shop/main.customers.email", "shop/main.customers.mail");
  try {
    (void)Guard::open(shop.config());
    FAIL("opened");
  } catch (const Error& error) {
    CHECK(error.code() == "config.unknown_column");
  }
}

TEST_CASE("a person whose token the guard could mint is refused") {
  says(with("public_key: keys/people.pub", "key: keys/people.ed25519"), "dana");
}

TEST_CASE("malformed, huge, deep, aliased and non-UTF-8 files are refused with a sentence") {
  Shop shop;
  const std::vector<std::string> bad = {"",
                                        "\xff\xfe",
                                        "a: b: c",
                                        "- 1\n- 2\n",
                                        "version: 1\n---\nversion: 1\n",
                                        "version: &a 1\nconnections: *a\n",
                                        "version: !!python/object 1\n",
                                        std::string(2'000'000, 'x'),
                                        "version: " + std::string(100'000, '['),
                                        std::string(200'000, '{'),
                                        std::string("version: 1\0", 11),
                                        "version: 1\nidentity: 3\n",
                                        "? [a]\n: b\n"};
  for (const std::string& text : bad) {
    shop.write("guard.yaml", text);
    CAPTURE(text.substr(0, 40));
    CHECK_FALSE(why_refused(shop).empty());
  }
  CHECK_THROWS_AS((void)Guard::check(shop.path("none.yaml")), Error);
  CHECK_THROWS_AS((void)Guard::check(shop.path("policies")), Error);
}

TEST_CASE("every prefix and every doubled line of a good file is refused or accepted, never worse") {
  Shop shop;
  const std::string good = shop.read("guard.yaml");
  for (std::size_t cut = 0; cut < good.size(); cut += 7) {
    shop.write("guard.yaml", good.substr(0, cut));
    try {
      (void)Guard::check(shop.config());
    } catch (const Error& error) {
      CHECK(std::string(error.what()).size() > 10);
    }
  }
}
