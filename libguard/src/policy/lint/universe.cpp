#include "policy/lint/universe.h"

#include <algorithm>

#include "base/text.h"
#include "policy/cedar/policy_set.h"

namespace libguard::policy {
namespace {

// No name of anybody: '%' never stands before such letters in a part of an id.
constexpr const char* kStranger = "%stranger";

cedar::Policy scope_of(const cedar::ParsedPolicy& policy) {
  cedar::Policy out;
  out.principal = policy.principal;
  out.action = policy.action;
  out.resource = policy.resource;
  return out;
}

}  // namespace

bool Reach::empty() const {
  auto none = [](const std::vector<bool>& bits) { return std::find(bits.begin(), bits.end(), true) == bits.end(); };
  return none(principals) || none(targets);
}

bool Reach::within(const Reach& other) const {
  auto covered = [](const std::vector<bool>& a, const std::vector<bool>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] && !b[i]) return false;
    }
    return true;
  };
  return covered(principals, other.principals) && covered(targets, other.targets);
}

Universe::Universe(Vocabulary& words, const Book& book, const Catalogues& catalogues) : words_(words) {
  add_principals();
  add_objects(book, catalogues);
}

void Universe::add_principals() {
  std::map<std::string, bool> groups;
  auto add = [&](Type type, const std::string& name, const std::vector<std::string>& of) {
    NamedAnchor anchor{words_.names.entity(words_.type(type), name), {}};
    for (const std::string& group : of)
      anchor.ancestors.push_back(words_.names.entity(words_.type(Type::group), group));
    std::sort(anchor.ancestors.begin(), anchor.ancestors.end());
    principals_.push_back(std::move(anchor));
  };
  for (const auto& [name, account] : words_.frame().accounts) {
    add(account.human ? Type::user : Type::account, name, account.groups);
    for (const std::string& group : account.groups) groups[group] = true;
  }
  for (const auto& [group, known] : groups) {
    add(Type::account, kStranger + group, {group});
    add(Type::user, kStranger + group, {group});
  }
  add(Type::account, kStranger, {});
  add(Type::user, kStranger, {});
}

void Universe::add_target(const char* action, EntityIndex resource, std::vector<EntityIndex> ancestors,
                          bool tool_call) {
  std::sort(ancestors.begin(), ancestors.end());
  const NamedAnchor* known = words_.action(action);
  if (known != nullptr) targets_.push_back({*known, {resource, std::move(ancestors)}, tool_call});
}

void Universe::add_object(Type type, std::string_view id) {
  EntityIndex entity = words_.names.entity(words_.type(type), id);
  if (!seen_.emplace(entity, true).second) return;
  auto slash = id.find('/');
  if (slash == std::string_view::npos) return;
  std::vector<EntityIndex> above;
  for (const auto& [name, frame] : words_.frame().connections) {
    const ConnectionEntity* connection = words_.connection(name);
    if (connection->part != id.substr(0, slash)) continue;
    above = connection->anchor.ancestors;
    above.push_back(connection->anchor.entity);
  }
  auto dot = id.find('.', slash);
  if (dot != std::string_view::npos) above.push_back(words_.names.entity(words_.type(Type::schema), id.substr(0, dot)));
  if (type == Type::function) {
    add_target("call", entity, above);
    above.push_back(words_.safe_tag());
    return add_target("call", entity, std::move(above));
  }
  for (const char* action : {"select", "insert", "update", "delete", "merge", "ddl", "dcl", "maintenance"})
    add_target(action, entity, above);
}

void Universe::add_objects(const Book&, const Catalogues& catalogues) {
  for (const auto& [name, frame] : words_.frame().connections) {
    const ConnectionEntity* connection = words_.connection(name);
    for (const char* action : {"connect", "session", "ddl", "dcl", "maintenance"})
      add_target(action, connection->anchor.entity, connection->anchor.ancestors);
    add_object(Type::table, connection->part + "/" + kStranger + "." + kStranger);
    add_object(Type::table, connection->part + "/$system." + kStranger);
    add_object(Type::function, connection->part + "/" + kStranger + "." + kStranger);
    add_object(Type::function, connection->part + "/" + kStranger);
    auto catalogue = catalogues.find(name);
    if (catalogue == catalogues.end() || !catalogue->second) continue;
    for (const CatalogueRelation& relation : catalogue->second->relations) {
      if (!relation.system)
        add_object(Type::table, connection->part + "/" + text::entity_part(relation.schema) + "." +
                                    text::entity_part(relation.name));
    }
  }
  for (const auto& [name, anchor] : words_.data_classes()) {
    for (const char* action : {"unmask", "match", "infer"}) add_target(action, anchor.entity, anchor.ancestors);
  }
  std::vector<EntityIndex> tools{words_.names.entity(words_.type(Type::tool), kStranger)};
  for (EntityIndex entity = 0, count = words_.names.entity_count(); entity < count; ++entity) {
    Symbol of = words_.names.type_of(entity);
    std::string id(words_.names.id_of(entity));
    if (of == words_.type(Type::table)) add_object(Type::table, id);
    if (of == words_.type(Type::function)) add_object(Type::function, id);
    if (of == words_.type(Type::schema) && id.find('/') != std::string::npos) {
      add_object(Type::table, id + "." + kStranger);
      add_object(Type::function, id + "." + kStranger);
    }
    if (of == words_.type(Type::tool)) tools.push_back(entity);
    for (const char* action : {"http.get", "http.head", "http.post", "http.put", "http.patch", "http.delete"}) {
      if (of == words_.type(Type::host) || of == words_.type(Type::endpoint)) add_target(action, entity, {});
    }
  }
  for (EntityIndex tool : tools) {
    for (bool tool_call : {false, true}) {
      add_target("use", tool, {}, tool_call);
      for (const auto& [name, frame] : words_.frame().connections)
        add_target("use", tool, words_.connection(name)->anchor.ancestors, tool_call);
    }
  }
}

Reach Universe::reach(const cedar::ParsedPolicy& policy) const {
  cedar::Policy scope = scope_of(policy);
  Reach out;
  cedar::Policy who;
  who.principal = scope.principal;
  cedar::Policy what;
  what.action = scope.action;
  what.resource = scope.resource;
  for (const NamedAnchor& one : principals_)
    out.principals.push_back(scope_matches(who, {{one.entity, one.span()}, {}, {}, nullptr}, words_.names));
  for (const Target& one : targets_) {
    cedar::EvalRequest request{
        {}, {one.action.entity, one.action.span()}, {one.resource.entity, one.resource.span()}, nullptr};
    out.targets.push_back(scope_matches(what, request, words_.names));
  }
  return out;
}

}  // namespace libguard::policy
