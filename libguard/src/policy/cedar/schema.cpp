#include "policy/cedar/schema.h"

#include <algorithm>

#include "policy/cedar/schema_resolver.h"

namespace libguard::policy::cedar {
namespace {

// The pairs of all closures together: 8 bytes each.
constexpr std::size_t kAncestorsMax = 1'000'000;

// Everything above each key; false when that is more than the limit.
template <typename Id, typename Store>
bool close(const ParentsOf<Id>& parents, Store store) {
  std::size_t total = 0;
  for (const auto& [start, direct] : parents) {
    std::vector<Id> all;
    std::vector<Id> waiting = *direct;
    std::set<Id> seen;
    while (!waiting.empty()) {
      Id next = waiting.back();
      waiting.pop_back();
      if (!seen.insert(next).second) continue;
      if (++total > kAncestorsMax) return false;
      if (auto above = parents.find(next); above != parents.end())
        waiting.insert(waiting.end(), above->second->begin(), above->second->end());
    }
    store(start, std::vector<Id>(seen.begin(), seen.end()));
  }
  return true;
}

std::vector<Symbol> sorted(std::vector<Symbol> symbols) {
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  return symbols;
}

}  // namespace

bool is_action_type(std::string_view type) noexcept { return type == "Action" || type.ends_with("::Action"); }

bool EntityType::allows_id(std::string_view id) const {
  return choices == nullptr || std::binary_search(choices->begin(), choices->end(), id, std::less<>());
}

const EntityType* Schema::entity(Symbol type) const {
  auto found = entity_at_.find(type);
  return found == entity_at_.end() ? nullptr : &entities_[found->second];
}

const ActionType* Schema::action(EntityIndex uid) const {
  auto found = action_at_.find(uid);
  return found == action_at_.end() ? nullptr : &actions_[found->second];
}

void SchemaResolver::entities(const WrittenNamespace& space) {
  for (const WrittenEntity& written : space.entities) {
    EntityType entity;
    entity.shape = type(written.shape, space.name, 0);
    if (!good_) return;
    if (!out_.types_.is(entity.shape, TypeKind::record))
      return fail(written.names.front().offset, "`" + written.names.front().name + "` must have the shape of a record");
    if (written.tags) entity.tags = type(*written.tags, space.name, 0);
    if (!written.choices.empty()) {
      std::vector<std::string> choices = written.choices;
      std::sort(choices.begin(), choices.end());
      entity.choices = std::make_shared<const std::vector<std::string>>(std::move(choices));
    }
    std::vector<Symbol> direct;
    for (const WrittenName& parent : written.parents) direct.push_back(entity_named(parent, space.name));
    auto parents = std::make_shared<const std::vector<Symbol>>(sorted(std::move(direct)));
    for (const WrittenName& name : written.names) {
      if (!good_) return;
      entity.name = names_.symbol(space.name.empty() ? name.name : space.name + "::" + name.name);
      if (!parents->empty()) parents_[entity.name] = parents;
      out_.entity_at_.emplace(entity.name, out_.entities_.size());
      out_.entities_.push_back(entity);
    }
  }
}

std::optional<EntityIndex> SchemaResolver::action_named(const WrittenActionName& name, std::string_view space) {
  std::string type = name.type.empty() ? "Action" : name.type;
  std::vector<std::string> possible{type};
  if (!space.empty() && type.find("::") == std::string::npos)
    possible.insert(possible.begin(), std::string(space) + "::" + type);
  for (const std::string& candidate : possible) {
    EntityIndex uid = names_.entity(candidate, name.id);
    if (action_uids_.contains(uid)) return uid;
  }
  fail(name.offset, "there is no action `" + type + "::\"" + name.id + "\"`");
  return std::nullopt;
}

void SchemaResolver::actions(const WrittenNamespace& space) {
  std::string type = space.name.empty() ? "Action" : space.name + "::Action";
  for (const WrittenAction& written : space.actions) {
    auto applies = std::make_shared<AppliesTo>();
    for (const WrittenName& name : written.principals) applies->principals.push_back(entity_named(name, space.name));
    for (const WrittenName& name : written.resources) applies->resources.push_back(entity_named(name, space.name));
    applies->principals = sorted(std::move(applies->principals));
    applies->resources = sorted(std::move(applies->resources));
    ActionType action;
    action.context = this->type(written.context, space.name, 0);
    if (!good_) return;
    if (!out_.types_.is(action.context, TypeKind::record))
      return fail(written.context.offset, "the context of `" + written.names.front().name + "` must be a record");
    action.applies = std::move(applies);
    std::vector<EntityIndex> direct;
    for (const WrittenActionName& parent : written.parents) {
      auto uid = action_named(parent, space.name);
      if (!uid) return;
      direct.push_back(*uid);
    }
    auto parents = std::make_shared<const std::vector<EntityIndex>>(sorted(std::move(direct)));
    for (const WrittenName& name : written.names) {
      action.uid = names_.entity(type, name.name);
      if (!parents->empty()) action_parents_[action.uid] = parents;
      out_.action_at_.emplace(action.uid, out_.actions_.size());
      out_.actions_.push_back(action);
    }
  }
}

void SchemaResolver::close_entities() {
  bool fits = close(parents_, [&](Symbol type, std::vector<Symbol> ancestors) {
    out_.entities_[out_.entity_at_.at(type)].ancestors = std::move(ancestors);
  });
  if (!fits) fail(0, "the hierarchy of entity types is larger than the limit");
}

void SchemaResolver::close_actions() {
  bool fits = close(action_parents_, [&](EntityIndex uid, std::vector<EntityIndex> ancestors) {
    if (std::binary_search(ancestors.begin(), ancestors.end(), uid))
      fail(0, "the action " + names_.display(uid) + " is in itself");
    out_.actions_[out_.action_at_.at(uid)].ancestors = std::move(ancestors);
  });
  if (!fits) fail(0, "the hierarchy of actions is larger than the limit");
}

std::optional<Schema> SchemaResolver::run(SchemaError& error) {
  declare();
  for (auto& [name, common] : commons_) {
    if (good_ && common.written != nullptr) (void)this->common(name, common.written->name.offset, 0);
  }
  for (const WrittenNamespace& space : written_.namespaces) {
    if (good_) entities(space);
    if (good_) actions(space);
  }
  if (good_) close_entities();
  if (good_) close_actions();
  if (good_) return std::move(out_);
  error = std::move(error_);
  return std::nullopt;
}

std::optional<Schema> resolve_schema(const WrittenSchema& written, Names& names, SchemaError& error) {
  return SchemaResolver(written, names).run(error);
}

std::optional<Schema> parse_schema(std::string_view source, Names& names, SchemaError& error) {
  auto written = read_schema_text(source, error);
  return written ? resolve_schema(*written, names, error) : std::nullopt;
}

std::optional<WrittenSchema> read_schema(const Json& json, SchemaError& error) {
  if (json.is_string()) return read_schema_text(json.get_ref<const std::string&>(), error);
  return read_schema_json(json, error);
}

}  // namespace libguard::policy::cedar
