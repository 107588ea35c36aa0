#pragma once
// Reads the tree of one text against the names of one catalogue and writes down facts. One Analysis per text; the parts
// are split by meaning: query.cpp (SELECT), from.cpp (FROM), columns.cpp (names), expression.cpp, calls.cpp (functions,
// operators, casts), dml.cpp, bounds.cpp, utility.cpp.

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/postgres/facts.h"
#include "command/postgres/names.h"
#include "command/postgres/node.h"

namespace libguard::command::postgres {

// What an expression's value can be derived from.
struct Flow {
  Sources sources;
  std::string_view type;             // "" when not known
  const Relation* direct = nullptr;  // it is this column, unchanged
  std::uint32_t position = 0;
  bool constant = false;          // a literal, a parameter, or a cast of one
  const Relation* row = nullptr;  // a whole row of this relation
};

// One entry of FROM, or the target of a write.
struct Item {
  Node node;
  std::string_view alias;
  const Relation* relation = nullptr;     // a plain relation: its columns, unless renamed
  bool own_name = false;                  // no alias: schema.table.column works too
  std::vector<std::string_view> renamed;  // first columns of `relation`
  std::vector<OutColumn> columns;         // a derived table
  Sources open_sources;                   // unknown further columns come from these
  bool open = false;
  bool hidden = false;          // inside a join that has an alias: seen only through it
  bool qualified_only = false;  // EXCLUDED, OLD, NEW: never found without a prefix
};

struct Cte {
  std::string_view name;
  Node node;
  enum class State { waiting, reading, done } state = State::waiting;
  std::vector<OutColumn> columns;
  bool open = false;
};

struct Scope {
  explicit Scope(Scope* scope) : outer(scope) {}
  Scope* outer;
  std::deque<Item> items;
  std::deque<Cte> ctes;
  bool recursive = false;
  NodeList from;
  std::vector<OutColumn>* outputs = nullptr;  // ORDER BY and GROUP BY may name them
  NodeList windows;
};

struct BoundOf {
  Bound bound = Bound::none;
  std::int64_t rows = kUnproven;
};

class Analysis {
 public:
  Analysis(const Names& names, Facts& facts) : names_(names), facts_(facts) {}

  // One statement of the text (the node inside RawStmt).
  void statement(Node node);
  // After the last statement.
  void unwritten_casts();
  // SELECT, INSERT, UPDATE, DELETE or MERGE wherever it stands; `top`: WHERE equalities may count as match.
  std::vector<OutColumn> query(Node node, Scope* outer, bool top);

 private:
  // query.cpp
  std::vector<OutColumn> select(Node node, Scope* outer, bool top);
  std::vector<OutColumn> set_operation(Node node, Scope& scope);
  std::vector<OutColumn> values(Node node, Scope& scope);
  std::vector<OutColumn> plain_select(Node node, Scope& scope, bool top);
  std::vector<OutColumn> targets(NodeList list, Scope& scope);
  void star(NodeList fields, Scope& scope, std::vector<OutColumn>& out);
  void sort_keys(NodeList list, Scope& scope, bool group);
  void sort_key(Node node, Scope& scope, bool group);
  void grouping(Node node, Scope& scope);
  void window(Node node, Scope& scope);
  void lock_rows(Node select, Node lock, Scope& scope);
  std::vector<OutColumn> select_into(Node into, const std::vector<OutColumn>& columns);
  void with(Node clause, Scope& scope);
  void read_cte(Cte& cte, Scope& scope);
  void read_recursive(Cte& cte, Scope& scope);
  std::string_view output_name(Node value);

  // from.cpp
  void from_list(NodeList list, Scope& scope);
  void add_item(Item item, Scope& scope);
  void from_item(Node node, Scope& scope);
  void from_table(Node node, Scope& scope);
  void from_subquery(Node node, Scope& scope);
  void from_function(Node node, Scope& scope);
  void function_columns(Node call, NodeList definitions, Item& item, Scope& scope);
  void from_join(Node node, Scope& scope);
  void from_xml_table(Node node, Scope& scope);
  void from_json_table(Node node, Scope& scope);
  void json_columns(NodeList columns, const Sources& sources, Item& item, Scope& scope);
  std::vector<OutColumn> columns_of(Node node, Scope& scope);
  std::vector<OutColumn> item_columns(const Item& item);
  void apply_alias(Node alias, Item& item);
  void rename(std::vector<OutColumn>& columns, NodeList names, const Sources& further);
  Cte* find_cte(std::string_view name, Scope& scope, Scope*& owner);
  // The relation of a RangeVar; null after fail().
  const Relation* relation_of_range(Node range);
  void read_relation(const Relation& relation);

