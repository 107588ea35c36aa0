// What a schema declares, and what a written name means.
#include "policy/cedar/extension.h"
#include "policy/cedar/schema_resolver.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::string_view kPrimitives[] = {"Bool", "Long", "String"};
constexpr std::string_view kExtensions[] = {"ipaddr", "decimal", "datetime", "duration"};

std::string qualified(std::string_view space, std::string_view name) {
  return space.empty() ? std::string(name) : std::string(space) + "::" + std::string(name);
}

std::string_view base(std::string_view name) {
  auto at = name.rfind("::");
  return at == std::string_view::npos ? name : name.substr(at + 2);
}

}  // namespace

void SchemaResolver::fail(std::size_t offset, std::string message) {
  if (good_) error_ = {std::move(message), offset};
  good_ = false;
}

void SchemaResolver::declare_entities(const WrittenNamespace& space) {
  for (const WrittenEntity& entity : space.entities) {
    for (const WrittenName& name : entity.names) {
      if (name.name == "Action") fail(name.offset, "`Action` is the type of actions and cannot be declared");
      if (!entity_names_.insert(qualified(space.name, name.name)).second)
        fail(name.offset, "the entity type `" + name.name + "` is declared twice");
    }
  }
  for (const WrittenCommon& common : space.commons) {
    bool fresh =
        commons_.emplace(qualified(space.name, common.name.name), Common{&common, space.name, kNoType, false}).second;
    if (!fresh) fail(common.name.offset, "the type `" + common.name.name + "` is declared twice");
  }
}

void SchemaResolver::declare_actions(const WrittenNamespace& space) {
  std::string type = qualified(space.name, "Action");
  for (const WrittenAction& action : space.actions) {
    action_types_.insert(type);
    for (const WrittenName& name : action.names) {
      if (!action_uids_.insert(names_.entity(type, name.name)).second)
        fail(name.offset, "the action `" + name.name + "` is declared twice");
    }
  }
}

// A name outside every namespace must mean the same everywhere, so no namespace may declare it again.
void SchemaResolver::check_shadowing() {
  std::set<std::string, std::less<>> inside;
  auto check = [&](const auto& declared, auto name_of, bool collect) {
    for (const auto& entry : declared) {
      std::string_view name = name_of(entry);
      bool plain = name.find("::") == std::string_view::npos;
      if (collect && !plain) inside.emplace(base(name));
      if (!collect && plain && inside.contains(name))
        fail(0, "`" + std::string(name) + "` is declared outside of namespaces and again inside of one");
    }
  };
  for (bool collect : {true, false}) {
    check(
        entity_names_, [](const std::string& name) { return std::string_view(name); }, collect);
    check(
        commons_, [](const auto& entry) { return std::string_view(entry.first); }, collect);
  }
  std::set<std::string_view> ids;
  Symbol plain = names_.symbol("Action");
  for (EntityIndex uid : action_uids_) {
    if (names_.type_of(uid) != plain) ids.insert(names_.id_of(uid));
  }
  for (EntityIndex uid : action_uids_) {
    if (names_.type_of(uid) == plain && ids.contains(names_.id_of(uid)))
      fail(0, "the action " + names_.display(uid) + " is declared outside of namespaces and again inside of one");
  }
}

// Cedar's own types are `__cedar::Long` and, unless the schema takes the name, `Long`.
void SchemaResolver::declare_builtins() {
  TypeIndex primitives[] = {TypeTable::kBoolean, TypeTable::kInteger, TypeTable::kText};
  auto add = [&](std::string_view name, TypeIndex type) {
    Common common;
    common.type = type;
    commons_.emplace(qualified("__cedar", name), common);
    if (!entity_names_.contains(std::string(name))) commons_.emplace(std::string(name), common);
  };
  for (std::size_t i = 0; i < std::size(kPrimitives); ++i) add(kPrimitives[i], primitives[i]);
  for (std::string_view name : kExtensions) add(name, out_.types_.extension(names_.symbol(name)));
}

