// What reading a relation reaches: partitions, what stands behind a view, policies.
#include "command/postgres/analysis.h"
#include "command/postgres/builtins.h"

namespace libguard::command::postgres {

void Analysis::read_relation(const Relation& relation) {
  facts_.read(relation);
  select_touch(relation, false);
  for (const Relation* child : relation.children) select_touch(*child, true);
  if (relation.view != nullptr) read_behind(relation);
}

void Analysis::select_touch(const Relation& each, bool through) {
  facts_.touch({.action = "select",
                .object = each.full,
                .oid = each.entry != nullptr ? each.entry->oid : 0,
                .bound = Bound::eq,
                .rows_bound = kUnproven,
                .columns_written = {},
                .system = each.system,
                .through_view = through});
  if (each.system && !is_open_system_relation(each.schema, each.name)) facts_.unsafe = true;
  policies(each);
}

// What a view's query does when it runs: on each read of a view, on REFRESH of a materialised one.
void Analysis::read_behind(const Relation& relation) {
  if (relation.view == nullptr) return;
  for (const Relation* behind : relation.view->reads) select_touch(*behind, true);
  for (const CalledFunction& function : relation.view->functions) facts_.function(function);
  for (const CatalogueFunction* function : relation.view->calls) {
    Flow ignored;
    user_function(*function, ignored);
  }
  for (const CatalogueDomain* domain : relation.view->domains) {
    facts_.run({CodeKey::Kind::domain, domain, nullptr}, {"domain_check " + domain->name, false, false, false});
  }
  for (const std::string& doubt : relation.view->doubts) facts_.doubt(doubt);
  facts_.infer(relation.view->tests);
  if (relation.view->packs_rows) facts_.packs_rows = true;
  if (relation.view->writes) facts_.unsafe = true;
}

}  // namespace libguard::command::postgres
