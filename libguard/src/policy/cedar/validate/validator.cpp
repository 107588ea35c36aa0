#include "policy/cedar/validate/validator.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::size_t kCandidatesMax = 500;
// Looks at one policy over all environments; past it the schema is too large to check policies that name no action.
constexpr std::size_t kEnvironmentsMax = 5'000'000;

// What a condition can tell environments apart by; those that are alike for it are checked once.
struct Uses {
  bool principal = false;
  bool action = false;
  bool resource = false;
  bool context = false;

  explicit Uses(const Expression& body) {
    for (const Node& node : body.nodes) {
      if (node.op != Op::variable) continue;
      auto variable = static_cast<Variable>(node.detail);
      principal = principal || variable == Variable::principal;
      action = action || variable == Variable::action;
      resource = resource || variable == Variable::resource;
      context = context || variable == Variable::context;
    }
  }
  using Key = std::tuple<Symbol, EntityIndex, Symbol, TypeIndex>;
  [[nodiscard]] Key key(const Environment& here) const {
    return {principal ? here.principal : 0, action ? here.action->uid : 0, resource ? here.resource : 0,
            context ? here.action->context : 0};
  }
};

template <typename Ids>
bool meet(const Ids& a, const Ids& b) {
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() && right != b.end()) {
    if (*left == *right) return true;
    *left < *right ? ++left : ++right;
  }
  return false;
}

}  // namespace

Validator::Validator(const Schema& schema, Names& names) : checked_(schema, names) {
  for (const EntityType& entity : schema.entities()) all_types_.push_back(entity.name);
  std::sort(all_types_.begin(), all_types_.end());
}

std::string Validator::nearest_type(Symbol type) const {
  std::vector<std::string> known;
  for (const EntityType& entity : checked_.schema.entities()) {
    if (known.size() < kCandidatesMax) known.emplace_back(checked_.names.text(entity.name));
  }
  std::string near = text::nearest(checked_.names.text(type), known);
  return near.empty() ? near : "did you mean `" + near + "`?";
}

std::string Validator::nearest_action(EntityIndex action) const {
  std::vector<std::string> known;
  for (const ActionType& one : checked_.schema.actions()) {
    if (known.size() < kCandidatesMax) known.push_back(checked_.names.display(one.uid));
  }
  std::string near = text::nearest(checked_.names.display(action), known);
  return near.empty() ? near : "did you mean " + near + "?";
}

void Validator::check_type(Symbol type, std::size_t offset, Findings& findings) {
  std::string_view name = checked_.names.text(type);
  if (is_action_type(name) || checked_.schema.entity(type) != nullptr) return;
  findings.add({"unknown_entity_type", offset, "there is no entity type `" + text::visible(name) + "`",
                nearest_type(type), false});
}

void Validator::check_entity(EntityIndex entity, std::size_t offset, Findings& findings) {
  Symbol type = checked_.names.type_of(entity);
  check_type(type, offset, findings);
  std::string shown = text::visible(checked_.names.display(entity));
  if (is_action_type(checked_.names.text(type))) {
    if (checked_.schema.action(entity) == nullptr)
      findings.add({"unknown_action", offset, "there is no action " + shown, nearest_action(entity), false});
    return;
  }
  const EntityType* declared = checked_.schema.entity(type);
  if (declared != nullptr && !declared->allows_id(checked_.names.id_of(entity)))
    findings.add({"invalid_enum_id", offset, "the schema lists every id of this type, and not " + shown, "", false});
}

// Dead code may be ill-typed, but what it names must exist.
void Validator::check_names(const ParsedPolicy& policy, Findings& findings) {
  for (const Scope* scope : {&policy.principal, &policy.resource}) {
    bool typed = scope->kind == ScopeKind::is || scope->kind == ScopeKind::is_in;
    if (typed) check_type(scope->type, scope->offset, findings);
    if (scope->kind != ScopeKind::any && scope->kind != ScopeKind::is && !scope->slot)
      check_entity(scope->entity, scope->offset, findings);
  }
  for (EntityIndex action : policy.action.entities) check_entity(action, policy.action.offset, findings);
  for (NodeIndex index = 0; index < policy.body.nodes.size(); ++index) {
    const Node& node = policy.body.nodes[index];
    std::size_t offset = index < policy.body.offsets.size() ? policy.body.offsets[index] : policy.offset;
    if (node.op == Op::literal && node.value.kind == Kind::entity) check_entity(node.value.entity, offset, findings);
    if (node.op == Op::is || node.op == Op::is_in) check_type(node.b, offset, findings);
  }
}

std::vector<const ActionType*> Validator::actions_of(const ActionScope& scope) const {
  std::vector<const ActionType*> out;
  if (scope.kind == ScopeKind::equal) {
    if (const ActionType* one = checked_.schema.action(scope.entities.front())) out.push_back(one);
    return out;
  }
  for (EntityIndex group : scope.entities) {
    if (checked_.schema.action(group) == nullptr) return {};
  }
  for (const ActionType& action : checked_.schema.actions()) {
    if (scope.kind == ScopeKind::any || truth_of(scope, action.uid) == Truth::yes) out.push_back(&action);
  }
  return out;
}

std::vector<Symbol> Validator::types_of(const Scope& scope) const {
  const Names& names = checked_.names;
  if (scope.kind == ScopeKind::any) return all_types_;
  if (scope.kind == ScopeKind::is || scope.kind == ScopeKind::is_in) {
    bool known = is_action_type(names.text(scope.type)) || checked_.schema.entity(scope.type) != nullptr;
    bool inside = scope.kind == ScopeKind::is || scope.slot || may_be_in(scope.type, names.type_of(scope.entity));
    return known && inside ? std::vector<Symbol>{scope.type} : std::vector<Symbol>{};
  }
  if (scope.slot) return all_types_;
  Symbol type = names.type_of(scope.entity);
  if (scope.kind == ScopeKind::equal) return {type};
  std::vector<Symbol> out;
  for (Symbol one : all_types_) {
    if (one != type && may_be_in(one, type)) out.push_back(one);
  }
  out.insert(std::lower_bound(out.begin(), out.end(), type), type);
  return out;
}

