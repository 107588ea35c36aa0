#pragma once
// Reads the tree of one text against the names of one catalogue and writes down facts. One Analysis per text; the parts
// are split by meaning: query.cpp (SELECT), from.cpp, joins.cpp and from_function.cpp (FROM), columns.cpp (names),
// expression.cpp, calls.cpp (functions, operators, casts), dml.cpp, bounds.cpp, bound_keys.cpp, utility.cpp.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "command/postgres/facts.h"
#include "command/postgres/names.h"
#include "command/postgres/node.h"
#include "command/postgres/stable_list.h"

namespace libguard::command::postgres {

// What an expression's value can be derived from.
struct Flow {
  Sources sources;
  std::string_view type;             // "" when not known
  const Relation* direct = nullptr;  // it is this column, unchanged
  std::uint32_t position = 0;
  bool constant = false;                          // a literal, a parameter, or a cast of one
  const Relation* row = nullptr;                  // a whole row of this relation
  const std::vector<Sources>* columns = nullptr;  // of the one function whose rows this is
  Sources operands;                               // and what its arguments come from
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
  StableList<Item> items;
  StableList<Cte> ctes;
  bool recursive = false;
  NodeList from;
  std::vector<OutColumn>* outputs = nullptr;  // ORDER BY and GROUP BY may name them
  NodeList windows;
};

// Where code stands that is not the text of a command: the body of a function, a view, a policy.
struct CodeContext {
  Scope* around = nullptr;                         // its variables
  const std::vector<Flow>* parameters = nullptr;   // $1, $2 ...
  const std::vector<std::string>* path = nullptr;  // its own search path
  bool clash_fails = false;                        // a column and a variable of one name are not told apart
};

struct BoundOf {
  Bound bound = Bound::none;
  std::int64_t rows = kUnproven;
  bool wide = false;  // a range, a pattern, a flag: nothing says that most rows do not satisfy it
};

class Analysis {
 public:
  Analysis(const Names& names, Facts& facts, const CodeContext* code = nullptr)
      : names_(names), facts_(facts), code_(code) {}

  // One statement of the text (the node inside RawStmt).
  void statement(Node node);
  // After the last statement.
  void unwritten_casts();
  // SELECT, INSERT, UPDATE, DELETE or MERGE wherever it stands; `top`: WHERE equalities may count as match.
  std::vector<OutColumn> query(Node node, Scope* outer, bool top);
  // One expression that stands alone, and the code that a value of this type sets off.
  Flow lone_expression(Node node, Scope& scope) { return expression(node, scope); }
  void type_named(std::string_view type);
  void everything(Sources& sources);
  // A type's name as the facts know it: "int4", "public.mood"; "" when it is not known.
  void lone_type(Node type_name) { type_used(type_name); }
  // What assigning a value to this type may show in an error text.
  void assigned_to(std::string_view type, const Flow& value);

 private:
  // names
  [[nodiscard]] const Relation* find_relation(std::string_view schema, std::string_view name) const;
  [[nodiscard]] std::vector<const CatalogueFunction*> find_functions(std::string_view schema,
                                                                     std::string_view name) const {
    return names_.functions(schema, name, code_ != nullptr ? code_->path : nullptr);
  }
  [[nodiscard]] const std::vector<std::string>& search_path() const {
    return code_ != nullptr && code_->path != nullptr ? *code_->path : names_.search_path();
  }
  [[nodiscard]] Scope* around() const { return code_ != nullptr ? code_->around : nullptr; }
  // A variable or parameter of the code around: one value, whatever the row.
  bool is_variable(Node node, Scope& scope);

  // query.cpp
  std::vector<OutColumn> select(Node node, Scope* outer, bool top);
  std::vector<OutColumn> set_operation(Node node, Scope& scope);
  std::vector<OutColumn> values(Node node, Scope& scope);
  std::vector<OutColumn> plain_select(Node node, Scope& scope, bool top);
  std::vector<OutColumn> targets(NodeList list, Scope& scope);
  void star(NodeList fields, Scope& scope, std::vector<OutColumn>& out);
  Sources sort_keys(NodeList list, Scope& scope, bool group);
  Sources sort_key(Node node, Scope& scope, bool group);
  void grouping(Node node, Scope& scope);
  // What it is ordered by.
  Sources window(Node node, Scope& scope);
  Sources named_order(Node over, Scope& scope);
  void lock_rows(Node select, Node lock, Scope& scope);
  std::vector<OutColumn> select_into(Node into, const std::vector<OutColumn>& columns);
  void with(Node clause, Scope& scope);
  void read_cte(Cte& cte, Scope& scope);
  void read_recursive(Cte& cte, Scope& scope);
  std::string_view output_name(Node value);
  // (x).* as columns; false when it is not known which there are.
  bool row_columns(Node value, Scope& scope, std::vector<OutColumn>& out);

