#include "guard/definitions.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/crypto.h"

namespace libguard {
namespace {

using crypto::FieldHash;
using Relations = std::map<std::string, const CatalogueRelation*>;

std::int64_t number(std::size_t count) { return static_cast<std::int64_t>(count); }
std::int64_t flag(bool value) { return value ? 1 : 0; }

void add(FieldHash& hash, const std::vector<std::string>& texts) {
  hash.field(number(texts.size()));
  for (const std::string& text : texts) hash.field(text);
}

void add(FieldHash& hash, const CatalogueRelation& relation) {
  hash.field(relation.schema).field(relation.name).field(std::string_view(&relation.kind, 1)).field(relation.oid);
  hash.field(relation.definition).field(number(relation.columns.size()));
  for (const CatalogueColumn& column : relation.columns) {
    hash.field(column.name).field(column.type).field(flag(column.not_null)).field(flag(column.has_default));
    hash.field(flag(column.generated)).field(static_cast<std::int64_t>(column.number));
  }
  hash.field(number(relation.keys.size()));
  for (const CatalogueKey& key : relation.keys) {
    add(hash, key.columns);
    hash.field(flag(key.not_null));
  }
  add(hash, relation.depends);
  add(hash, relation.children);
  add(hash, relation.parents);
}

void add(FieldHash& hash, const ForeignKey& key) {
  hash.field(key.from).field(key.to).field(key.on_delete).field(key.on_update);
  add(hash, key.columns);
  add(hash, key.referenced);
}

// Small and rarely changed, so all of it.
void add_code(FieldHash& hash, const Catalogue& catalogue) {
  hash.field(number(catalogue.functions.size()));
  for (const CatalogueFunction& function : catalogue.functions) {
    hash.field(function.schema).field(function.name).field(function.oid).field(function.body_digest);
    hash.field(function.language).field(std::string_view(&function.volatility, 1)).field(function.result_type);
    add(hash, function.argument_types);
  }
  hash.field(number(catalogue.operators.size()));
  for (const CatalogueOperator& op : catalogue.operators)
    hash.field(op.schema).field(op.name).field(op.left).field(op.right).field(op.function);
  hash.field(number(catalogue.casts.size()));
  for (const CatalogueCast& cast : catalogue.casts) {
    hash.field(cast.source).field(cast.target).field(cast.function).field(std::string_view(&cast.context, 1));
  }
  add(hash, catalogue.types);
  add(hash, catalogue.domains);
  add(hash, catalogue.search_path);
}

bool plain(const CatalogueRelation& relation) {
  return !relation.row_security && relation.rule_events.empty() && relation.kind != 'f' && relation.kind != 'x' &&
         std::all_of(relation.triggers.begin(), relation.triggers.end(),
                     [](const CatalogueTrigger& trigger) { return trigger.internal; });
}

// SET column = 5 is no default; SET column = DEFAULT would be one.
bool gets_a_value(const Command& command, const std::string& column) {
  return std::any_of(command.assigned.begin(), command.assigned.end(),
                     [&](const AssignedValue& assigned) { return assigned.known && assigned.column == column; });
}

// A default is not in the catalogue, only that there is one.
bool fills_a_default(const Command& command, const Touch& touch, const CatalogueRelation& relation) {
  if (touch.action != "insert" && touch.action != "merge" && touch.action != "update") return false;
  return std::any_of(relation.columns.begin(), relation.columns.end(), [&](const CatalogueColumn& column) {
    if (!column.has_default) return false;
    bool named =
        touch.columns_written.contains(column.name) && !gets_a_value(command, touch.object + "." + column.name);
    return touch.action == "update" ? named || column.generated : true;
  });
}

// Every relation that the command touches or that stands behind one; false when one of them is not there or not plain.
bool gather(const Command& command, const Relations& known, Relations& found) {
  std::vector<std::string> waiting(command.reads.begin(), command.reads.end());
  waiting.insert(waiting.end(), command.writes.begin(), command.writes.end());
  for (const Touch& touch : command.touches) {
    auto relation = known.find(touch.object);
    if (relation == known.end() || fills_a_default(command, touch, *relation->second)) return false;
    waiting.push_back(touch.object);
  }
  while (!waiting.empty()) {
    const std::string name = std::move(waiting.back());
    waiting.pop_back();
    auto relation = known.find(name);
    if (relation == known.end() || !plain(*relation->second)) return false;
    if (!found.emplace(name, relation->second).second) continue;
    for (const auto* more : {&relation->second->depends, &relation->second->children, &relation->second->parents})
      waiting.insert(waiting.end(), more->begin(), more->end());
  }
  return true;
}

}  // namespace

std::string definitions_digest(const Command& command, const Catalogue& catalogue) {
  const bool rows_only = command.effect == CommandEffect::read || command.effect == CommandEffect::write;
  const bool vetted = std::all_of(command.functions.begin(), command.functions.end(),
                                  [](const CalledFunction& function) { return function.safe; });
  if (!command.understood || !rows_only || !vetted || !command.doubts.empty()) return {};
  Relations known;
  for (const CatalogueRelation& relation : catalogue.relations)
    known.emplace(relation.schema + "." + relation.name, &relation);
  Relations found;
  if (!gather(command, known, found)) return {};
  FieldHash hash;
  hash.field("libguard definitions 1").field(catalogue.system_identifier).field(catalogue.server_version);
  hash.field(number(found.size()));
  for (const auto& [name, relation] : found) add(hash, *relation);
  for (const ForeignKey& key : catalogue.foreign_keys) {
    if (found.contains(key.from) || found.contains(key.to)) add(hash, key);
  }
  add_code(hash, catalogue);
  return crypto::hex(hash.finish());
}

}  // namespace libguard
