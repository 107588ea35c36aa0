#include <ctime>
#include <filesystem>
#include <set>

#include "guard/config_parts.h"
#include "libguard/error.h"

namespace libguard {
namespace {

// "2026-11-24" or "2026-11-24T10:00:00Z" as microseconds UTC.
std::int64_t read_time(const Section& section, const char* key) {
  std::string value = section.text(key);
  std::tm parts{};
  const char* end = strptime(value.c_str(), "%Y-%m-%d", &parts);
  if (end != nullptr && *end == 'T') end = strptime(end, "T%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0')
    section.fail(key, "config.time", "a UTC date is expected, such as 2026-11-24 or 2026-11-24T10:00:00Z");
  return static_cast<std::int64_t>(timegm(&parts)) * 1'000'000;
}

identity::ProviderConfig read_provider(const std::string& name, const Section& section, const std::string& directory) {
  section.only({"kind", "key", "public_key", "issuer", "audience"});
  identity::ProviderConfig provider;
  provider.name = name;
  provider.kind = section.text("kind");
  if (provider.kind != "local") {
    section.fail("kind", "config.choice",
                 "this version verifies providers of kind local (Ed25519); oidc and saml are not in it yet");
  }
  if (section.has("key") == section.has("public_key")) {
    section.fail("key", "config.choice",
                 "give key (the guard may issue tokens) or public_key (it can only verify), not both");
  }
  if (section.has("key")) provider.key_path = absolute_path(directory, section.text("key"));
  if (section.has("public_key")) provider.public_key_path = absolute_path(directory, section.text("public_key"));
  provider.issuer = section.text("issuer", "libguard:" + name);
  provider.audience = section.text("audience", "libguard");
  return provider;
}

identity::KeyConfig read_key(const Section& section) {
  section.only({"id", "secret_sha256", "created", "expires"});
  identity::KeyConfig key;
  key.id = section.text("id");
  key.secret_sha256_hex = section.text("secret_sha256");
  if (key.secret_sha256_hex.size() != 64 ||
      key.secret_sha256_hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    section.fail("secret_sha256", "config.digest",
                 "64 hexadecimal digits are expected; `libguard key make` prints them");
  }
  key.created_at_us = read_time(section, "created");
  if (section.has("expires")) key.expires_at_us = read_time(section, "expires");
  return key;
}

identity::AccountConfig read_account(const std::string& name, const Section& section,
                                     const std::set<std::string>& providers) {
  section.only({"match", "groups", "keys", "local", "human", "tenant"});
  identity::AccountConfig account;
  account.name = name;
  account.tenant = section.text("tenant", "default");
  account.groups = section.list("groups");
  account.local = section.flag("local", false);
  account.human = section.flag("human", false);
  if (section.has("match")) {
    Section match = section.section("match");
    match.only({"provider", "subject"});
    account.provider = match.text("provider");
    account.subject = match.text("subject");
    if (!providers.contains(account.provider))
      match.fail("provider", "config.unknown_reference", "no provider has this name");
  }
  for (const Section& key : section.sections("keys")) account.keys.push_back(read_key(key));
  if (account.keys.size() > 2) section.fail("keys", "config.keys", "at most two keys may be live, for rotation");
  if (account.provider.empty() && account.keys.empty()) {
    section.fail("match", "config.rule_never_applies", "nobody can ever be this account: give match or keys");
  }
  return account;
}

}  // namespace

bool known_timezone(const std::string& name) {
  if (name == "UTC") return true;
  if (name.find("..") != std::string::npos || name.starts_with('/')) return false;
  std::error_code error;
  return std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name, error);
}

void read_identity(const Section& root, Config& config) {
  Section section = root.section("identity");
  section.only({"providers", "accounts"});
  std::set<std::string> providers;
  for (const auto& [name, provider] : section.section("providers").entries()) {
    config.identity.providers.push_back(read_provider(name, provider, config.directory));
    providers.insert(name);
  }
  for (const auto& [name, account] : section.section("accounts").entries()) {
    config.identity.accounts.push_back(read_account(name, account, providers));
  }
  if (config.identity.accounts.empty()) {
    root.fail("identity", "config.rule_never_applies",
              "identity.accounts names nobody, so every action would be refused");
  }
}

void read_frame_accounts(const Config& config, Frame& frame) {
  for (const identity::AccountConfig& account : config.identity.accounts) {
    frame.accounts[account.name] = GroupAccount{account.name, account.groups, account.human};
  }
}

}  // namespace libguard
