#include "policy/cedar/types.h"

#include <algorithm>

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kDisplayBytesMax = 120;

}  // namespace

TypeTable::TypeTable() {
  for (TypeKind kind : {TypeKind::boolean, TypeKind::yes, TypeKind::no, TypeKind::integer, TypeKind::text})
    (void)keep(kind, 0);
}

TypeIndex TypeTable::add(std::vector<std::uint32_t> key, Type type) {
  auto [place, fresh] = known_.emplace(std::move(key), static_cast<TypeIndex>(types_.size()));
  if (fresh) types_.push_back(std::move(type));
  return place->second;
}

TypeIndex TypeTable::keep(TypeKind kind, std::uint32_t detail) {
  Type type{kind, detail, 0, {}};
  if (kind == TypeKind::set) type.depth = depth(detail) + 1;
  return add({static_cast<std::uint32_t>(kind), detail}, std::move(type));
}

TypeIndex TypeTable::record(std::vector<Attribute> attributes) {
  std::sort(attributes.begin(), attributes.end(),
            [](const Attribute& a, const Attribute& b) { return a.name < b.name; });
  Type type{TypeKind::record, 0, 0, std::move(attributes)};
  std::vector<std::uint32_t> key{static_cast<std::uint32_t>(TypeKind::record)};
  key.reserve(1 + 3 * type.attributes.size());
  for (const Attribute& attribute : type.attributes) {
    key.insert(key.end(), {attribute.name, attribute.type, attribute.required ? 1U : 0U});
    type.depth = std::max(type.depth, depth(attribute.type) + 1);
  }
  return add(std::move(key), std::move(type));
}

const Attribute* TypeTable::attribute(TypeIndex record, Symbol name) const {
  const auto& all = types_[record].attributes;
  auto found = std::lower_bound(all.begin(), all.end(), name,
                                [](const Attribute& attribute, Symbol wanted) { return attribute.name < wanted; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

// Recursion is as deep as the types, which the readers of schemas and policies bound.
std::optional<TypeIndex> TypeTable::join(TypeIndex a, TypeIndex b) {
  if (a == b) return a;
  if (is_boolean(a) && is_boolean(b)) return kBoolean;
  if (kind(a) != kind(b) || (kind(a) != TypeKind::set && kind(a) != TypeKind::record)) return std::nullopt;
  std::pair pair = std::minmax(a, b);
  if (auto found = joined_.find(pair); found != joined_.end()) return found->second;
  std::optional<TypeIndex> joined;
  if (kind(a) == TypeKind::record) {
    joined = join_records(a, b);
  } else if (auto inner = join(element(a), element(b))) {
    joined = set(*inner);
  }
  joined_.emplace(pair, joined);
  return joined;
}

std::optional<TypeIndex> TypeTable::join_records(TypeIndex a, TypeIndex b) {
  // Copied: joining the parts may add types.
  std::vector<Attribute> joined = types_[a].attributes;
  std::vector<Attribute> other = types_[b].attributes;
  if (joined.size() != other.size()) return std::nullopt;
  for (std::size_t i = 0; i < joined.size(); ++i) {
    if (joined[i].name != other[i].name || joined[i].required != other[i].required) return std::nullopt;
    auto type = join(joined[i].type, other[i].type);
    if (!type) return std::nullopt;
    joined[i].type = *type;
  }
  return record(std::move(joined));
}

void TypeTable::append(TypeIndex type, const Names& names, std::string& out) const {
  if (out.size() > kDisplayBytesMax) return;
  switch (kind(type)) {
    case TypeKind::boolean:
    case TypeKind::yes:
    case TypeKind::no:
      out += "Bool";
      return;
    case TypeKind::integer:
      out += "Long";
      return;
    case TypeKind::text:
      out += "String";
      return;
    case TypeKind::entity:
    case TypeKind::extension:
      out += names.text(name(type));
      return;
    case TypeKind::set:
      out += "Set<";
      append(element(type), names, out);
      out += ">";
      return;
    case TypeKind::record:
      break;
  }
  const char* separator = "{";
  for (const Attribute& attribute : attributes(type)) {
    if (out.size() > kDisplayBytesMax) break;
    out += separator;
    out += names.text(attribute.name);
    out += attribute.required ? ": " : "?: ";
    append(attribute.type, names, out);
    separator = ", ";
  }
  out += attributes(type).empty() ? "{}" : "}";
}

std::string TypeTable::display(TypeIndex type, const Names& names) const {
  std::string out;
  append(type, names, out);
  if (out.size() > kDisplayBytesMax) {
    // Not within a character.
    std::size_t end = kDisplayBytesMax;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;
    out.resize(end);
    out += "...";
  }
  return out;
}

}  // namespace libguard::policy::cedar
