#include "command/postgres/views.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "command/postgres/analysis.h"

namespace libguard::command::postgres {

class ViewReader {
 public:
  explicit ViewReader(Names& names) : names_(names) {}

  void read_all() {
    std::vector<Relation*> waiting;
    for (const auto& relation : names_.relations_) {
      if (relation->is_view() && !relation->system) waiting.push_back(relation.get());
    }
    // Each round reads those whose views are all read; what is left over depends on itself and is taken coarsely.
    while (!waiting.empty()) {
      std::vector<Relation*> later;
      for (Relation* relation : waiting) {
        if (ready(*relation)) {
          read(*relation);
        } else {
          later.push_back(relation);
        }
      }
      if (later.size() == waiting.size()) {
        for (Relation* relation : later) coarse(*relation);
        return;
      }
      waiting.swap(later);
    }
  }

 private:
  [[nodiscard]] bool ready(const Relation& relation) const {
    return std::all_of(relation.entry->depends.begin(), relation.entry->depends.end(), [&](const std::string& name) {
      auto found = names_.by_name_.find(name);
      return found == names_.by_name_.end() || !found->second->is_view() || found->second->system ||
             found->second->view != nullptr || found->second == &relation;
    });
  }

  void read(Relation& relation) {
    const std::string& text = relation.entry->definition;
    if (text.empty() || text.size() > limits::kCommandBytesMax || text.find('\0') != std::string::npos) {
      coarse(relation);
      return;
    }
    Tree tree(text, kTreeDepthMax);
    Node statement = tree.statements()[0].node(F_stmt);
    if (tree.status() != LG_OK || tree.statements().size() != 1 || !statement.is(T_SelectStmt)) {
      coarse(relation);
      return;
    }
    Facts facts(names_);
    const CodeContext context;
    Analysis analysis(names_, facts, &context);
    const std::vector<OutColumn> columns = analysis.query(statement, nullptr, false);
    if (facts.failed() || columns.size() != relation.columns.size()) {
      coarse(relation);
      return;
    }
    auto view = std::make_unique<View>();
    view->parsed = true;
    bool foreign = false;
    for (const OutColumn& column : columns) {
      View::Column& out = view->columns.emplace_back();
      for (ColumnId id : column.sources) {
        if (relation_of(id) < names_.relation_count()) {
          out.sources.add(id);
        } else {
          foreign = true;
        }
      }
      if (column.direct != nullptr && column.direct->id < names_.relation_count()) {
        out.direct = column.direct;
        out.direct_position = column.position;
      }
    }
    note(*view, facts);
    if (foreign) view->doubts.push_back("opaque_view " + relation.full);
    view->base = base_of(statement);
    relation.view = std::move(view);
  }

  void note(View& view, const Facts& facts) {
    std::set<const Relation*> reads;
    for (const Relation* each : facts.relations_read()) {
      if (each->id >= names_.relation_count()) {
        view.doubts.push_back("opaque_view " + each->full);
        continue;
      }
      reads.insert(each);
      if (each->view != nullptr) reads.insert(each->view->reads.begin(), each->view->reads.end());
    }
    view.reads.assign(reads.begin(), reads.end());
    view.functions.assign(facts.functions().begin(), facts.functions().end());
    for (const auto& [key, running] : facts.running()) {
      if (key.kind == CodeKey::Kind::function) {
        view.calls.push_back(static_cast<const CatalogueFunction*>(key.what));
      } else if (key.kind == CodeKey::Kind::domain) {
        view.domains.push_back(static_cast<const CatalogueDomain*>(key.what));
      }
    }
    for (ColumnId id : facts.tested()) {
      if (relation_of(id) < names_.relation_count()) view.tests.add(id);
    }
    view.doubts.insert(view.doubts.end(), facts.doubts().begin(), facts.doubts().end());
    view.packs_rows = facts.packs_rows;
    view.writes = facts.writes_anything() || facts.unsafe;
  }

  // The one relation that a simple view selects from: PostgreSQL sends writes there.
  [[nodiscard]] const Relation* base_of(Node statement) const {
    const NodeList from = statement.list(F_fromClause);
    if (from.size() != 1 || !from[0].is(T_RangeVar) || statement.has(F_withClause)) return nullptr;
    for (PgField clause : {F_distinctClause, F_groupClause, F_havingClause, F_limitCount, F_limitOffset, F_op}) {
      if (statement.has(clause)) return nullptr;
    }
    return names_.relation(from[0].text(F_schemaname), from[0].text(F_relname));
  }

  void coarse(Relation& relation) {
    auto view = std::make_unique<View>();
    Sources all;
    std::set<const Relation*> reads;
    std::vector<const Relation*> todo;
    auto visit = [&](const std::string& name) {
      auto found = names_.by_name_.find(name);
      if (found != names_.by_name_.end() && reads.insert(found->second).second) todo.push_back(found->second);
    };
    for (const std::string& name : relation.entry->depends) visit(name);
    while (!todo.empty()) {
      const Relation* each = todo.back();
      todo.pop_back();
      all.add(column_id(each->id, kWholeRow));
      for (const std::string& name : each->entry->depends) visit(name);
    }
    view->columns.resize(relation.columns.size());
    for (View::Column& column : view->columns) column.sources = all;
    view->reads.assign(reads.begin(), reads.end());
    view->doubts.push_back("opaque_view " + relation.full);
    view->writes = true;  // what it calls is not known
    relation.view = std::move(view);
  }

  Names& names_;
};

void read_views(Names& names) { ViewReader(names).read_all(); }

}  // namespace libguard::command::postgres
