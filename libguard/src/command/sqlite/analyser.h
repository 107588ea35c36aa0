#pragma once
// Where values come from and go: resolves the names of a tree in SQLite's order (innermost query first; a result alias
// after the columns; "x" may be text) and follows them through subqueries, CTEs and views. Whatever it cannot place
// sets Lineage::lost, and then only the authorizer is believed.

#include <deque>

#include "command/sqlite/ast.h"
#include "command/sqlite/schema.h"

namespace libguard::command::sqlite {

// One entry of a FROM clause, seen from the names that refer to it.
struct Item {
  std::string_view alias;
  int relation = -1;  // -1: a subquery, CTE or table function
  const std::vector<OutColumn>* columns = nullptr;
  std::vector<OutColumn> own;  // backing store of `columns`
  bool open = false;           // any name resolves, to `open_sources`
  Sources open_sources;
  std::vector<std::string_view> coalesced;  // USING and NATURAL: not repeated by `*`
  std::map<ColumnId, Sources> assigned;     // DML target: what flows into each column before RETURNING reads it
};

struct With;
struct CteState;

struct Scope {
  std::deque<Item> items;
  const std::vector<ResultColumn>* aliases = nullptr;
  Scope* outer = nullptr;
  With* with = nullptr;
  int expanding = 0;  // aliases being looked through
};

struct Resolved {
  bool found = false;
  bool plain = false;
  const Item* item = nullptr;
  Sources sources;
  std::uint64_t weight = 1;
};

class Analyser {
 public:
  // `open_schema`: no catalogue; relations and columns are made as they are named.
  Analyser(const Schema& schema, Schema* open_schema, const Lexed& lexed, Lineage& lineage);
  ~Analyser();

  // `top`: one equality in its WHERE may be a match.
  std::vector<OutColumn> select(const Select& select, Scope* outer, With* with, bool top);
  // Adds FROM items to the scope, with their join conditions.
  void from(const std::vector<FromItem>& items, Scope& scope);
  void add_relation(Scope& scope, int relation, std::string_view alias);
  // The sources of an expression; `tested`: and all of them are tested.
  Sources flow(const Expr& expr, Scope& scope, bool tested);
  void test(const Expr* expr, Scope& scope) {
    if (expr != nullptr) (void)flow(*expr, scope, true);
  }
  void test(const std::vector<Expr*>& exprs, Scope& scope) {
    for (const Expr* expr : exprs) test(expr, scope);
  }
  // A top-level WHERE: AND-ed equalities with one literal or parameter are matches, all else is tested.
  void where(const Expr* expr, Scope& scope);
  std::vector<OutColumn> results(const std::vector<ResultColumn>& columns, Scope& scope);
  Resolved resolve(const Expr& column, Scope& scope);
  int relation_named(std::string_view schema, std::string_view name);

  // Without a catalogue: a column that is named becomes one.
  ColumnId open_column(int relation, std::string_view name) {
    return open_schema_ == nullptr ? column_id(relation, kAllColumns) : open_schema_->add_column(relation, name);
  }
  [[nodiscard]] const Token& token(const Expr& literal) const { return lexed_.tokens[literal.token]; }
  [[nodiscard]] std::uint64_t cores() const { return cores_; }
  With* open_with(const std::vector<Cte>& ctes, Scope* outer, With* parent);

 private:
  struct CoreResult {
    std::vector<OutColumn> columns;
    std::unique_ptr<Scope> scope;
  };

  CoreResult core(const Core& core, Scope* outer, With* with, bool top);
  std::vector<OutColumn> values(const Core& core, Scope* outer, With* with);
  std::vector<OutColumn> compound(const Select& select, Scope* outer, With* with, bool top, CteState* self,
                                  std::unique_ptr<Scope>& last);
  void order_terms(const std::vector<Expr*>& terms, const std::vector<OutColumn>& out, Scope& scope,
                   bool aliases_first);
  [[nodiscard]] bool one_row_each(ColumnId id, const Sources& grouped, const Scope& scope) const;
  bool is_grouped(const Core& core, std::size_t at, const Sources& sources, Scope& scope);
  void bare_columns(const Core& core, std::vector<OutColumn>& out, Scope& scope);
  void from_item(const FromItem& item, Scope& scope);
  void table_function(const FromItem& item, Scope& scope, Item& into);
  void coalesce(const FromItem& item, Scope& scope, std::size_t first_right);
  void add_view(Scope& scope, int relation, Item& item);
  bool cte(std::string_view name, With* with, Item& item);
  void star(const ResultColumn& column, Scope& scope, std::vector<OutColumn>& out);
  void star_item(const Item& item, std::vector<OutColumn>& out);
  bool column_in(const Item& item, std::string_view name, Resolved& into);
  bool resolve_in(const Expr& column, Scope& scope, Resolved& into);
  Sources call(const Expr& expr, Scope& scope, bool tested);
  void name_operator(std::string_view name);
  Sources nested(const Expr& expr, Scope& scope, bool tested);
  void infer(const Sources& sources) { merge(lineage_.infer, sources); }
  void place(const Sources& sources) { merge(lineage_.placed, sources); }
  void charge(std::uint64_t cores);
  // Counts steps and depth: 64 KiB of text must not make the analysis run, or recurse, without bound.
  struct Step {
    explicit Step(Analyser& of);
    ~Step() { --analyser.depth_; }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    Analyser& analyser;
    bool allowed;
  };

  const Schema& schema_;
  Schema* open_schema_;
  const Lexed& lexed_;
  Lineage& lineage_;
  std::deque<std::unique_ptr<With>> withs_;
  int steps_ = 0;
  int depth_ = 0;
  std::uint64_t weight_ = 0;  // leaves named so far
  std::uint64_t cores_ = 0;   // queries after expansion
};

struct CteState {
  const Cte* cte = nullptr;
  enum { fresh, running, done } state = fresh;
  bool recursive = false;
  std::uint64_t cores = 0;
  std::vector<OutColumn> columns;
};

struct With {
  With* parent = nullptr;
  Scope* outer = nullptr;
  std::deque<CteState> ctes;
};

// Computes a view's lineage (and first that of the views below it) into the schema.
const View* compile_view(Schema& schema, int relation);

}  // namespace libguard::command::sqlite
