#pragma once
// A configured identity provider: its verifier, and the seed when the guard itself can mint for it. Extension kind:
// one file, one line in builtin.cpp, the contract suite (tests/identity/verifier_contract_test.cpp).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/authenticator.h"
#include "identity/key_file.h"

namespace libguard::identity {

struct Provider {
  std::string name;
  std::string audience;
  std::unique_ptr<const Verifier> verifier;
  std::vector<std::string> public_keys;  // raw; how a provider that the guard could mint for is found out
  std::optional<Seed> seed;              // kind local with `key`
};

// Throws Error(configuration, "identity.*") naming the path of the offending key.
using ProviderMaker = Provider (*)(const ProviderConfig& config);
struct ProviderKind {
  std::string_view kind;
  ProviderMaker make;
};
[[nodiscard]] const std::vector<ProviderKind>& builtin_providers();
[[nodiscard]] Provider make_provider(const ProviderConfig& config);

// kind: local { key | public_key, issuer?, audience? }
[[nodiscard]] Provider make_local_provider(const ProviderConfig& config);

}  // namespace libguard::identity