void Validator::check_application(const ParsedPolicy& policy, Findings& findings) {
  std::vector<Symbol> principals = types_of(policy.principal);
  std::vector<Symbol> resources = types_of(policy.resource);
  for (const ActionType* action : actions_of(policy.action)) {
    if (meet(action->applies->principals, principals) && meet(action->applies->resources, resources)) return;
  }
  findings.add({"impossible_action_application", policy.offset,
                "no action of the schema applies to the principals and resources of this scope",
                "compare the scope with `appliesTo` of the action", false});
}

bool Validator::may_be_in(Symbol type, Symbol container) const {
  if (type == container) return true;
  const EntityType* entity = checked_.schema.entity(type);
  return entity != nullptr && std::binary_search(entity->ancestors.begin(), entity->ancestors.end(), container);
}

Validator::Truth Validator::truth_of(const Scope& scope, Symbol type) const {
  if (scope.kind == ScopeKind::any) return Truth::yes;
  if (scope.kind == ScopeKind::is) return scope.type == type ? Truth::yes : Truth::no;
  if (scope.kind == ScopeKind::is_in && scope.type != type) return Truth::no;
  if (scope.slot) return Truth::maybe;
  Symbol named = checked_.names.type_of(scope.entity);
  // What the schema does not know has no type and excludes nothing.
  if (checked_.schema.entity(named) == nullptr && checked_.schema.action(scope.entity) == nullptr) return Truth::maybe;
  bool possible = scope.kind == ScopeKind::equal
                      ? named == type
                      : may_be_in(type, named) || checked_.action_pairs.contains({type, named});
  return possible ? Truth::maybe : Truth::no;
}

Validator::Truth Validator::truth_of(const ActionScope& scope, EntityIndex action) const {
  if (scope.kind == ScopeKind::any) return Truth::yes;
  if (scope.kind == ScopeKind::equal) return scope.entities.front() == action ? Truth::yes : Truth::no;
  const ActionType* declared = checked_.schema.action(action);
  bool inside = false;
  for (EntityIndex group : scope.entities) {
    if (checked_.schema.action(group) == nullptr) return Truth::maybe;
    inside =
        inside || group == action || std::binary_search(declared->ancestors.begin(), declared->ancestors.end(), group);
  }
  return scope.entities.empty() ? Truth::maybe : inside ? Truth::yes : Truth::no;
}

// One named action is found at once, however many the schema has.
std::vector<const ActionType*> Validator::candidates(const ActionScope& scope) const {
  if (scope.kind == ScopeKind::equal) return actions_of(scope);
  std::vector<const ActionType*> out;
  for (const ActionType& action : checked_.schema.actions()) out.push_back(&action);
  return out;
}

void Validator::check_action_list(const ActionScope& scope, Findings& findings) {
  if (scope.kind != ScopeKind::in) return;
  if (scope.entities.empty())
    findings.add({"empty_set_literal", scope.offset, "the list of actions is empty", "name an action", false});
  for (EntityIndex action : scope.entities) {
    if (checked_.names.type_of(action) != checked_.names.type_of(scope.entities.front()))
      findings.add({"incompatible_types", scope.offset, "the actions of a list must be of one type", "", false});
  }
}

void Validator::check_environments(const ParsedPolicy& policy, Findings& findings) {
  Uses uses(policy.body);
  Checker checker(checked_, policy.body, findings);
  std::map<Uses::Key, bool> known;
  bool possible = false;
  std::size_t looks = 0;
  for (const ActionType* action : candidates(policy.action)) {
    bool acts = truth_of(policy.action, action->uid) != Truth::no;
    for (Symbol principal : action->applies->principals) {
      if (truth_of(policy.principal, principal) == Truth::no) continue;
      check_action_list(policy.action, findings);
      if (!acts) break;
      for (Symbol resource : action->applies->resources) {
        if (++looks > kEnvironmentsMax) {
          findings.add(
              {"too_complex", policy.offset, "the schema is too large to check this policy", "name an action", false});
          return;
        }
        if (truth_of(policy.resource, resource) == Truth::no) continue;
        if (policy.body.root == kNoNode) {
          possible = true;
          continue;
        }
        Environment here{principal, action, resource};
        auto [place, fresh] = known.emplace(uses.key(here), false);
        if (fresh) place->second = checker.never(here);
        possible = possible || !place->second;
      }
    }
  }
  if (!possible)
    findings.add(
        {"impossible_policy", policy.offset, "this policy can never apply: no request makes it true", "", true});
}

std::vector<Finding> Validator::check(const ParsedPolicy& policy) {
  Findings findings;
  check_names(policy, findings);
  check_application(policy, findings);
  check_environments(policy, findings);
  return findings.take();
}

std::vector<Finding> Validator::check_link(const ParsedPolicy& policy, const SlotValues& values) {
  Findings findings;
  ParsedPolicy linked;
  linked.principal = policy.principal;
  linked.action = policy.action;
  linked.resource = policy.resource;
  for (auto [scope, value] :
       {std::pair{&linked.principal, values.principal}, std::pair{&linked.resource, values.resource}}) {
    if (!value) continue;
    check_type(checked_.names.type_of(*value), policy.offset, findings);
    scope->entity = *value;
    scope->slot = false;
  }
  linked.offset = policy.offset;
  check_application(linked, findings);
  return findings.take();
}

}  // namespace libguard::policy::cedar
