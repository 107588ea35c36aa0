#pragma once
// Sets of table columns as sorted numbers: what a value can be derived from. A column is (relation, position); position
// kWholeRow is the relation as a whole.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace libguard::command::postgres {

using ColumnId = std::uint64_t;
inline constexpr std::uint32_t kWholeRow = 0xFFFFFFFFu;

inline ColumnId column_id(std::uint32_t relation, std::uint32_t position) {
  return (static_cast<ColumnId>(relation) << 32) | position;
}
inline std::uint32_t relation_of(ColumnId id) { return static_cast<std::uint32_t>(id >> 32); }
inline std::uint32_t position_of(ColumnId id) { return static_cast<std::uint32_t>(id); }

class Sources {
 public:
  void add(ColumnId id) {
    auto at = std::lower_bound(ids_.begin(), ids_.end(), id);
    if (at == ids_.end() || *at != id) ids_.insert(at, id);
  }
  void add(const Sources& other) {
    if (other.ids_.empty()) return;
    if (ids_.empty()) {
      ids_ = other.ids_;
      return;
    }
    for (ColumnId id : other.ids_) add(id);
  }
  void remove(ColumnId id) { std::erase(ids_, id); }
  [[nodiscard]] bool empty() const { return ids_.empty(); }
  [[nodiscard]] std::size_t size() const { return ids_.size(); }
  [[nodiscard]] auto begin() const { return ids_.begin(); }
  [[nodiscard]] auto end() const { return ids_.end(); }
  bool operator==(const Sources&) const = default;

 private:
  std::vector<ColumnId> ids_;
};

}  // namespace libguard::command::postgres
