#pragma once
// A sequence whose elements never move and that costs nothing while it is empty: most scopes hold no WITH, and a
// std::deque takes two allocations before its first element.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace libguard::command::postgres {

template <typename T>
class StableList {
  using Owned = std::vector<std::unique_ptr<T>>;

  template <typename Value, typename Inner>
  class Over {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = Value*;
    using reference = Value&;
    Over() = default;
    explicit Over(Inner at) : at_(at) {}
    Value& operator*() const { return **at_; }
    Value* operator->() const { return at_->get(); }
    Over& operator++() {
      ++at_;
      return *this;
    }
    Over operator++(int) {
      Over before = *this;
      ++at_;
      return before;
    }
    bool operator==(const Over&) const = default;

   private:
    Inner at_;
  };

 public:
  using Iterator = Over<T, typename Owned::iterator>;
  using ConstIterator = Over<const T, typename Owned::const_iterator>;

  template <typename... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    owned_.push_back(std::make_unique<T>(std::forward<Arguments>(arguments)...));
    return *owned_.back();
  }
  void push_back(T value) { emplace_back(std::move(value)); }
  [[nodiscard]] T& operator[](std::size_t at) { return *owned_[at]; }
  [[nodiscard]] const T& operator[](std::size_t at) const { return *owned_[at]; }
  [[nodiscard]] T& front() { return *owned_.front(); }
  [[nodiscard]] T& back() { return *owned_.back(); }
  [[nodiscard]] Iterator begin() { return Iterator(owned_.begin()); }
  [[nodiscard]] Iterator end() { return Iterator(owned_.end()); }
  [[nodiscard]] ConstIterator begin() const { return ConstIterator(owned_.begin()); }
  [[nodiscard]] ConstIterator end() const { return ConstIterator(owned_.end()); }
  [[nodiscard]] std::size_t size() const { return owned_.size(); }
  [[nodiscard]] bool empty() const { return owned_.empty(); }
  void swap(StableList& other) noexcept { owned_.swap(other.owned_); }

 private:
  Owned owned_;
};

}  // namespace libguard::command::postgres
