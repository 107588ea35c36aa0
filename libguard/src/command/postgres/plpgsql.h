#pragma once
// Reads the block language of PL/pgSQL: where its SQL statements and expressions stand, which variables they see and
// where their values go. Whatever is not known to be harmless makes the whole body unread; the SQL itself is read by
// the same machinery as any statement (code_reader.cpp).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::command::postgres::plpgsql {

struct Variable {
  std::string name;
  std::string type;                 // as written: "int", "public.users%ROWTYPE", "users.email%TYPE", "record"
  std::vector<std::string> labels;  // of the block it belongs to
  bool cursor = false;
};

// "v", "rec.field"
using Target = std::vector<std::string>;

struct Piece {
  enum class Kind {
    value,      // "SELECT ..." around an expression: one value
    condition,  // the same, deciding what runs
    statement,  // any SQL statement
    query,      // a statement whose rows are used
  };
  enum class Use { nothing, targets, returned, shown };
  Kind kind = Kind::value;
  Use use = Use::nothing;
  std::string text;
  std::vector<Target> targets;
  std::vector<int> visible;         // into Body::variables, outermost first
  bool repeated = false;            // inside a loop
  bool dynamic = false;             // EXECUTE of a constant text: it sees no variables, only `values`
  std::vector<std::string> values;  // EXECUTE ... USING: "SELECT ..." for $1, $2 ...
};

struct Body {
  std::string unread;  // a sentence's end: why it is not read; empty: it is
  std::vector<Variable> variables;
  std::vector<Piece> pieces;
  bool column_wins = false;  // #variable_conflict use_column
  bool ends_transactions = false;
  bool shows_errors = false;   // uses SQLERRM or GET STACKED DIAGNOSTICS: text of any error
  std::vector<int> outermost;  // what a bare RETURN sees
};

// `text` ends in no zero byte and holds none.
[[nodiscard]] Body read(const std::string& text);

// The statements of a body in standard form: RETURN x as SELECT x, BEGIN ATOMIC ... END as what stands between. Empty
// when it is neither.
[[nodiscard]] std::string standard_text(const std::string& body);

// One text constant and nothing else, as EXECUTE may have; null when it is something else.
[[nodiscard]] std::unique_ptr<std::string> constant_text(const std::string& text);

}  // namespace libguard::command::postgres::plpgsql
