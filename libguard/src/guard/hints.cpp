#include "guard/hints.h"

#include <algorithm>

#include "base/text.h"
#include "command/understander.h"

namespace libguard {
namespace {

const CatalogueRelation* relation_of(const Touch& touch, const Catalogue& catalogue) {
  auto found = std::find_if(catalogue.relations.begin(), catalogue.relations.end(), [&](const CatalogueRelation& r) {
    return touch.object.size() == r.schema.size() + 1 + r.name.size() && touch.object.starts_with(r.schema) &&
           touch.object.ends_with(r.name);
  });
  return found == catalogue.relations.end() ? nullptr : &*found;
}

// The shortest key of which no column may be NULL.
const CatalogueKey* best_key(const CatalogueRelation& relation) {
  const CatalogueKey* best = nullptr;
  for (const CatalogueKey& key : relation.keys) {
    if (key.not_null && (best == nullptr || key.columns.size() < best->columns.size())) best = &key;
  }
  return best;
}

bool changes_unnamed_rows(const Touch& touch) {
  return (touch.action == "update" || touch.action == "delete" || touch.action == "merge") && !touch.through_view &&
         !touch.system && touch.bound != Bound::eq;
}

// Kept for the process: it knows no names, so it serves every connection of its dialect.
const command::Understander& without_catalogue(Dialect dialect) {
  static const auto postgres = command::understander_without_catalogue(Dialect::postgres);
  static const auto sqlite = command::understander_without_catalogue(Dialect::sqlite);
  return dialect == Dialect::postgres ? *postgres : *sqlite;
}

}  // namespace

std::string key_hint(const Command& command, const Catalogue& catalogue) {
  if (!command.understood) return {};
  for (const Touch& touch : command.touches) {
    if (!changes_unnamed_rows(touch)) continue;
    const CatalogueRelation* relation = relation_of(touch, catalogue);
    const CatalogueKey* key = relation == nullptr ? nullptr : best_key(*relation);
    if (key == nullptr) continue;
    std::string columns;
    for (const std::string& column : key->columns) columns += (columns.empty() ? "" : ", ") + text::visible(column);
    return " Rows of " + text::visible(relation->name) + " are named by " + columns + ".";
  }
  return {};
}

std::shared_ptr<const Command> assumed_command(const Command& command, const Catalogue& catalogue) {
  auto found = without_catalogue(catalogue.dialect).understand(command.text, command.params);
  if (!found->understood) return nullptr;
  auto assumed = std::make_shared<Command>(*found);
  assumed->connection = catalogue.connection;
  std::erase(assumed->doubts, "no_catalogue");
  // Only what policy is asked about is of interest; nobody can run this.
  assumed->runnable = false;
  assumed->not_runnable_code = "command.assumed";
  const std::vector<std::string>& path = catalogue.search_path;
  if (path.empty() || std::find(path.begin(), path.end(), "public") != path.end()) return assumed;
  for (Touch& touch : assumed->touches) {
    if (touch.object.starts_with("public.")) touch.object.replace(0, 6, path.front());
  }
  return assumed;
}

}  // namespace libguard
