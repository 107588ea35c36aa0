#include "identity/account_book.h"

#include <algorithm>

#include "base/crypto.h"
#include "identity/claims.h"
#include "identity/static_key.h"
#include "libguard/error.h"

namespace libguard::identity {
namespace {

[[noreturn]] void refuse(const std::string& path, const char* code, const std::string& why) {
  throw Error(ErrorKind::configuration, code, "identity." + path + ": " + why);
}

bool is_sha256_hex(const std::string& text) {
  auto raw = crypto::from_hex(text);
  return raw && raw->size() == 32;
}

}  // namespace

AccountBook::AccountBook(IdentityConfig config, std::int64_t now_us) : config_(std::move(config)) {
  add_providers();
  for (AccountConfig& account : config_.accounts) {
    std::sort(account.groups.begin(), account.groups.end());
    account.groups.erase(std::unique(account.groups.begin(), account.groups.end()), account.groups.end());
  }
  for (const AccountConfig& account : config_.accounts) add_account(account, now_us);
}

void AccountBook::add_providers() {
  for (const ProviderConfig& config : config_.providers) {
    if (!is_name(config.name)) refuse("providers", "identity.provider_names", "a provider's name must be a plain name");
    // "key" is what a record calls the proof by static key.
    if (config.name == "key")
      refuse("providers.key", "identity.provider_names", "this name is reserved for static keys");
    auto [at, fresh] = providers_.try_emplace(config.name, make_provider(config));
    if (!fresh) refuse("providers." + config.name, "identity.doubled_provider", "occurs twice");
    if (!by_issuer_.try_emplace(at->second.verifier->issuer(), &at->second).second) {
      refuse("providers." + config.name + ".issuer", "identity.doubled_issuer", "another provider has the same issuer");
    }
  }
}

void AccountBook::add_account(const AccountConfig& account, std::int64_t now_us) {
  const std::string path = "accounts." + account.name;
  if (!is_name(account.name)) refuse("accounts", "identity.account_name", "an account's name must be a plain name");
  if (!by_name_.try_emplace(account.name, &account).second) refuse(path, "identity.doubled_account", "occurs twice");
  if (account.provider.empty() != account.subject.empty()) {
    refuse(path + ".match", "identity.incomplete_match", "needs both provider and subject");
  }
  if (!account.provider.empty()) {
    if (provider(account.provider) == nullptr) {
      refuse(path + ".match.provider", "identity.unknown_provider", "there is no such provider");
    }
    if (account.subject != "*" && !is_name(account.subject)) {
      refuse(path + ".match.subject", "identity.account_name", "must be a plain name, or \"*\"");
    }
    if (!by_match_.try_emplace({account.provider, account.subject}, &account).second) {
      refuse(path + ".match", "identity.doubled_match", "another account has the same provider and subject");
    }
    if (account.subject != "*") by_subject_.emplace(account.subject, &account);
  }
  add_keys(account, now_us);
  check_person(account);
  check_local(account);
}

void AccountBook::add_keys(const AccountConfig& account, std::int64_t now_us) {
  const std::string path = "accounts." + account.name + ".keys";
  std::size_t live = 0;
  for (const KeyConfig& key : account.keys) {
    if (!is_key_id(key.id)) refuse(path, "identity.malformed_key", "a key's id is letters, digits, '-' and '.'");
    if (!is_sha256_hex(key.secret_sha256_hex)) {
      refuse(path + "." + key.id, "identity.malformed_key", "the stored hash is not 64 lower-case hex digits");
    }
    if (!keys_.try_emplace(key.id, KeyOwner{&key, &account}).second) {
      refuse(path + "." + key.id, "identity.doubled_key", "another key has the same id");
    }
    if (!key_expired(key, now_us)) ++live;
  }
  if (live > kLiveKeysMax) {
    refuse(path, "identity.too_many_keys", "at most two keys may be live, the old and the new one of a rotation");
  }
}

// A person whom the process could impersonate could approve the process's own actions.
void AccountBook::check_person(const AccountConfig& account) const {
  if (!account.human) return;
  const std::string path = "accounts." + account.name;
  if (account.local) refuse(path + ".local", "identity.local_person", "the process may never ask for a person's token");
  if (account.subject == "*") {
    refuse(path + ".match.subject", "identity.wildcard_person", "one person cannot be every subject of a provider");
  }
  const Provider* own = provider(account.provider);
  if (own != nullptr && mintable(*own)) {
    refuse(
        path + ".match.provider", "identity.mintable_person",
        "the guard holds this provider's private key, so the process could mint this person; give the person a key of "
        "their own or a provider of which the guard has only the public key");
  }
  if (own == nullptr && account.keys.empty()) {
    refuse(path, "identity.mintable_person",
           "a person needs a key of their own or a provider that only they can sign for");
  }
}

void AccountBook::check_local(const AccountConfig& account) const {
  const Provider* own = provider(account.provider);
  if (account.local && own != nullptr && !mintable(*own)) {
    refuse("accounts." + account.name + ".local", "identity.local_needs_key",
           "the guard holds no private key of this provider, so the process cannot ask for a token");
  }
}

const Provider* AccountBook::provider(std::string_view name) const {
  auto at = providers_.find(name);
  return at == providers_.end() ? nullptr : &at->second;
}

const Provider* AccountBook::provider_of_issuer(std::string_view issuer) const {
  auto at = by_issuer_.find(issuer);
  return at == by_issuer_.end() ? nullptr : at->second;
}

const AccountConfig* AccountBook::account(std::string_view name) const {
  auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : at->second;
}

const AccountConfig* AccountBook::match(std::string_view provider, std::string_view subject) const {
  if (subject == "*") return nullptr;
  auto at = by_match_.find({std::string(provider), std::string(subject)});
  if (at == by_match_.end()) at = by_match_.find({std::string(provider), "*"});
  return at == by_match_.end() ? nullptr : at->second;
}

const AccountConfig* AccountBook::user(std::string_view provider, std::string_view subject) const {
  auto exact = by_match_.find({std::string(provider), std::string(subject)});
  if (exact != by_match_.end()) return subject == "*" ? nullptr : exact->second;
  auto [from, to] = by_subject_.equal_range(subject);
  if (from != to) return std::next(from) == to ? from->second : nullptr;
  return account(subject);
}

KeyOwner AccountBook::key(std::string_view id) const {
  auto at = keys_.find(id);
  return at == keys_.end() ? KeyOwner{} : at->second;
}

bool AccountBook::mintable(const Provider& provider) const {
  if (provider.seed) return true;
  // A provider given by its public key alone is still mintable when another one holds the private half.
  for (const auto& [name, other] : providers_) {
    if (!other.seed) continue;
    for (const std::string& key : provider.public_keys) {
      if (key == other.public_keys.front()) return true;
    }
  }
  return false;
}

}  // namespace libguard::identity