  // from.cpp
  void from_list(NodeList list, Scope& scope);
  void add_item(Item item, Scope& scope);
  void from_item(Node node, Scope& scope);
  void from_table(Node node, Scope& scope);
  void from_subquery(Node node, Scope& scope);
  void from_function(Node node, Scope& scope);
  [[nodiscard]] const CatalogueFunction* table_function(Node call_node) const;
  void function_columns(Node call, NodeList definitions, Item& item, Scope& scope);
  void row_columns(const Flow& value, Item& item);
  void named_columns(const CatalogueFunction& table, const Flow& value, Item& item);
  [[nodiscard]] bool columns_unknown(Node call, std::string_view columns) const;
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
  void select_touch(const Relation& relation, bool through);
  void read_behind(const Relation& view);

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
  Flow row_field(const Flow& row, std::uint32_t position);
  Flow cast(Node node, Scope& scope);
  Flow choice(Node node, Scope& scope);
  // Every child of a node that only combines values (row, array, JSON and XML constructors ...).
  Flow combine(Node node, Scope& scope);
  Sources list_sources(NodeList list, Scope& scope);
  bool is_match(Node node, Scope& scope, Sources& column);

  // calls.cpp
  Flow call(Node node, Scope& scope);
  // Both give what a user's function behind the operator may show.
  Sources operator_called(NodeList name, std::string_view left = {}, std::string_view right = {});
  Sources compared_with(std::string_view symbol, std::string_view left = {}, std::string_view right = {});
  std::vector<const CatalogueOperator*> user_operators(std::string_view symbol, std::string_view left,
                                                       std::string_view right) const;
  bool excluded(std::string_view given, std::string_view wanted) const;
  void called(std::string_view schema, std::string_view name, const std::vector<Flow>& arguments, bool variadic,
              Flow& result);
  bool may_be_called(const CatalogueFunction& function, const std::vector<Flow>& arguments, bool variadic) const;
  // `operands`: what its arguments come from; null when they are not known.
  void user_function(const CatalogueFunction& function, Flow& result, const Sources* operands = nullptr);
  void functions_behind(const std::string& full, const std::vector<std::string>& types, Flow& result,
                        const Sources* operands = nullptr);
  void named_sequence(Node call);
  bool asks_open_setting(Node call) const;
  void runs_text(Node call);
  void cast_to(Node type_name, Flow& value);
  void type_used(Node type_name);
  void domain_used(std::string_view schema, std::string_view type);

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
  // Triggers, rules, policies and expressions that this event on the relation sets off. No columns: any.
  void set_off(const Relation& relation, std::string_view event, const std::set<std::string>& columns);
  void set_off_code(const Relation& relation, std::string_view event);
  void move_rows(const Relation& relation);
  void policies(const Relation& relation);
  void write_view(const Relation& relation, const Write& write);
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

  // definition.cpp: what is made and changed
  bool definition(Node node);
  bool creation(Node node);
  void create_in_schema(Node node);
  void create_as(Node node);
  void create_view(Node node);
  void create_table(Node node, std::string_view kind);
  void ddl(std::string_view kind, std::string object, bool destructive = true);
  void ddl_on(std::string_view kind, Node range);
  std::string written_name(Node range);
  void walk(Node node, int depth);

  // drops.cpp
  void drop(Node node);
  void drop_named(Node node, Node object);
  void drop_columns_of(std::string_view type);
  void dropped_too(const Relation& relation);
  void taken_along(const Relation& relation, bool cascade);
  void renamed(Node node, std::string_view kind);

  // privileges.cpp
  bool privilege(Node node);
  void grant(Node node);
  void dcl(std::string object);

  void note_single_call(Node statement);
  void do_block(Node node);
  void call_procedure(Node node);
  void schema_changed();

  const Names& names_;
  Facts& facts_;
  const CodeContext* code_;
  const LgNode* single_call_ = nullptr;  // the one call of the statement, with constant arguments
  bool calling_once_ = false;
  bool calling_procedure_ = false;
  std::set<std::string> cascaded_;
  std::string new_schema_;  // within CREATE SCHEMA: where names without a schema land
};

}  // namespace libguard::command::postgres
