#include "base/crypto.h"
#include "identity/claims.h"
#include "identity/jws.h"
#include "identity/provider.h"
#include "libguard/error.h"

namespace libguard::identity {
namespace {

class LocalVerifier final : public Verifier {
 public:
  LocalVerifier(std::string issuer, std::string audience, std::vector<VerifyKey> keys)
      : issuer_(std::move(issuer)), audience_(std::move(audience)), keys_(std::move(keys)) {}

  [[nodiscard]] const std::string& issuer() const override { return issuer_; }
  [[nodiscard]] std::optional<VerifiedClaims> verify(std::string_view token, std::int64_t now_us,
                                                     std::string& why_not) const override {
    auto payload = verified_payload(token, keys_, why_not);
    if (!payload) return std::nullopt;
    return read_claims(*payload, issuer_, audience_, now_us, why_not);
  }

 private:
  std::string issuer_;
  std::string audience_;
  std::vector<VerifyKey> keys_;
};

[[noreturn]] void refuse(const ProviderConfig& config, const char* code, const std::string& why) {
  throw Error(ErrorKind::configuration, code, "identity.providers." + config.name + ": " + why);
}

}  // namespace

Provider make_local_provider(const ProviderConfig& config) {
  if (config.key_path.empty() == config.public_key_path.empty()) {
    refuse(config, "identity.provider_keys", "give exactly one of key (the guard can mint) and public_key (it cannot)");
  }
  std::string issuer = config.issuer.empty() ? "libguard:" + config.name : config.issuer;
  if (!is_name(issuer) || !is_name(config.audience)) {
    refuse(config, "identity.provider_names", "issuer and audience must be plain names");
  }
  Provider provider;
  provider.name = config.name;
  provider.audience = config.audience;
  if (!config.key_path.empty()) {
    provider.seed.emplace(read_seed(config.key_path));
    provider.public_keys = {crypto::ed25519_public(provider.seed->bytes())};
  } else {
    provider.public_keys = read_public_keys(config.public_key_path);
  }
  std::vector<VerifyKey> keys;
  for (const std::string& key : provider.public_keys) {
    // A lone public key may belong to an issuer that names its keys in its own way; ours are named by thumbprint.
    bool own_naming = !provider.seed && provider.public_keys.size() == 1;
    keys.push_back({own_naming ? std::string() : thumbprint(key), key});
  }
  provider.verifier = std::make_unique<LocalVerifier>(std::move(issuer), config.audience, std::move(keys));
  return provider;
}

}  // namespace libguard::identity
