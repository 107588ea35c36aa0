#pragma once
// Tokens that were verified a moment ago, by the SHA-256 of their bytes: a hit costs a hash instead of an Ed25519
// verification. Bounded, least recently used goes first. Thread-safe. The caller re-checks exp on every hit.

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "base/crypto.h"
#include "identity/authenticator.h"

namespace libguard::identity {

struct CachedToken {
  const AccountConfig* account = nullptr;
  VerifiedClaims claims;
};

class TokenCache {
 public:
  // An agent process holds a handful of tokens; 1,024 covers a busy side-car in well under a megabyte.
  static constexpr std::size_t kEntriesMax = 1'024;

  [[nodiscard]] std::shared_ptr<const CachedToken> find(const crypto::Digest& digest);
  void put(const crypto::Digest& digest, std::shared_ptr<const CachedToken> token);
  void drop(const crypto::Digest& digest);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    crypto::Digest digest;
    std::shared_ptr<const CachedToken> token;
  };
  mutable std::mutex mutex_;
  std::list<Entry> order_;  // most recently used first
  std::map<crypto::Digest, std::list<Entry>::iterator> entries_;
};

}  // namespace libguard::identity
