#pragma once
// The types of the Cedar language as a validator sees them (docs.cedarpolicy.com, "Policy validation"), each kept once:
// equal types have equal numbers, and a type that is used a thousand times costs no more than one.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/cedar/names.h"

namespace libguard::policy::cedar {

using TypeIndex = std::uint32_t;
inline constexpr TypeIndex kNoType = UINT32_MAX;

// `yes` and `no` are the booleans that are known before anything is asked.
enum class TypeKind : std::uint8_t { boolean, yes, no, integer, text, entity, extension, set, record };

struct Attribute {
  Symbol name = 0;
  TypeIndex type = kNoType;
  bool required = true;
  bool operator==(const Attribute&) const = default;
};

// Append only; copying one is how a reader adds types of its own.
class TypeTable {
 public:
  static constexpr TypeIndex kBoolean = 0;
  static constexpr TypeIndex kYes = 1;
  static constexpr TypeIndex kNo = 2;
  static constexpr TypeIndex kInteger = 3;
  static constexpr TypeIndex kText = 4;

  TypeTable();
  TypeIndex entity(Symbol type) { return keep(TypeKind::entity, type); }
  // Named by its type: "ipaddr", "decimal", "datetime", "duration".
  TypeIndex extension(Symbol type) { return keep(TypeKind::extension, type); }
  TypeIndex set(TypeIndex element) { return keep(TypeKind::set, element); }
  // Sorts; names must be unique.
  TypeIndex record(std::vector<Attribute> attributes);
  static TypeIndex known(bool value) { return value ? kYes : kNo; }

  [[nodiscard]] TypeKind kind(TypeIndex type) const { return types_[type].kind; }
  [[nodiscard]] bool is(TypeIndex type, TypeKind kind) const { return type != kNoType && types_[type].kind == kind; }
  [[nodiscard]] bool is_boolean(TypeIndex type) const { return type <= kNo; }
  [[nodiscard]] Symbol name(TypeIndex type) const { return types_[type].detail; }
  [[nodiscard]] TypeIndex element(TypeIndex type) const { return types_[type].detail; }
  [[nodiscard]] std::span<const Attribute> attributes(TypeIndex type) const { return types_[type].attributes; }
  [[nodiscard]] const Attribute* attribute(TypeIndex record, Symbol name) const;
  // How deep sets and records nest in it.
  [[nodiscard]] int depth(TypeIndex type) const { return types_[type].depth; }

  // The least type that has the values of both, if strict mode knows one: records of the same attributes and sets are
  // compared part by part, only booleans widen.
  [[nodiscard]] std::optional<TypeIndex> join(TypeIndex a, TypeIndex b);

  // "Set<String>", cut after about 120 characters.
  [[nodiscard]] std::string display(TypeIndex type, const Names& names) const;

 private:
  struct Type {
    TypeKind kind;
    std::uint32_t detail = 0;  // entity, extension: symbol; set: element
    int depth = 0;
    std::vector<Attribute> attributes;
  };
  TypeIndex keep(TypeKind kind, std::uint32_t detail);
  TypeIndex add(std::vector<std::uint32_t> key, Type type);
  std::optional<TypeIndex> join_records(TypeIndex a, TypeIndex b);
  void append(TypeIndex type, const Names& names, std::string& out) const;

  std::vector<Type> types_;
  std::map<std::vector<std::uint32_t>, TypeIndex> known_;
  std::map<std::pair<TypeIndex, TypeIndex>, std::optional<TypeIndex>> joined_;
};

}  // namespace libguard::policy::cedar
