#include "identity/token_cache.h"

namespace libguard::identity {

std::shared_ptr<const CachedToken> TokenCache::find(const crypto::Digest& digest) {
  std::lock_guard lock(mutex_);
  auto at = entries_.find(digest);
  if (at == entries_.end()) return nullptr;
  order_.splice(order_.begin(), order_, at->second);
  return at->second->token;
}

void TokenCache::put(const crypto::Digest& digest, std::shared_ptr<const CachedToken> token) {
  std::lock_guard lock(mutex_);
  if (entries_.contains(digest)) return;
  order_.push_front({digest, std::move(token)});
  entries_[digest] = order_.begin();
  if (entries_.size() <= kEntriesMax) return;
  entries_.erase(order_.back().digest);
  order_.pop_back();
}

void TokenCache::drop(const crypto::Digest& digest) {
  std::lock_guard lock(mutex_);
  auto at = entries_.find(digest);
  if (at == entries_.end()) return;
  order_.erase(at->second);
  entries_.erase(at);
}

std::size_t TokenCache::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace libguard::identity
