#pragma once
// The tree of one statement, as far as lineage and bounds need it. Nodes live in the Ast's arenas and point at each
// other with plain pointers; names are views into the text or into the arena of unquoted names.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "command/sqlite/lexer.h"

namespace libguard::command::sqlite {

struct Select;

struct Expr {
  enum class Kind : std::uint8_t {
    literal,    // token: the number or string
    parameter,  // token
    column,     // schema.table.name
    call,       // name(children), with aggregate and window parts in `extra`
    all_of,     // AND
    any_of,     // OR
    negation,   // NOT
    compare,    // name is the operator; two or more children (BETWEEN: three)
    choice,     // CASE
    operation,  // any other operator, CAST, COLLATE: name is the operator
    row,        // (a, b)
    in_list,    // children[0] IN (children[1..])
    in_select,  // children[0] IN (select)
    in_table,   // children[0] IN schema.table(extra)
    subquery,   // (select)
    exists,     // EXISTS (select)
    raise,      // RAISE(...)
  };
  Kind kind = Kind::literal;
  bool negated = false;        // NOT IN, NOT LIKE, IS NOT, NOTNULL ...
  bool distinct = false;       // count(DISTINCT x)
  bool star = false;           // count(*)
  bool over = false;           // a window function
  bool double_quoted = false;  // of a bare column: may be text
  std::string_view schema, table, name;
  std::vector<Expr*> children;
  std::vector<Expr*> extra;  // ORDER BY inside the call, window PARTITION and ORDER terms
  Expr* filter = nullptr;
  Select* select = nullptr;
  std::size_t token = 0;            // index of the literal or parameter token
  std::size_t first = 0, last = 0;  // tokens, end exclusive
};

struct ResultColumn {
  Expr* expr = nullptr;    // null for a star
  std::string_view table;  // t.*
  std::string_view alias;
  bool star = false;
};

struct FromItem {
  std::string_view schema, name, alias;
  bool call = false;  // name(args)
  std::vector<Expr*> args;
  Select* select = nullptr;      // a subquery
  std::vector<FromItem> joined;  // ( a JOIN b ): a nested join
  bool natural = false;
  std::vector<std::string_view> using_columns;
  Expr* on = nullptr;
};

struct Core {
  bool distinct = false;
  bool is_values = false;
  std::vector<std::vector<Expr*>> rows;  // VALUES
  std::vector<ResultColumn> columns;
  std::vector<FromItem> from;
  Expr* where = nullptr;
  std::vector<Expr*> group_by;
  Expr* having = nullptr;
  std::vector<Expr*> windows;  // terms of named windows
};

struct Cte {
  std::string_view name;
  std::vector<std::string_view> columns;
  Select* select = nullptr;
};

struct Select {
  std::vector<Cte> ctes;
  std::vector<Core> cores;  // more than one: compound
  bool only_union_all = true;
  std::vector<Expr*> order_by;
  Expr* limit = nullptr;
  Expr* offset = nullptr;
};

struct Assignment {
  std::vector<std::string_view> columns;  // more than one: (a, b) = ...
  Expr* value = nullptr;
};

struct Upsert {
  std::vector<Expr*> target;
  Expr* target_where = nullptr;
  bool update = false;
  std::vector<Assignment> set;
  Expr* where = nullptr;
};

struct Statement {
  enum class Kind : std::uint8_t { unread, select, insert, update, remove };
  Kind kind = Kind::unread;
  bool replace = false;          // REPLACE, OR REPLACE
  bool conflict_clause = false;  // any OR ... clause
  std::vector<Cte> ctes;
  Select* select = nullptr;  // SELECT, or the source of an INSERT
  std::string_view schema, table, alias;
  std::vector<std::string_view> columns;
  bool default_values = false;
  std::vector<Upsert> upserts;
  std::vector<Assignment> set;
  std::vector<FromItem> from;
  Expr* where = nullptr;
  std::vector<ResultColumn> returning;
  std::vector<Expr*> order_by;
  Expr* limit = nullptr;
  Expr* offset = nullptr;
};

// One statement of the text: its tokens are [first, last) of `lexed`, the semicolon not counted.
struct Ast {
  const Lexed* lexed = nullptr;
  std::deque<Expr> exprs;
  std::deque<Select> selects;
  std::deque<std::string> names;
  Statement statement;
};

}  // namespace libguard::command::sqlite
