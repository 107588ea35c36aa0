#pragma once
// Who is asking. Tokens and keys are verified; `account=` is asserted by the process and only for accounts marked
// local. Thread-safe.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libguard/clock.h"
#include "libguard/identity.h"

namespace libguard::identity {

// kind local: the guard holds the private key (key_path) or only the public one (public_key_path).
struct ProviderConfig {
  std::string name;
  std::string kind;      // "local" now; "oidc", "saml" come behind the same interface
  std::string key_path;  // 32-byte seed as hex or PEM PKCS#8, mode 0600
  std::string public_key_path;
  std::string issuer;  // default "libguard:<name>"
  std::string audience = "libguard";
};

struct KeyConfig {  // a static service key: "lgk_<id>_<secret>"; only its SHA-256 is stored
  std::string id;
  std::string secret_sha256_hex;
  std::int64_t created_at_us = 0;
  std::int64_t expires_at_us = 0;  // 0: never (warned about)
};

struct AccountConfig {
  std::string name;
  std::string tenant = "default";
  std::string provider;  // match.provider
  std::string subject;   // match.subject
  std::vector<std::string> groups;
  std::vector<KeyConfig> keys;  // two may be live, for rotation
  bool local = false;           // the process may ask for its token
  bool human = false;
};

struct IdentityConfig {
  std::vector<ProviderConfig> providers;
  std::vector<AccountConfig> accounts;
};

// One provider kind. Extension kind: one file, one line in builtin.cpp, the contract suite.
struct VerifiedClaims {
  std::string issuer;
  std::string subject;
  std::string id;  // jti
  std::int64_t expires_at_us = 0;
  std::string acts_for;    // nested `act` / "sub of the user", RFC 8693; "" if none
  std::vector<Hop> chain;  // verified hops
};
class Verifier {
 public:
  virtual ~Verifier() = default;
  [[nodiscard]] virtual const std::string& issuer() const = 0;
  // nullopt and a reason that shows nothing of the token.
  [[nodiscard]] virtual std::optional<VerifiedClaims> verify(std::string_view token, std::int64_t now_us,
                                                             std::string& why_not) const = 0;
};

struct Authenticated {
  std::optional<Identity> identity;
  std::string code;  // "identity.expired", "identity.unknown_account", "identity.bad_token" ...
  std::string reason;
};

class Authenticator {
 public:
  // Throws Error(configuration, "identity.*") with the path of the offending key; refuses a human account whose
  // provider the guard could mint for, unsafe key files, doubled matches.
  Authenticator(IdentityConfig config, std::shared_ptr<Clock> clock, std::shared_ptr<IdSource> ids);
  ~Authenticator();

  [[nodiscard]] Authenticated with_token(std::string_view token) const;
  [[nodiscard]] Authenticated with_key(std::string_view key) const;
  // Asserted by the process; refused for humans and for accounts not marked local.
  [[nodiscard]] Authenticated with_account(const std::string& account) const;
  // An asserted user is attached (forbids only); a verified one comes from the token itself. Throws
  // Error(invalid, "identity.user") for a bad name, a second user, or one that the token contradicts.
  void attach_asserted_user(Identity& identity, const std::string& user) const;
  // Is this identity still good at `now`? Re-checked on every action.
  [[nodiscard]] bool still_valid(const Identity& identity, std::string& why_not) const;

  // `libguard token issue`: a 15-minute token of a provider whose private key we hold. `lifetime_s` at most 900 unless
  // the caller is an operator command. Throws Error(configuration | invalid, "identity.*").
  [[nodiscard]] std::string issue(const std::string& account, const std::string& acts_for,
                                  std::int64_t lifetime_s) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// For `libguard init` and key management.
void write_issuer_key(const std::string& private_path, const std::string& public_path);  // 0600, never overwrites
// Signs with a private key file that the guard itself need not hold (a person's issuer).
[[nodiscard]] std::string issue_with_key_file(const std::string& private_path, const std::string& issuer,
                                              const std::string& audience, const std::string& subject,
                                              const std::string& acts_for, std::int64_t lifetime_s, std::int64_t now_us,
                                              const std::string& token_id);
struct NewKey {
  std::string key;  // shown once
  std::string id;
  std::string secret_sha256_hex;
};
[[nodiscard]] NewKey make_key();

}  // namespace libguard::identity
