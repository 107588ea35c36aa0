// The contract of every identity provider kind: runs over each row of the built-in table. A new kind adds a way to
// make one here, and nothing else.
#include <doctest/doctest.h>

#include "fixture.h"
#include "identity/provider.h"

using namespace libguard;
using namespace libguard::identity;
using namespace libguard::identity::test;

namespace {

ProviderConfig config_for(const std::string& kind, const Setup& setup) {
  if (kind == "local") return setup.local();
  FAIL("the contract suite does not know how to make a provider of kind ", kind);
  return {};
}

}  // namespace

TEST_CASE("every provider kind keeps the verifier contract") {
  for (const ProviderKind& row : builtin_providers()) {
    CAPTURE(std::string(row.kind));
    Setup setup;
    Provider provider = make_provider(config_for(std::string(row.kind), setup));
    const Verifier& verifier = *provider.verifier;
    CHECK(!verifier.issuer().empty());
    std::string why_not;
    auto claims = verifier.verify(setup.token(), kNow, why_not);
    REQUIRE(claims);
    CHECK(claims->issuer == verifier.issuer());
    CHECK(claims->subject == "support-crew");
    CHECK(!claims->id.empty());
    CHECK(claims->expires_at_us > kNow);
    CHECK(!verifier.verify(setup.token(), claims->expires_at_us, why_not));
    for (const std::string& bad : {std::string(), std::string("."), std::string(".."), std::string(100'000, 'e'),
                                   std::string("\xff.\xff.\xff"), setup.token() + "A", setup.token({{"iss", "x"}})}) {
      why_not.clear();
      CHECK(!verifier.verify(bad, kNow, why_not));
      CHECK(!why_not.empty());
      if (!bad.empty() && bad != "." && bad != "..") CHECK(why_not.find(bad) == std::string::npos);
    }
  }
}

TEST_CASE("two kinds never have the same name") {
  for (const ProviderKind& row : builtin_providers()) {
    int same = 0;
    for (const ProviderKind& other : builtin_providers()) same += row.kind == other.kind ? 1 : 0;
    CHECK(same == 1);
  }
}
