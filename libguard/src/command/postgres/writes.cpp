// What a write reaches: the table itself, tables behind views, partitions, triggers, rules and foreign keys.
#include <algorithm>

#include "command/postgres/analysis.h"

namespace libguard::command::postgres {
namespace {

// A chain of cascading foreign keys longer than this is not followed but doubted.
constexpr int kCascadeDepthMax = 16;

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool own_trigger(const CatalogueTrigger& trigger, std::string_view event) {
  return !trigger.internal && contains(trigger.events, event);
}

}  // namespace

bool Analysis::plain_target(const Relation& relation, std::string_view event) const {
  if (relation.is_view()) return false;
  if (relation.entry == nullptr) return true;
  if (contains(relation.entry->rule_events, event)) return false;
  for (const CatalogueTrigger& trigger : relation.entry->triggers) {
    if (own_trigger(trigger, event)) return false;
  }
  for (const Relation* child : relation.children) {
    if (!plain_target(*child, event)) return false;
  }
  return true;
}

// Code that the statement does not show: each is a reason to ask.
void Analysis::opaque_parts(const Relation& relation, std::string_view event) {
  if (relation.entry == nullptr) return;
  for (const CatalogueTrigger& trigger : relation.entry->triggers) {
    if (!own_trigger(trigger, event)) continue;
    facts_.doubt("opaque_trigger " + trigger.name);
  }
  if (contains(relation.entry->rule_events, event)) {
    facts_.doubt("opaque_rule " + relation.full);
    facts_.destructive = true;
  }
}

void Analysis::write_base(const Relation& relation, const Write& write) {
  facts_.write(relation.full);
  Touch touch{.action = std::string(write.action),
              .object = relation.full,
              .oid = relation.entry != nullptr ? relation.entry->oid : 0,
              .bound = write.bound.bound,
              .rows_bound = write.bound.bound == Bound::eq ? write.bound.rows : kUnproven,
              .columns_written = write.columns,
              .system = relation.system,
              .through_view = !write.named};
  facts_.touch(std::move(touch));
  opaque_parts(relation, write.action);
}

void Analysis::write(const Relation& relation, const Write& write) {
  if (facts_.explain_only) {
    if (write.named) facts_.read(relation);
    facts_.touch({.action = "select",
                  .object = relation.full,
                  .oid = relation.entry != nullptr ? relation.entry->oid : 0,
                  .bound = Bound::eq,
                  .rows_bound = kUnproven,
                  .columns_written = {},
                  .system = relation.system,
                  .through_view = !write.named});
    return;
  }
  facts_.effect(CommandEffect::write);
  if (write.action != "insert" && write.bound.bound <= Bound::tautology) facts_.destructive = true;
  if (relation.is_view()) {
    facts_.touch({.action = std::string(write.action),
                  .object = relation.full,
                  .oid = relation.entry->oid,
                  .bound = write.bound.bound,
                  .rows_bound = write.bound.bound == Bound::eq ? write.bound.rows : kUnproven,
                  .columns_written = write.columns,
                  .system = relation.system,
                  .through_view = !write.named});
    opaque_parts(relation, write.action);
    const View* view = relation.view.get();
    if (view != nullptr) {
      for (const CalledFunction& function : view->functions) facts_.function(function);
    }
    const Relation* base = view != nullptr ? view->base : nullptr;
    if (base == nullptr) {
      facts_.write(relation.full);
      facts_.doubt("opaque_view " + relation.full);
      return;
    }
    Write behind = write;
    behind.named = false;
    behind.columns.clear();
    for (const std::string& name : write.columns) {
      const std::uint32_t position = relation.position(name);
      if (position >= view->columns.size()) continue;
      const View::Column& column = view->columns[position];
      if (column.direct != nullptr) behind.columns.insert(column.direct->columns[column.direct_position]);
    }
    this->write(*base, behind);
    return;
  }
  write_base(relation, write);
  const bool spreads =
      !write.only && (write.action != "insert" || (relation.entry != nullptr && relation.entry->kind == 'p'));
  if (spreads) {
    for (const Relation* child : relation.children) {
      if (!facts_.spend()) return;
      Write below = write;
      below.named = false;
      this->write(*child, below);
    }
  }
  cascade(relation, write, 0);
}

// ON DELETE and ON UPDATE actions of foreign keys that refer to the table.
void Analysis::cascade(const Relation& relation, const Write& write, int depth) {
  if (write.action != "delete" && write.action != "update") return;
  for (const Reference& reference : names_.references_to(relation)) {
    if (!facts_.spend()) return;
    const ForeignKey& key = *reference.key;
    const std::string& action = write.action == "delete" ? key.on_delete : key.on_update;
    if (action == "no action" || action == "restrict" || action.empty()) continue;
    if (write.action == "update" && std::none_of(key.referenced.begin(), key.referenced.end(),
                                                 [&](const auto& column) { return write.columns.contains(column); })) {
      continue;
    }
    Write follows{.action = action == "cascade" && write.action == "delete" ? "delete" : "update",
                  .bound = {std::min(write.bound.bound, Bound::weak), kUnproven},
                  .columns = {}};
    if (follows.action == "update") follows.columns.insert(key.columns.begin(), key.columns.end());
    facts_.touch({.action = std::string(follows.action),
                  .object = reference.from->full,
                  .oid = reference.from->entry->oid,
                  .bound = follows.bound.bound,
                  .rows_bound = kUnproven,
                  .columns_written = follows.columns,
                  .system = reference.from->system,
                  .through_view = true});
    opaque_parts(*reference.from, follows.action);
    if (depth >= kCascadeDepthMax) {
      facts_.doubt("opaque_cascade " + reference.from->full);
    } else if (reference.from != &relation) {
      cascade(*reference.from, follows, depth + 1);
    }
  }
}

}  // namespace libguard::command::postgres
