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

// UPDATE OF: only when one of these columns is set. A generated column follows others.
bool fires(const CatalogueTrigger& trigger, const Relation& relation, std::string_view event,
           const std::set<std::string>& columns) {
  if (!own_trigger(trigger, event)) return false;
  if (event != "update" || trigger.columns.empty() || columns.empty()) return true;
  return std::any_of(trigger.columns.begin(), trigger.columns.end(), [&](const std::string& name) {
    const CatalogueColumn* column = relation.column(relation.position(name));
    return columns.contains(name) || column == nullptr || column->generated;
  });
}

bool has_expressions(const CatalogueRelation& entry) {
  if (!entry.checks.empty()) return true;
  return std::any_of(entry.columns.begin(), entry.columns.end(), [](const CatalogueColumn& column) {
    return !column.expression.empty() || column.type.find('.') != std::string::npos;
  });
}

// Rules and triggers that do the work in the place of the statement.
bool replaced(const CatalogueRelation& entry, std::string_view event) {
  for (const CatalogueRule& rule : entry.rules) {
    if (rule.event == event && rule.instead && !rule.conditional && rule.enabled != 'R') return true;
  }
  return std::any_of(entry.triggers.begin(), entry.triggers.end(), [&](const CatalogueTrigger& trigger) {
    return own_trigger(trigger, event) && trigger.timing == "instead of" && trigger.enabled != 'R';
  });
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

// Code that the statement does not show. A trigger or rule that fires on replicas only counts as well: whether the
// session is one cannot be told from the text.
void Analysis::set_off(const Relation& relation, std::string_view event, const std::set<std::string>& columns) {
  if (relation.entry == nullptr) return;
  const CatalogueRelation& entry = *relation.entry;
  for (const CatalogueTrigger& trigger : entry.triggers) {
    if (!fires(trigger, relation, event, columns)) continue;
    facts_.behind.triggers.insert(relation.full + "." + trigger.name);
    facts_.run({CodeKey::Kind::trigger, &trigger, &relation}, {"opaque_trigger " + trigger.name, false, false, false});
  }
  for (const CatalogueRule& rule : entry.rules) {
    if (rule.event != event) continue;
    facts_.behind.rules.insert(relation.full + "." + rule.name);
    facts_.run({CodeKey::Kind::rule, &rule, &relation}, {"opaque_rule " + relation.full, false, false, false});
  }
  // A catalogue of the first format knows that there is a rule, and not what it does.
  if (entry.rules.empty() && contains(entry.rule_events, event)) {
    facts_.doubt("opaque_rule " + relation.full);
    facts_.destructive = true;
  }
  if (event == "insert" || event == "update") set_off_code(relation, event);
  policies(relation);
}

void Analysis::set_off_code(const Relation& relation, std::string_view event) {
  if (relation.entry == nullptr || !has_expressions(*relation.entry)) return;
  const auto kind = event == "insert" ? CodeKey::Kind::row_insert : CodeKey::Kind::row_update;
  facts_.run({kind, relation.entry, &relation}, {"opaque_expression " + relation.full, false, false, false});
}

// Row security, and what lives on another server.
void Analysis::policies(const Relation& relation) {
  if (relation.entry == nullptr) return;
  if (relation.entry->kind == 'f') {
    facts_.behind.foreign.insert(relation.full);
    facts_.function({.name = "$server." + relation.entry->server, .language = "fdw", .read = false});
  }
  if (!relation.entry->row_security || relation.entry->policies.empty()) return;
  for (const CataloguePolicy& policy : relation.entry->policies) {
    facts_.behind.policies.insert(relation.full + "." + policy.name);
  }
  facts_.run({CodeKey::Kind::policies, relation.entry, &relation},
             {"opaque_policy " + relation.full, false, false, false});
}

// An UPDATE of a partitioned table may move rows: a DELETE here and an INSERT there.
void Analysis::move_rows(const Relation& relation) {
  for (const Relation* child : relation.children) {
    if (!facts_.spend()) return;
    set_off(*child, "delete", {});
    set_off(*child, "insert", {});
    move_rows(*child);
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
  set_off(relation, write.action, write.columns);
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
  const bool unbounded =
      write.bound.bound <= Bound::tautology || (write.bound.bound == Bound::weak && write.bound.wide);
  if (write.action != "insert" && unbounded) facts_.destructive = true;
  if (relation.is_view()) return write_view(relation, write);
  if (relation.entry != nullptr && replaced(*relation.entry, write.action)) {
    // The statement itself writes nothing here; what does is code.
    facts_.touch({.action = std::string(write.action),
                  .object = relation.full,
                  .oid = relation.entry->oid,
                  .bound = write.bound.bound,
                  .rows_bound = kUnproven,
                  .columns_written = write.columns,
                  .system = relation.system,
                  .through_view = !write.named});
    return set_off(relation, write.action, write.columns);
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
    if (write.action == "update" && relation.entry != nullptr && relation.entry->kind == 'p') move_rows(relation);
  }
  cascade(relation, write, 0);
}

void Analysis::write_view(const Relation& relation, const Write& write) {
  facts_.touch({.action = std::string(write.action),
                .object = relation.full,
                .oid = relation.entry->oid,
                .bound = write.bound.bound,
                .rows_bound = write.bound.bound == Bound::eq ? write.bound.rows : kUnproven,
                .columns_written = write.columns,
                .system = relation.system,
                .through_view = !write.named});
  set_off(relation, write.action, write.columns);
  const View* view = relation.view.get();
  if (view != nullptr) {
    for (const CalledFunction& function : view->functions) facts_.function(function);
    for (const CatalogueFunction* function : view->calls) {
      Flow ignored;
      user_function(*function, ignored);
    }
    for (const Relation* behind : view->reads) policies(*behind);
  }
  if (replaced(*relation.entry, write.action)) return;
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
    facts_.behind.cascades.insert(reference.from->full);
    std::string step = std::string(follows.action) + " " + reference.from->full;
    for (const std::string& column : follows.columns) step += " " + column;
    if (!cascaded_.insert(std::move(step)).second) continue;
    facts_.touch({.action = std::string(follows.action),
                  .object = reference.from->full,
                  .oid = reference.from->entry->oid,
                  .bound = follows.bound.bound,
                  .rows_bound = kUnproven,
                  .columns_written = follows.columns,
                  .system = reference.from->system,
                  .through_view = true});
    set_off(*reference.from, follows.action, follows.columns);
    if (action == "set default") set_off_code(*reference.from, "insert");
    if (depth >= kCascadeDepthMax) {
      facts_.doubt("opaque_cascade " + reference.from->full);
    } else {
      cascade(*reference.from, follows, depth + 1);
    }
  }
}

}  // namespace libguard::command::postgres
