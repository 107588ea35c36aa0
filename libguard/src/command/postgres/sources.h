#pragma once
// Sets of table columns as sorted numbers: what a value can be derived from. A column is (relation, position); position
// kWholeRow is the relation as a whole.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace libguard::command::postgres {

using ColumnId = std::uint64_t;
inline constexpr std::uint32_t kWholeRow = 0xFFFFFFFFu;

inline ColumnId column_id(std::uint32_t relation, std::uint32_t position) {
  return (static_cast<ColumnId>(relation) << 32) | position;
}
inline std::uint32_t relation_of(ColumnId id) { return static_cast<std::uint32_t>(id >> 32); }
inline std::uint32_t position_of(ColumnId id) { return static_cast<std::uint32_t>(id); }

// Most values come from one column or two: those lie in the set itself.
class Sources {
 public:
  Sources() = default;
  Sources(const Sources& other) { take(other.begin(), other.size_); }
  Sources(Sources&& other) noexcept
      : size_(other.size_), room_(other.room_), own_(other.own_), far_(std::move(other.far_)) {
    other.size_ = 0;
    other.room_ = kOwn;
  }
  Sources& operator=(const Sources& other) {
    if (this != &other) {
      size_ = 0;
      take(other.begin(), other.size_);
    }
    return *this;
  }
  Sources& operator=(Sources&& other) noexcept {
    Sources taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Sources() = default;

  void add(ColumnId id) {
    ColumnId* const at = std::lower_bound(ids(), ids() + size_, id);
    if (at == ids() + size_ || *at != id) insert(static_cast<std::size_t>(at - ids()), id);
  }
  void add(const Sources& other) {
    if (size_ == 0) {
      take(other.begin(), other.size_);
    } else if (this != &other) {
      for (ColumnId id : other) add(id);
    }
  }
  void remove(ColumnId id) { size_ = static_cast<std::uint32_t>(std::remove(ids(), ids() + size_, id) - ids()); }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const ColumnId* begin() const { return far_ ? far_.get() : own_.data(); }
  [[nodiscard]] const ColumnId* end() const { return begin() + size_; }
  bool operator==(const Sources& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

 private:
  static constexpr std::uint32_t kOwn = 2;

  ColumnId* ids() { return far_ ? far_.get() : own_.data(); }
  void swap(Sources& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    std::swap(own_, other.own_);
    std::swap(far_, other.far_);
  }
  // Room for `count`; what is in the set stays.
  void reserve(std::uint32_t count) {
    if (count <= room_) return;
    const std::uint32_t room = std::max(count, 2 * room_);
    auto further = std::make_unique<ColumnId[]>(room);
    std::copy(begin(), end(), further.get());
    far_ = std::move(further);
    room_ = room;
  }
  // The set is empty before.
  void take(const ColumnId* from, std::uint32_t count) {
    reserve(count);
    std::copy(from, from + count, ids());
    size_ = count;
  }
  void insert(std::size_t at, ColumnId id) {
    reserve(size_ + 1);
    std::copy_backward(ids() + at, ids() + size_, ids() + size_ + 1);
    ids()[at] = id;
    ++size_;
  }

  std::uint32_t size_ = 0;
  std::uint32_t room_ = kOwn;
  std::array<ColumnId, kOwn> own_{};
  std::unique_ptr<ColumnId[]> far_;  // in place of own_ once there are more
};

}  // namespace libguard::command::postgres
