#include "policy/cedar/schema_conformance.h"

#include <algorithm>

#include "base/text.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kShownBytesMax = 80;

std::string shown(std::string_view name) {
  return "`" + text::visible(name.substr(0, kShownBytesMax)) + (name.size() > kShownBytesMax ? "...`" : "`");
}

const char* extension_name(Kind kind) {
  switch (kind) {
    case Kind::ip:
      return "ipaddr";
    case Kind::decimal:
      return "decimal";
    case Kind::datetime:
      return "datetime";
    case Kind::duration:
      return "duration";
    default:
      return "";
  }
}

}  // namespace

void Conformance::add_actions(Entities& all) const {
  for (const ActionType& action : schema_.actions()) all.add(action.uid, {nullptr, nullptr, action.ancestors});
}

std::string Conformance::entities(const Entities& all) const {
  for (const auto& [uid, entity] : all.all()) {
    if (std::string bad = this->entity(uid, entity, all); !bad.empty()) return bad;
  }
  return {};
}

// An entity that is only named must have an id that an enum allows, and an action must exist.
std::string Conformance::id(EntityIndex uid) const {
  Symbol type = names_.type_of(uid);
  if (is_action_type(names_.text(type)))
    return schema_.action(uid) != nullptr ? "" : "there is no action " + shown(names_.display(uid));
  const EntityType* declared = schema_.entity(type);
  bool allowed = declared == nullptr || declared->allows_id(names_.id_of(uid));
  return allowed ? "" : "the schema lists every id of its type, and not " + shown(names_.display(uid));
}

std::string Conformance::value(const Value& value, TypeIndex type, const std::string& what) const {
  const TypeTable& types = schema_.types();
  auto wrong = [&] { return what + " must be " + types.display(type, names_); };
  switch (types.kind(type)) {
    case TypeKind::boolean:
    case TypeKind::yes:
    case TypeKind::no:
      return value.kind == Kind::boolean ? "" : wrong();
    case TypeKind::integer:
      return value.kind == Kind::integer ? "" : wrong();
    case TypeKind::text:
      return value.kind == Kind::text ? "" : wrong();
    case TypeKind::entity:
      if (value.kind != Kind::entity || names_.type_of(value.entity) != types.name(type)) return wrong();
      return id(value.entity);
    case TypeKind::extension:
      return names_.text(types.name(type)) == extension_name(value.kind) ? "" : wrong();
    case TypeKind::record:
      return value.kind == Kind::record ? record(*value.record, type, what) : wrong();
    case TypeKind::set:
      break;
  }
  if (value.kind != Kind::set) return wrong();
  for (const Value& member : value.set->members) {
    std::string bad = this->value(member, types.element(type), "a member of " + what);
    if (!bad.empty()) return bad;
  }
  return {};
}

std::string Conformance::record(const Record& record, TypeIndex type, const std::string& what) const {
  for (const Attribute& attribute : schema_.types().attributes(type)) {
    if (attribute.required && record.find(attribute.name) == nullptr)
      return what + " lacks the attribute " + shown(names_.text(attribute.name));
  }
  for (const auto& [name, value] : record.fields) {
    const Attribute* declared = schema_.types().attribute(type, name);
    if (declared == nullptr)
      return what + " has the attribute " + shown(names_.text(name)) + ", which the schema does not know";
    std::string bad = this->value(value, declared->type, "the attribute " + shown(names_.text(name)) + " of " + what);
    if (!bad.empty()) return bad;
  }
  return {};
}

std::string Conformance::action(EntityIndex uid, const Entity& entity, const Entities& all) const {
  const ActionType* declared = schema_.action(uid);
  if (declared == nullptr) return "there is no action " + shown(names_.display(uid));
  bool plain = (entity.attributes == nullptr || entity.attributes->fields.empty()) &&
               (entity.tags == nullptr || entity.tags->fields.empty());
  bool same = plain && all.ancestors(uid) == declared->ancestors;
  return same ? "" : "the action " + shown(names_.display(uid)) + " differs from what the schema says of it";
}

// Parents that keep to the schema lead to ancestors that do.
std::string Conformance::parents(EntityIndex uid, const Entity& entity, const EntityType& declared) const {
  for (EntityIndex parent : entity.parents) {
    if (std::string bad = id(parent); !bad.empty()) return bad;
    Symbol type = names_.type_of(parent);
    if (!std::binary_search(declared.ancestors.begin(), declared.ancestors.end(), type))
      return shown(names_.display(uid)) + " cannot be in a " + std::string(names_.text(type));
  }
  return {};
}

std::string Conformance::tags(const Entity& entity, const EntityType& declared, const std::string& what) const {
  if (entity.tags == nullptr || entity.tags->fields.empty()) return {};
  if (declared.tags == kNoType) return what + " may have no tags";
  for (const auto& [name, value] : entity.tags->fields) {
    std::string bad = this->value(value, declared.tags, "the tag " + shown(names_.text(name)) + " of " + what);
    if (!bad.empty()) return bad;
  }
  return {};
}

std::string Conformance::entity(EntityIndex uid, const Entity& entity, const Entities& all) const {
  Symbol type = names_.type_of(uid);
  if (is_action_type(names_.text(type))) return action(uid, entity, all);
  const EntityType* declared = schema_.entity(type);
  if (declared == nullptr) return "there is no entity type " + shown(names_.text(type));
  std::string what = shown(names_.display(uid));
  static const Record kEmpty;
  std::string bad = id(uid);
  if (bad.empty()) bad = record(entity.attributes != nullptr ? *entity.attributes : kEmpty, declared->shape, what);
  if (bad.empty()) bad = parents(uid, entity, *declared);
  if (bad.empty()) bad = tags(entity, *declared, what);
  return bad;
}

std::string Conformance::request(EntityIndex principal, EntityIndex action, EntityIndex resource,
                                 const Record& context) const {
  const ActionType* declared = schema_.action(action);
  for (EntityIndex uid : {principal, resource}) {
    Symbol type = names_.type_of(uid);
    if (schema_.entity(type) == nullptr) return "there is no entity type " + shown(names_.text(type));
    if (std::string bad = id(uid); !bad.empty()) return bad;
  }
  if (declared == nullptr) return "there is no action " + shown(names_.display(action));
  auto applies = [&](const std::vector<Symbol>& types, EntityIndex uid) {
    return std::binary_search(types.begin(), types.end(), names_.type_of(uid));
  };
  std::string what = shown(names_.display(action));
  if (!applies(declared->applies->principals, principal))
    return "a " + std::string(names_.text(names_.type_of(principal))) + " cannot be the principal of " + what;
  if (!applies(declared->applies->resources, resource))
    return "a " + std::string(names_.text(names_.type_of(resource))) + " cannot be the resource of " + what;
  return record(context, declared->context, "the context of " + what);
}

}  // namespace libguard::policy::cedar
