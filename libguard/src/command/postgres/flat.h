#pragma once
// A set and a map as sorted vectors: a text names few things, and a tree would take an allocation for each of them.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace libguard::command::postgres {

template <typename Key>
class FlatSet {
 public:
  void insert(const Key& key) {
    auto at = std::lower_bound(keys_.begin(), keys_.end(), key);
    if (at == keys_.end() || *at != key) keys_.insert(at, key);
  }
  [[nodiscard]] auto begin() const { return keys_.begin(); }
  [[nodiscard]] auto end() const { return keys_.end(); }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  std::vector<Key> keys_;
};

template <typename Key, typename What>
class FlatMap {
  using Entries = std::vector<std::pair<Key, What>>;

 public:
  What& operator[](const Key& key) {
    auto at = place(entries_, key);
    if (at == entries_.end() || at->first != key) {
      if (entries_.empty()) entries_.reserve(kFirst);
      at = entries_.emplace(place(entries_, key), key, What{});
    }
    return at->second;
  }
  // Null when it is not there.
  [[nodiscard]] const What* find(const Key& key) const {
    auto at = place(entries_, key);
    return at == entries_.end() || at->first != key ? nullptr : &at->second;
  }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  void clear() { entries_.clear(); }

 private:
  static constexpr std::size_t kFirst = 8;
  template <typename Some>
  static auto place(Some& entries, const Key& key) {
    return std::lower_bound(entries.begin(), entries.end(), key,
                            [](const auto& entry, const Key& wanted) { return entry.first < wanted; });
  }
  Entries entries_;
};

}  // namespace libguard::command::postgres
