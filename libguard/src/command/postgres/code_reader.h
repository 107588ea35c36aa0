#pragma once
// Reads one piece of code behind statements into a Code: see code.h.

#include <deque>

#include "command/postgres/analysis.h"
#include "command/postgres/code.h"
#include "command/postgres/plpgsql.h"

namespace libguard::command::postgres {

// Any statements of SQL as they stand, without variables. Empty when they were read, else why not.
[[nodiscard]] std::string read_text(const Names& names, const std::string& text, Facts& facts);

class CodeReader {
 public:
  explicit CodeReader(const Names& names) : names_(names) {}
  [[nodiscard]] std::unique_ptr<Code> read(const CodeKey& key);
  // The body of a DO block or of a PL/pgSQL function.
  void read_plpgsql(const std::string& text, Code& code);

 private:
  struct Variable {
    std::string name;
    std::string type;
    std::vector<std::string> labels;
    Sources sources;
    bool row = false;                    // has fields
    const Relation* relation = nullptr;  // whose row it is; null: any record
    bool fixed = false;                  // NEW or OLD: `sources` come on top of the relation's own columns
    std::string type_as_written;
  };

  void read_function(const CatalogueFunction& function, Code& code);
  void read_aggregate(const CatalogueFunction& function, Code& code);
  void read_sql_body(const CatalogueFunction& function, Code& code);
  void read_trigger(const CatalogueTrigger& trigger, const Relation* relation, Code& code);
  void read_rule(const CatalogueRule& rule, const Relation& relation, Code& code);
  void read_row(const Relation& relation, bool insert, Code& code);
  void read_policies(const Relation& relation, Code& code);
  void read_domain(const CatalogueDomain& domain, Code& code);

  // "search_path=..." of a function; false when a setting is not known to be harmless.
  bool settings(const CatalogueFunction& function, Code& code);
  void arguments(const CatalogueFunction& function);
  void rows(const Relation& relation);
  void transition_tables(const CatalogueTrigger& trigger, const Relation& relation, Code& code);
  void expression(const std::string& text, const Relation* relation, Code& code, std::string_view value_type = {});
  void default_arguments(const CatalogueFunction& function, Code& code);
  void finish(Code& code);

  // PL/pgSQL
  struct Parsed {
    std::unique_ptr<Tree> tree;
    std::vector<std::unique_ptr<Tree>> values;
  };
  bool declare(const plpgsql::Body& body, Code& code);
  bool resolve_type(Variable& variable, Code& code);
  bool parse(const plpgsql::Body& body, Code& code);
  void round(const plpgsql::Body& body, Code& code);
  void run(const plpgsql::Piece& piece, const Parsed& parsed, Code& code);
  void run_statement(Node node, const plpgsql::Piece& piece, Scope& scope, Analysis& analysis, Code& code);
  void give(const plpgsql::Piece& piece, const std::vector<OutColumn>& columns, Analysis& analysis, Code& code);
  void assign(const plpgsql::Target& target, const Flow& value, const std::vector<int>& visible, Analysis& analysis,
              Code& code);
  void fill(Scope& scope, const std::vector<int>& visible) const;
  void add_row(Scope& scope, const Variable& variable, std::string_view alias) const;
  Variable* find(std::string_view name, const std::vector<int>& visible);
  bool add_sources(Variable& variable, const Sources& sources);

  const Names& names_;
  CodeContext context_;
  std::vector<std::string> path_;
  std::deque<Variable> variables_;  // arguments and NEW, OLD ... first, then those of the body in its order
  std::size_t own_variables_ = 0;   // how many are not the body's
  std::vector<std::size_t> outputs_;
  std::vector<Flow> parameters_;
  std::vector<Parsed> parsed_;
  std::deque<Cte> tables_;  // transition tables
  std::string result_type_;
  bool changed_ = false;
  bool returned_ = false;
};

}  // namespace libguard::command::postgres
