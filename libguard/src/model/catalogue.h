#pragma once
// What the names in a command mean: one immutable snapshot of a database's schema. Loaded by backend/, read by
// command/, dumped by `libguard catalogue dump`. Plain values; shared by threads as shared_ptr<const Catalogue>.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace libguard {

enum class Dialect { sqlite, postgres };
[[nodiscard]] const char* to_string(Dialect dialect) noexcept;

struct CatalogueColumn {
  std::string name{};
  std::string type{};  // "int4", "text", "public.mood"; SQLite: the declared type
  bool not_null = false;
  bool has_default = false;  // DEFAULT, identity or generated
  bool generated = false;
  std::int16_t number = 0;   // PostgreSQL attnum; SQLite: cid + 1
  std::string expression{};  // PostgreSQL: what the server computes for it (DEFAULT or GENERATED), as text
};

// A set of columns of which the server promises that no two rows are equal and none is NULL... `not_null` says
// whether the second half holds. Partial, deferrable and expression indexes are never listed here.
struct CatalogueKey {
  std::vector<std::string> columns{};
  bool not_null = false;
};

struct CatalogueTrigger {
  std::string name{};
  std::string function{};              // "schema.name", PostgreSQL
  std::vector<std::string> events{};   // insert | update | delete | truncate
  bool internal = false;               // foreign-key enforcement
  char enabled = 'O';                  // 'O' always but on replicas | 'A' always | 'R' on replicas only
  std::string timing{};                // before | after | instead of
  bool per_statement = false;          // else FOR EACH ROW
  std::vector<std::string> columns{};  // UPDATE OF these
  std::string definition{};            // its CREATE TRIGGER text, when it has a WHEN or transition tables
};

// A rewrite rule that is not a view's own SELECT.
struct CatalogueRule {
  std::string name{};
  std::string event{};  // insert | update | delete | select
  bool instead = false;
  bool conditional = false;  // it has a WHERE
  char enabled = 'O';
  std::string definition{};  // its CREATE RULE text
};

// A row security policy.
struct CataloguePolicy {
  std::string name{};
  std::string command{};  // all | select | insert | update | delete
  bool restrictive = false;
  std::string using_expression{};
  std::string check_expression{};
};

struct ForeignKey {
  std::string from;       // "schema.table" that refers
  std::string to;         // "schema.table" referred to
  std::string on_delete;  // "no action" | "restrict" | "cascade" | "set null" | "set default"
  std::string on_update;
  std::vector<std::string> columns;     // of `from`
  std::vector<std::string> referenced;  // of `to`
};

// One column of a view and what it can be derived from; empty sources = nothing; `unknown` = could be anything of
// the view's relations.
struct ViewColumnSource {
  std::string column;
  std::vector<std::string> sources;  // "schema.table.column"
};

struct CatalogueRelation {
  std::string schema;
  std::string name;
  // PostgreSQL relkind: 'r' table, 'p' partitioned, 'v' view, 'm' materialised, 'f' foreign, 'S' sequence,
  // 't' toast; SQLite: 'r', 'v', 'x' virtual, 's' shadow.
  char kind = 'r';
  std::int64_t oid = 0;
  bool system = false;  // pg_catalog, information_schema, sqlite_*, shadow tables
  bool temporary = false;
  std::vector<CatalogueColumn> columns;
  std::vector<CatalogueKey> keys;
  std::string definition;             // view: its SELECT text; SQLite: the CREATE statement
  std::vector<std::string> depends;   // view: "schema.table" it reads directly, from pg_depend
  std::vector<std::string> children;  // inheritance and partitions, direct
  std::vector<std::string> parents;
  std::vector<CatalogueTrigger> triggers;
  std::vector<std::string> rule_events;  // events with a rewrite rule that is not a view's own SELECT
  bool row_security = false;
  std::vector<CatalogueRule> rules;
  std::vector<CataloguePolicy> policies;
  std::vector<std::string> checks;  // expressions that every write computes: CHECK, index and partition expressions
  std::string server;               // of a foreign table
  // In none of the configured schemas, and tied to nothing in them: code may reach it, a command cannot name it.
  bool beyond = false;
};

struct CatalogueFunction {
  std::string schema;
  std::string name;
  std::int64_t oid = 0;
  std::vector<std::string> argument_types;
  std::string result_type;
  int defaults = 0;  // trailing arguments with a default
  bool variadic = false;
  char kind = 'f';        // 'f' function, 'a' aggregate, 'w' window, 'p' procedure
  char volatility = 'v';  // 'i' | 's' | 'v'
  bool security_definer = false;
  bool returns_set = false;
  std::string language;     // "internal", "c", "sql", "plpgsql"
  std::string body_digest;  // so that a changed body changes the catalogue's version
  bool strict = false;
  std::string body;            // of "sql" and "plpgsql"; "" when it was too large to be loaded
  bool standard_body = false;  // RETURN ... or BEGIN ATOMIC ... END, as the server prints it
  // All arguments, OUT and TABLE columns included; modes: one letter of i o b v t for each, empty when all are IN.
  std::vector<std::string> all_types;
  std::vector<std::string> argument_names;
  std::string argument_modes;
  std::string argument_defaults;      // expressions, separated by commas
  std::vector<std::string> settings;  // SET clauses: "search_path=public"
  std::vector<std::string> parts;     // of an aggregate: the functions that it is made of, "schema.name"
};

struct CatalogueOperator {
  std::string schema;
  std::string name;  // "==="
  std::string left;  // type or ""
  std::string right;
  std::string function;  // "schema.name"
};

struct CatalogueCast {
  std::string source;
  std::string target;
  std::string function;  // "" for binary or I/O casts
  char context = 'e';    // 'i' implicit | 'a' assignment | 'e' explicit
};

struct CatalogueDomain {
  std::string name;  // "schema.name"
  std::string base;
  std::vector<std::string> checks;  // expressions over VALUE
  std::string expression;           // its DEFAULT
};

// Everything that is user-defined, plus the relations of pg_catalog and information_schema by name and columns.
// Built-in functions, operators and casts of PostgreSQL are not loaded: command/ ships its own vetted list.
struct Catalogue {
  Dialect dialect = Dialect::sqlite;
  std::string connection;      // the name in guard.yaml that commands are for; set by guard/, not in the JSON form
  int format = 2;              // 1 had no code in it: functions, triggers, rules and domains of such a file are opaque
  std::string version;         // changes whenever the meaning of a name may have changed; opaque
  std::string server_version;  // "15.18" | "3.40.1"
  std::string system_identifier;
  std::vector<std::string> search_path;  // PostgreSQL: the configured schemas, in order (pg_catalog comes before them)
  std::vector<CatalogueRelation> relations;
  std::vector<CatalogueFunction> functions;
  std::vector<CatalogueOperator> operators;
  std::vector<CatalogueCast> casts;
  std::vector<ForeignKey> foreign_keys;
  std::vector<std::string> types;    // user-defined type names, "schema.name"
  std::vector<std::string> domains;  // of them: domains with a CHECK (their cast runs code)
  std::vector<CatalogueDomain> domain_checks;
  std::vector<CatalogueTrigger> event_triggers;  // on DDL; `events` holds the one event
  std::vector<std::string> server_options;       // anything else a reader should know: "standard_conforming_strings=on"
};

// The JSON form is the FILE of `libguard catalogue dump`. Reading throws Error(invalid, "catalogue.malformed").
[[nodiscard]] std::string to_json_text(const Catalogue& catalogue);
[[nodiscard]] Catalogue catalogue_from_json_text(std::string_view text);

}  // namespace libguard