void SchemaResolver::declare() {
  std::size_t count = 0;
  for (const WrittenNamespace& space : written_.namespaces) {
    for (const WrittenEntity& entity : space.entities) count += entity.names.size();
    for (const WrittenAction& action : space.actions) count += action.names.size();
    count += space.commons.size();
  }
  if (count > limits::kSchemaDeclarationsMax) return fail(0, "the schema declares more than the limit");
  for (const WrittenNamespace& space : written_.namespaces) {
    declare_entities(space);
    declare_actions(space);
  }
  if (good_) check_shadowing();
  declare_builtins();
}

std::string SchemaResolver::lookup(const std::string& name, std::string_view space, Wanted wanted) const {
  std::vector<std::string> possible{name};
  if (!space.empty() && name.find("::") == std::string::npos) possible.insert(possible.begin(), qualified(space, name));
  for (std::string& candidate : possible) {
    if (wanted != Wanted::entity && commons_.contains(candidate)) return std::move(candidate);
    if (wanted != Wanted::common && (entity_names_.contains(candidate) || action_types_.contains(candidate)))
      return std::move(candidate);
  }
  return {};
}

Symbol SchemaResolver::entity_named(const WrittenName& name, std::string_view space) {
  std::string found = lookup(name.name, space, Wanted::entity);
  if (!entity_names_.contains(found)) {
    fail(name.offset, "there is no entity type `" + name.name + "`");
    return 0;
  }
  return names_.symbol(found);
}

TypeIndex SchemaResolver::common(const std::string& name, std::size_t offset, int depth) {
  Common& common = commons_.at(name);
  if (common.type != kNoType) return common.type;
  if (common.open) {
    fail(offset, "the type `" + name + "` contains itself");
    return kNoType;
  }
  common.open = true;
  TypeIndex found = type(common.written->type, common.space, depth + 1);
  common.open = false;
  return common.type = found;
}

TypeIndex SchemaResolver::extension(const std::string& name, std::size_t offset) {
  for (std::string_view known : kExtensions) {
    if (name == known) return out_.types_.extension(names_.symbol(name));
  }
  fail(offset, "there is no extension type `" + name + "`");
  return kNoType;
}

TypeIndex SchemaResolver::named(const WrittenType& written, std::string_view space, int depth) {
  Wanted wanted = written.kind == WrittenType::Kind::common   ? Wanted::common
                  : written.kind == WrittenType::Kind::entity ? Wanted::entity
                                                              : Wanted::any;
  std::string found = lookup(written.name, space, wanted);
  if (found.empty()) {
    fail(written.offset, "there is no type `" + written.name + "`");
    return kNoType;
  }
  if (wanted != Wanted::entity && commons_.contains(found)) return common(found, written.offset, depth);
  return out_.types_.entity(names_.symbol(found));
}

TypeIndex SchemaResolver::record(const WrittenType& written, std::string_view space, int depth) {
  std::vector<Attribute> attributes;
  for (const WrittenAttribute& attribute : written.attributes) {
    attributes.push_back({names_.symbol(attribute.name), type(attribute.type, space, depth + 1), attribute.required});
    if (!good_) return kNoType;
  }
  return out_.types_.record(std::move(attributes));
}

TypeIndex SchemaResolver::type(const WrittenType& written, std::string_view space, int depth) {
  TypeIndex found = kNoType;
  if (depth > 2 * limits::kTypeDepthMax) {
    fail(written.offset, "the type is nested too deeply");
    return kNoType;
  }
  switch (written.kind) {
    case WrittenType::Kind::name:
    case WrittenType::Kind::common:
    case WrittenType::Kind::entity:
      found = named(written, space, depth);
      break;
    case WrittenType::Kind::extension:
      return extension(written.name, written.offset);
    case WrittenType::Kind::boolean:
      return TypeTable::kBoolean;
    case WrittenType::Kind::integer:
      return TypeTable::kInteger;
    case WrittenType::Kind::text:
      return TypeTable::kText;
    case WrittenType::Kind::set:
      found = type(written.element.front(), space, depth + 1);
      if (good_) found = out_.types_.set(found);
      break;
    case WrittenType::Kind::record:
      found = record(written, space, depth);
      break;
  }
  if (good_ && out_.types_.depth(found) > limits::kTypeDepthMax) fail(written.offset, "the type is nested too deeply");
  return good_ ? found : kNoType;
}

}  // namespace libguard::policy::cedar
