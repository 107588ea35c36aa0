#include "identity/authenticator.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "identity/account_book.h"
#include "identity/claims.h"
#include "identity/jws.h"
#include "identity/static_key.h"
#include "identity/token_cache.h"
#include "libguard/error.h"

namespace libguard::identity {
namespace {

Authenticated no(const char* code, std::string reason) { return {std::nullopt, code, std::move(reason)}; }

Authenticated yes(Identity identity) { return {std::move(identity), "ok", {}}; }

// What every proof of an account has in common.
Identity identity_of(const AccountConfig& account) {
  Identity identity;
  identity.tenant = account.tenant;
  identity.account = account.name;
  identity.subject = account.subject.empty() ? account.name : account.subject;
  identity.groups = account.groups;
  identity.human = account.human;
  return identity;
}

}  // namespace

struct Authenticator::State {
  State(IdentityConfig config, std::shared_ptr<Clock> the_clock, std::shared_ptr<IdSource> the_ids)
      : book(std::move(config), the_clock->now_us()), clock(std::move(the_clock)), ids(std::move(the_ids)) {}

  AccountBook book;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<IdSource> ids;
  TokenCache cache;

  std::shared_ptr<const CachedToken> verify(std::string_view token, std::int64_t now_us, Authenticated& answer);
  Identity from_token(const CachedToken& token) const;
  void add_user(Identity& identity, const std::string& user, bool verified) const;
  [[nodiscard]] bool proof_stands(const Identity& identity, const AccountConfig& account, std::int64_t now_us,
                                  std::string& why_not) const;
};

std::shared_ptr<const CachedToken> Authenticator::State::verify(std::string_view token, std::int64_t now_us,
                                                                Authenticated& answer) {
  std::string why_not;
  auto payload = unverified_payload(token);
  const Provider* provider = payload ? book.provider_of_issuer(claimed_issuer(*payload)) : nullptr;
  if (provider == nullptr) {
    answer = no("identity.bad_token", payload ? "the token is of an issuer that is not configured"
                                              : "the token is not a signed token of three base64url parts");
    return nullptr;
  }
  auto claims = provider->verifier->verify(token, now_us, why_not);
  if (!claims) {
    bool expired = why_not == "the token has expired";
    answer = no(expired ? "identity.expired" : "identity.bad_token", why_not + (expired ? "; ask for a new one" : ""));
    return nullptr;
  }
  const AccountConfig* account = book.match(provider->name, claims->subject);
  if (account == nullptr) {
    answer = no("identity.unknown_account", "the token is good, but no account is bound to its subject");
    return nullptr;
  }
  return std::make_shared<const CachedToken>(CachedToken{account, std::move(*claims)});
}

Identity Authenticator::State::from_token(const CachedToken& token) const {
  Identity identity = identity_of(*token.account);
  identity.provider = token.account->provider;
  identity.subject = token.claims.subject;
  identity.verified = true;
  identity.credential_id = token.claims.id;
  identity.expires_at_us = token.claims.expires_at_us;
  identity.chain = token.claims.chain;
  if (!token.claims.acts_for.empty()) add_user(identity, token.claims.acts_for, true);
  if (token.account->subject == "*") {
    identity.warnings.push_back("account " + token.account->name + " matches every subject of provider " +
                                token.account->provider + "; bind it to one");
  }
  return identity;
}

// The chain of a token already starts with its user; an asserted user is put in front here.
void Authenticator::State::add_user(Identity& identity, const std::string& user, bool verified) const {
  ActsFor acts_for{user, {}, {}, verified};
  if (const AccountConfig* account = book.user(verified ? identity.provider : std::string(), user)) {
    acts_for.account = account->name;
    acts_for.groups = account->groups;
  }
  identity.user = std::move(acts_for);
  if (!verified) identity.chain.insert(identity.chain.begin(), {"user", user, false});
}

Authenticator::Authenticator(IdentityConfig config, std::shared_ptr<Clock> clock, std::shared_ptr<IdSource> ids)
    : state_(std::make_unique<State>(std::move(config), std::move(clock), std::move(ids))) {}

Authenticator::~Authenticator() = default;

Authenticated Authenticator::with_token(std::string_view token) const {
  if (token.size() > limits::kTokenBytesMax) return no("identity.bad_token", "the token is longer than 16 KiB");
  std::int64_t now_us = state_->clock->now_us();
  crypto::Digest digest = crypto::sha256(token);
  std::shared_ptr<const CachedToken> found = state_->cache.find(digest);
  if (found != nullptr && found->claims.expires_at_us <= now_us) {
    state_->cache.drop(digest);
    return no("identity.expired", "the token has expired; ask for a new one");
  }
  if (found == nullptr) {
    Authenticated refusal;
    found = state_->verify(token, now_us, refusal);
    if (found == nullptr) return refusal;
    state_->cache.put(digest, found);
  }
  return yes(state_->from_token(*found));
}

Authenticated Authenticator::with_key(std::string_view key) const {
  auto parts = split_key(key);
  KeyOwner owner = parts ? state_->book.key(parts->id) : KeyOwner{};
  // Malformed, unknown and wrong keys take the same steps and get the same answer, so that ids cannot be found out.
  if (!secret_matches(parts ? parts->secret : key.substr(0, kKeySecretBytesMax), owner.key) || owner.key == nullptr) {
    return no("identity.bad_key", "the key is not one of a configured account");
  }
  std::int64_t now_us = state_->clock->now_us();
  if (key_expired(*owner.key, now_us)) return no("identity.expired", "the key has expired; ask for a new one");
  Identity identity = identity_of(*owner.account);
  identity.provider = "key";
  identity.verified = true;
  identity.credential_id = owner.key->id;
  identity.expires_at_us = owner.key->expires_at_us;
  identity.warnings = key_warnings(*owner.key, now_us);
  return yes(std::move(identity));
}

Authenticated Authenticator::with_account(const std::string& account) const {
  const AccountConfig* found = state_->book.account(account);
  if (found == nullptr) return no("identity.unknown_account", "there is no account of this name");
  if (found->human) return no("identity.person_needs_proof", "a person must present a token or key of their own");
  if (!found->local) {
    return no("identity.not_local", "account " + found->name + " is not marked local: present a token or a key");
  }
  Identity identity = identity_of(*found);
  identity.provider = found->provider;
  identity.warnings.push_back("account " + found->name + " was asserted by the process, not proven by a token or key");
  if (found->subject == "*") {
    identity.subject = found->name;
    identity.warnings.push_back("account " + found->name + " matches every subject of provider " + found->provider +
                                "; bind it to one");
  }
  return yes(std::move(identity));
}

void Authenticator::attach_asserted_user(Identity& identity, const std::string& user) const {
  if (!is_name(user)) throw Error(ErrorKind::invalid, "identity.user", "user is empty, too long or not a plain name");
  if (identity.user && identity.user->verified) {
    // A process may not put another person in the place of the one that the token proves.
    if (identity.user->subject == user) return;
    throw Error(ErrorKind::invalid, "identity.user", "the token already proves another user; leave user out");
  }
  if (identity.user) throw Error(ErrorKind::invalid, "identity.user", "this identity has a user already");
  state_->add_user(identity, user, false);
}

bool Authenticator::State::proof_stands(const Identity& identity, const AccountConfig& account, std::int64_t now_us,
                                        std::string& why_not) const {
  const bool by_key = identity.verified && identity.provider == "key";
  const KeyOwner owner = by_key ? book.key(identity.credential_id) : KeyOwner{};
  const bool configured = by_key              ? owner.account == &account
                          : identity.verified ? book.match(identity.provider, identity.subject) == &account
                                              : account.local && !account.human;
  if (!configured) {
    why_not = "the proof that account " + account.name + " was opened with is no longer configured";
  } else if (by_key && key_expired(*owner.key, now_us)) {
    why_not = "the key has expired; ask for a new one";
  }
  return why_not.empty();
}

bool Authenticator::still_valid(const Identity& identity, std::string& why_not) const {
  why_not.clear();
  std::int64_t now_us = state_->clock->now_us();
  const AccountConfig* account = state_->book.account(identity.account);
  if (account == nullptr) {
    why_not = "this account is no longer configured";
    return false;
  }
  if (identity.expires_at_us != 0 && identity.expires_at_us <= now_us) {
    why_not = identity.provider == "key" ? "the key has expired; ask for a new one"
                                         : "the token has expired; ask for a new one";
    return false;
  }
  // After a reload the groups, tenant or person flag of an open session could be ones that were taken away.
  if (account->groups != identity.groups || account->tenant != identity.tenant || account->human != identity.human) {
    why_not = "the configuration of account " + account->name + " changed; open a new session";
    return false;
  }
  if (identity.user && !identity.user->account.empty()) {
    const AccountConfig* user = state_->book.account(identity.user->account);
    if (user == nullptr || user->groups != identity.user->groups) {
      why_not = "the configuration of the user's account changed; open a new session";
      return false;
    }
  }
  return state_->proof_stands(identity, *account, now_us, why_not);
}

std::string Authenticator::issue(const std::string& account, const std::string& acts_for,
                                 std::int64_t lifetime_s) const {
  const AccountConfig* found = state_->book.account(account);
  if (found == nullptr) throw Error(ErrorKind::invalid, "identity.unknown_account", "there is no account of this name");
  const Provider* provider = state_->book.provider(found->provider);
  if (provider == nullptr || !provider->seed) {
    throw Error(ErrorKind::configuration, "identity.cannot_mint",
                "account " + found->name + " has no provider of which the guard holds the private key");
  }
  if (found->human) {
    throw Error(ErrorKind::invalid, "identity.person_needs_proof", "the guard mints no token for a person");
  }
  if (found->subject == "*") {
    throw Error(ErrorKind::invalid, "identity.no_subject", "account " + found->name + " is bound to no single subject");
  }
  if (lifetime_s <= 0 || lifetime_s > limits::kTokenLifetimeS) {
    throw Error(ErrorKind::invalid, "identity.lifetime", "a token lives 1 to 900 seconds");
  }
  if (!acts_for.empty() && !is_name(acts_for)) {
    throw Error(ErrorKind::invalid, "identity.user", "acts_for is too long or not a plain name");
  }
  return sign_token(provider->seed->bytes(),
                    claims_text(provider->verifier->issuer(), provider->audience, found->subject, acts_for, lifetime_s,
                                state_->clock->now_us(), state_->ids->make("tok")));
}

}  // namespace libguard::identity
