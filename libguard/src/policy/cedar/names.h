#pragma once
// Attribute names, entity types and entity ids as small numbers, so that evaluation compares integers. A layer on top
// of a frozen table serves one request: what the frozen table does not know gets a number above it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace libguard::policy::cedar {

using Symbol = std::uint32_t;       // an attribute name or an entity type
using EntityIndex = std::uint32_t;  // one (type, id)

// Append only. A base must outlive its layers and must not grow while one exists; then it may be shared by threads.
class Names {
 public:
  Names() = default;
  explicit Names(const Names* base);
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  Symbol symbol(std::string_view name);
  EntityIndex entity(Symbol type, std::string_view id);
  EntityIndex entity(std::string_view type, std::string_view id) { return entity(symbol(type), id); }

  [[nodiscard]] std::string_view text(Symbol symbol) const;
  [[nodiscard]] Symbol type_of(EntityIndex entity) const;
  [[nodiscard]] std::string_view id_of(EntityIndex entity) const;
  [[nodiscard]] EntityIndex entity_count() const { return first_entity_ + static_cast<EntityIndex>(entities_.size()); }
  // `Type::"id"`, as Cedar text writes it.
  [[nodiscard]] std::string display(EntityIndex entity) const;

 private:
  static constexpr std::uint32_t kFew = 12;
  struct Key {
    Symbol type;
    std::string_view id;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string_view>{}(key.id) ^ (static_cast<std::size_t>(key.type) * 0x9E3779B97F4A7C15ULL);
    }
  };
  [[nodiscard]] std::optional<Symbol> find_symbol(std::string_view name) const;
  [[nodiscard]] std::optional<EntityIndex> find_entity(const Key& key) const;
  std::string_view keep(std::string_view text);

  const Names* base_ = nullptr;
  Symbol first_symbol_ = 0;
  EntityIndex first_entity_ = 0;
  static constexpr std::size_t kChunk = 512;
  std::vector<std::unique_ptr<char[]>> chunks_;  // of text that never moves
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::vector<std::string_view> symbols_;
  std::vector<Key> entities_;
  // Empty while there are few: a layer of one request is quicker looked through than looked up in.
  std::unordered_map<std::string_view, Symbol> symbol_of_;
  std::unordered_map<Key, EntityIndex, KeyHash> entity_of_;
};

}  // namespace libguard::policy::cedar