  // columns.cpp
  Flow column_reference(Node node, Scope& scope);
  std::optional<Flow> find_column(std::string_view name, Scope& scope);
  std::optional<Flow> column_of(const Item& item, std::string_view name);
  Item* find_item(std::string_view schema, std::string_view name, Scope& scope);
  Flow qualified(Item& item, std::string_view column);
  Flow whole_row(const Item& item);
  Sources column_sources(const Relation& relation, std::uint32_t position);
  Flow relation_column(const Relation& relation, std::uint32_t position);

  // expression.cpp
  Flow expression(Node node, Scope& scope);
  void predicate(Node node, Scope& scope, bool match_allowed);
  Flow operation(Node node, Scope& scope);
  Flow row_comparison(Node node, Scope& scope);
  Flow sublink(Node node, Scope& scope);
  Flow indirection(Node node, Scope& scope);
  Flow cast(Node node, Scope& scope);
  Flow choice(Node node, Scope& scope);
  // Every child of a node that only combines values (row, array, JSON and XML constructors ...).
  Flow combine(Node node, Scope& scope);
  Sources list_sources(NodeList list, Scope& scope);
  bool is_match(Node node, Scope& scope, Sources& column);

  // calls.cpp
  Flow call(Node node, Scope& scope);
  void operator_called(NodeList name, std::string_view left = {}, std::string_view right = {});
  void compared_with(std::string_view symbol, std::string_view left = {}, std::string_view right = {});
  std::vector<const CatalogueOperator*> user_operators(std::string_view symbol, std::string_view left,
                                                       std::string_view right) const;
  bool excluded(std::string_view given, std::string_view wanted) const;
  void called(std::string_view schema, std::string_view name, const std::vector<Flow>& arguments, bool variadic,
              Flow& result);
  bool may_be_called(const CatalogueFunction& function, const std::vector<Flow>& arguments, bool variadic) const;
  void user_function(const CatalogueFunction& function, Flow& result);
  void cast_to(Node type_name, Flow& value);
  void type_used(Node type_name);
  void everything(Sources& sources);

  // dml.cpp
  std::vector<OutColumn> insert(Node node, Scope* outer);
  std::vector<OutColumn> update(Node node, Scope* outer);
  std::vector<OutColumn> remove(Node node, Scope* outer);
  std::vector<OutColumn> merge(Node node, Scope* outer);
  Item* target(Node range, Scope& scope);
  void insert_values(Node node, Scope& scope, const Relation& relation, const std::vector<std::string_view>& columns);
  void insert_columns(Node node, Scope& scope, const Relation& relation, std::vector<std::string_view>& columns);
  void on_conflict(Node clause, Scope& scope, const Relation& relation);
  std::set<std::string> set_list(NodeList list, Scope& scope, const Relation& relation, bool values_known);
  void assign(const Relation& relation, std::string_view column, Node value, Scope& scope, bool known_allowed);
  std::vector<OutColumn> returning(Node clause, Scope& scope, Item* item);
  struct Write {
    std::string_view action;
    BoundOf bound;
    std::set<std::string> columns;
    bool only = false;  // ONLY: no children
    bool named = true;  // in the text itself
  };
  void write(const Relation& relation, const Write& write);
  void write_base(const Relation& relation, const Write& write);
  void opaque_parts(const Relation& relation, std::string_view event);
  void cascade(const Relation& relation, const Write& write, int depth);
  bool plain_target(const Relation& relation, std::string_view event) const;

  // bounds.cpp
  friend class BoundReader;
  BoundOf bound_of(Node where, Scope& scope, Item& target);

  // utility.cpp: everything that is not a query
  bool session(Node node);
  bool transaction_or_prepared(Node node);
  bool maintenance(Node node);
  void explain(Node node);
  void copy(Node node);
  void copy_from(Node node);
  void truncate(Node node);
  void truncate_relation(const Relation& relation, bool cascade, int depth);
  void maintain(std::string_view kind, std::string object);
  std::string object_of(Node range);

  // definition.cpp: DDL and DCL
  bool definition(Node node);
  bool privilege(Node node);
  bool creation(Node node);
  void create_as(Node node);
  void create_view(Node node);
  void create_table(Node node, std::string_view kind);
  void drop(Node node);
  void drop_named(Node node, Node object);
  void grant(Node node);
  void ddl(std::string_view kind, std::string object, bool destructive = true);
  void ddl_on(std::string_view kind, Node range);
  std::string written_name(Node range);
  void walk(Node node, int depth);

  const Names& names_;
  Facts& facts_;
};

}  // namespace libguard::command::postgres
