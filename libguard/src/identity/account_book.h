#pragma once
// The configured providers and accounts, checked once and then only read: which account a proof belongs to.
// Immutable after construction, so it needs no lock.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/authenticator.h"
#include "identity/provider.h"

namespace libguard::identity {

struct KeyOwner {
  const KeyConfig* key = nullptr;
  const AccountConfig* account = nullptr;
};

class AccountBook {
 public:
  // Throws Error(configuration, "identity.*") with the path of the offending key.
  AccountBook(IdentityConfig config, std::int64_t now_us);
  AccountBook(const AccountBook&) = delete;
  AccountBook& operator=(const AccountBook&) = delete;

  [[nodiscard]] const Provider* provider(std::string_view name) const;
  [[nodiscard]] const Provider* provider_of_issuer(std::string_view issuer) const;
  [[nodiscard]] const AccountConfig* account(std::string_view name) const;
  // The exact match, else the provider's wildcard account.
  [[nodiscard]] const AccountConfig* match(std::string_view provider, std::string_view subject) const;
  // For the groups of a user: an exact match at `provider`, else the one account anywhere with this subject or name;
  // nullptr when several could be meant.
  [[nodiscard]] const AccountConfig* user(std::string_view provider, std::string_view subject) const;
  [[nodiscard]] KeyOwner key(std::string_view id) const;
  // Could the process itself make a token of this provider?
  [[nodiscard]] bool mintable(const Provider& provider) const;

 private:
  void add_providers();
  void add_account(const AccountConfig& account, std::int64_t now_us);
  void add_keys(const AccountConfig& account, std::int64_t now_us);
  void check_person(const AccountConfig& account) const;
  void check_local(const AccountConfig& account) const;

  IdentityConfig config_;
  std::map<std::string, Provider, std::less<>> providers_;
  std::map<std::string, const Provider*, std::less<>> by_issuer_;
  std::map<std::string, const AccountConfig*, std::less<>> by_name_;
  std::map<std::pair<std::string, std::string>, const AccountConfig*> by_match_;
  std::multimap<std::string, const AccountConfig*, std::less<>> by_subject_;
  std::map<std::string, KeyOwner, std::less<>> keys_;
};

}  // namespace libguard::identity
