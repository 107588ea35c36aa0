// Who gets how much, and remedies that nobody can fill.
#include <algorithm>

#include "policy/lint/lint_parts.h"

namespace libguard::policy {
namespace {

using namespace cedar;

bool names_action(const LintState& state, const ActionScope& scope, std::initializer_list<std::string_view> words) {
  if (scope.kind == ScopeKind::any) return true;
  return std::any_of(scope.entities.begin(), scope.entities.end(), [&](EntityIndex entity) {
    return std::find(words.begin(), words.end(), state.words.names.id_of(entity)) != words.end();
  });
}

void check_permit(LintState& state, const BookPolicy& policy) {
  const ParsedPolicy& parsed = policy.parsed;
  bool anybody = parsed.principal.kind == ScopeKind::any || parsed.principal.kind == ScopeKind::is;
  bool anything = parsed.resource.kind == ScopeKind::any || parsed.resource.kind == ScopeKind::is;
  if (!anybody) return;
  if (anything) {
    state.add("over_broad", Severity::warning, policy, policy.effect,
              "this permit lets everybody act on everything of its kind",
              "name a group: principal in Group::\"...\", and a place: resource in Schema::\"...\"");
  } else if (names_action(state, parsed.action, {"admin", "ddl", "dcl", "maintenance"})) {
    state.add("over_broad", Severity::warning, policy, policy.effect,
              "this permit gives everybody administrative actions", "name the group that administers");
  } else if (names_action(state, parsed.action, {"unmask"})) {
    state.add("over_broad", Severity::warning, policy, policy.effect,
              "this permit shows classified values to everybody", "name the group that may see them");
  }
}

void check_remedy(LintState& state, const BookPolicy& policy) {
  const std::string* annotation = policy.parsed.annotation("remedy");
  if (annotation == nullptr) return;
  std::string error;
  auto remedy = parse_remedy(*annotation, error);
  if (policy.parsed.permit || !remedy) {
    state.add("remedy_malformed", Severity::error, policy, policy.effect,
              policy.parsed.permit ? "a permit has nothing to remedy" : "@remedy: " + error,
              "docs/POLICY_FACTS.md lists the remedies");
    return;
  }
  for (const Stage& stage : remedy->stages) {
    int people = 0;
    for (const auto& [name, account] : state.words.frame().accounts) {
      bool member = std::find(account.groups.begin(), account.groups.end(), stage.group) != account.groups.end();
      if (account.human && member) ++people;
    }
    if (people == 0) {
      state.add("remedy_group_empty", Severity::warning, policy, policy.effect,
                "no person is in Group \"" + stage.group + "\", so that nobody can give this approval",
                "put people (human: true) into the group, or name another");
    } else if (people < stage.count) {
      state.add("remedy_group_too_small", Severity::warning, policy, policy.effect,
                "n=" + std::to_string(stage.count) + " approvals are asked of Group \"" + stage.group +
                    "\", which has " + std::to_string(people) + (people == 1 ? " person" : " people"),
                "lower n or add people; nobody approves twice, and nobody their own request");
    }
  }
}

void check_classes(LintState& state) {
  for (const auto& [name, anchor] : state.words.data_classes()) {
    bool ruled = std::any_of(state.book.policies().begin(), state.book.policies().end(), [&](const BookPolicy& policy) {
      const Scope& scope = policy.parsed.resource;
      bool names_one = scope.kind == ScopeKind::equal || scope.kind == ScopeKind::in || scope.kind == ScopeKind::is_in;
      bool above = std::binary_search(anchor.ancestors.begin(), anchor.ancestors.end(), scope.entity);
      return names_one && (scope.entity == anchor.entity || above);
    });
    if (!ruled)
      state.add_note("class_without_rule",
                     "no policy is about DataClass \"" + name + "\": it is always masked, and nobody can search by it",
                     "if that is meant, there is nothing to do; else permit match, infer or unmask on it");
  }
}

}  // namespace

void lint_breadth(LintState& state) {
  for (const BookPolicy& policy : state.book.policies()) {
    if (policy.parsed.permit) check_permit(state, policy);
    check_remedy(state, policy);
  }
  check_classes(state);
}

}  // namespace libguard::policy
