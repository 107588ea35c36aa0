#include "command/postgres/generated.h"

#include "base/limits.h"
#include "command/postgres/analysis.h"
#include "command/postgres/views.h"

namespace libguard::command::postgres {

class GeneratedReader {
 public:
  explicit GeneratedReader(Names& names) : names_(names) {}

  void read_all() {
    for (const auto& relation : names_.relations_) {
      for (std::uint32_t i = 0; i < relation->columns.size(); ++i) {
        const CatalogueColumn* column = relation->column(i);
        // GENERATED ALWAYS AS IDENTITY has no expression.
        if (column != nullptr && column->generated && !column->expression.empty()) {
          relation->computed[i] = sources(*relation, *column);
        }
      }
    }
  }

 private:
  Sources sources(const Relation& relation, const CatalogueColumn& column) const {
    Sources found;
    if (read(relation, column.expression, found)) return found;
    Sources all;
    for (std::uint32_t i = 0; i < relation.columns.size(); ++i) all.add(column_id(relation.id, i));
    return all;
  }

  // False when it cannot be read: then it may come from any column.
  bool read(const Relation& relation, const std::string& text, Sources& found) const {
    if (text.size() > limits::kCommandBytesMax || text.find('\0') != std::string::npos) return false;
    Tree tree("SELECT " + text, kTreeDepthMax);
    if (tree.status() != LG_OK || tree.statements().size() != 1) return false;
    Node statement = tree.statements()[0].node(F_stmt);
    if (!statement.is(T_SelectStmt)) return false;
    Facts facts(names_);
    const CodeContext context;
    Analysis analysis(names_, facts, &context);
    Scope scope(nullptr);
    Item& item = scope.items.emplace_back();
    item.relation = &relation;
    item.alias = relation.name;
    item.own_name = true;
    for (Node target : statement.list(F_targetList)) {
      found.add(analysis.lone_expression(target.node(F_val), scope).sources);
    }
    return !facts.failed();
  }

  Names& names_;
};

void read_generated(Names& names) { GeneratedReader(names).read_all(); }

}  // namespace libguard::command::postgres
