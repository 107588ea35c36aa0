#pragma once
// What a command would do: the one set of facts that policy, approval, masking and the record are given, for every
// backend. Made by command/ only. The zero value is "not understood", which is refused.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/value.h"
#include "model/catalogue.h"

namespace libguard {

enum class CommandEffect { opaque, read, write, ddl, dcl, session, maintenance };

// How surely a write is confined to rows named by key; ordered from worst to best.
//   none       no WHERE at all
//   tautology  a predicate that restricts nothing (no row column, always true, col = col)
//   weak       restricts, but nothing proves to how many rows
//   eq         every unique-key column is equal to a literal or parameter (or IN a list of them)
enum class Bound { none, tautology, weak, eq };

inline constexpr std::int64_t kUnproven = std::numeric_limits<std::int64_t>::max();

// One (action, object) pair. Several touches of one object by one action are merged: the weakest bound wins.
struct Touch {
  std::string action;  // Cedar action: select insert update delete merge truncate(=delete) ddl dcl maintenance
  std::string object;  // "schema.table"; a view as itself *and* its base tables, each their own Touch
  std::int64_t oid = 0;
  Bound bound = Bound::none;              // of update, delete, merge; select/insert: eq
  std::int64_t rows_bound = kUnproven;    // how many keys are named (insert: rows of VALUES); kUnproven when unknown
  std::set<std::string> columns_written;  // update: SET targets; insert: column list (all when absent)
  bool system = false;        // lives in <connection>/$system: policy sees it there, and it reveals every class
  bool through_view = false;  // reached by expansion of a view, trigger, rule or cascade, not named in the text
};

struct RevealedColumn {
  std::string column;             // the result column's name
  std::set<std::string> sources;  // "schema.table.column" that can reach it; "schema.table.*" = all of it
};

struct TestedColumn {
  std::string column;  // "schema.table.column"
  bool match = false;  // true: one top-level AND-ed equality with one literal or parameter; else infer
  auto operator<=>(const TestedColumn&) const = default;
};

struct CalledFunction {
  std::string name;   // "pg_catalog.lower", "public.wipe"; SQLite: "lower"
  bool safe = false;  // vetted built-in: changes nothing, runs no SQL, shows no file, secret or session
  char volatility = 'v';
  bool security_definer = false;
  std::string language = "internal";
  bool strict = false;
  // Its body was read: what it does is in the facts of this command, so that policy is asked for that too.
  bool read = false;
  char runs_sql = 'u';   // 'y' | 'n' | 'u' unknown
  std::string unread{};  // why not: "its language is c"
  auto operator<=>(const CalledFunction&) const = default;
};

// What a doubt means here, as a sentence.
struct DoubtReason {
  std::string doubt;
  std::string reason;
};

// What runs behind the text: bodies of functions and triggers, rules, policies, defaults. The facts of the whole
// (`writes`, `touches`, `functions`, `effect` ...) hold it already; this says what of it the text does not show.
struct Behind {
  std::vector<std::string> kinds;   // of the statements in that code
  std::set<std::string> reads;      // relations that it reads, "schema.table"
  std::set<std::string> cascades;   // tables that foreign keys change or DROP takes along; not in `writes`
  std::set<std::string> triggers;   // "schema.table.trigger" that may fire
  std::set<std::string> rules;      // "schema.table.rule"
  std::set<std::string> policies;   // "schema.table.policy" that filter or check rows
  std::set<std::string> sequences;  // that move: "schema.sequence"
  std::set<std::string> foreign;    // foreign tables touched: they live on another server
};

// A value that the command assigns to a column, for `facts:`. `known` only for exactly one integer (or, with
// scale, decimal) literal or bound parameter; everything else is unknown and refuses when a fact needs it.
struct AssignedValue {
  std::string column;  // "schema.table.column"
  bool known = false;
  std::string digits;  // "-?digits[.digits]" when known
};

// A literal in the text: byte offsets, end exclusive. Records replace it by a label when the command tests or
// assigns a classified column.
struct LiteralSpan {
  std::size_t start = 0;
  std::size_t end = 0;
};

struct Command {
  Dialect dialect = Dialect::sqlite;
  std::string connection;  // Catalogue::connection
  std::string text;        // the exact bytes
  std::vector<Value> params;
  std::string catalogue_version;  // what it was understood against; "" = no catalogue

  bool understood = false;
  std::string not_understood_code;  // "command.parse", "command.too_large", "command.unknown_name" ...
  std::string not_understood;       // a sentence: why; never shows data
  std::vector<std::string> kinds;   // words of docs/COMMAND.md, in statement order, unique
  CommandEffect effect = CommandEffect::opaque;
  int statements = 0;
  std::set<std::string> reads;            // "schema.table" as written (a view as itself), DML targets not counted
  std::set<std::string> writes;           // base tables, behind views, partitions and TRUNCATE CASCADE too
  std::vector<Touch> touches;             // everything policy is asked about
  std::vector<CalledFunction> functions;  // sorted, unique
  std::vector<RevealedColumn> reveals;    // one for each result column (position counts) ...
  std::set<std::string> error_reveals;    // ... and what an error or notice text could show
  std::set<std::string> carries;          // classified or not: sources that flow into a written table, view, COPY, CTAS
  std::vector<TestedColumn> tests;        // sorted, unique; a column tested both ways is infer
  std::vector<AssignedValue> assigned;
  std::vector<LiteralSpan> literals;
  std::vector<std::string> doubts;   // "no_catalogue", "opaque_function public.f", ... each a reason to ask
  std::vector<DoubtReason> reasons;  // of those doubts of which more can be said than their kind
  Behind behind;
  bool readonly_safe = false;  // running it as it is changes nothing, shows no server file or secret
  bool destructive = false;    // may change >= 30 % of a table, or structure, privilege, file, program
  bool returns_rows = false;
  bool packs_rows = false;        // an aggregate or whole-row function can put a table into one row: limit_rows
                                  // cannot help
  bool runnable = true;           // false: understood but not run here (COPY, transaction control, several statements)
  std::string not_runnable;       // the sentence that says why
  std::string not_runnable_code;  // "command.transaction_control", "command.copy", "command.multi_statement" ...
  // Of a text of several statements that runs as one action (`multi_statement: split`): each of them understood by
  // itself, in order; params go to none of them. The facts above are then those of all, but `reveals`: only the rows of
  // part `answering` leave the backend. Empty for the ordinary command.
  std::vector<std::shared_ptr<const Command>> parts;
  std::size_t answering = 0;
};

[[nodiscard]] const char* to_string(CommandEffect effect) noexcept;
[[nodiscard]] const char* to_string(Bound bound) noexcept;

// Why this doubt of the command is one: a sentence for its reader.
[[nodiscard]] std::string reason_of(const Command& command, std::string_view doubt);

// The line of `libguard explain --batch` without `id` and `decision`:
// {understood, kinds, effect, reads, writes, functions, statements, bounded, readonly_safe, destructive, reveals,
//  tests, doubts, reasons, calls, behind}; as compact JSON.
[[nodiscard]] std::string explain_json_text(const Command& command);

}  // namespace libguard
