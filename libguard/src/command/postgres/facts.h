#pragma once
// Gathers what a text would do while its tree is read, and turns it into a Command at the end.

#include <forward_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "command/postgres/flat.h"
#include "command/postgres/names.h"
#include "command/postgres/sources.h"
#include "command/postgres/stable_list.h"
#include "model/command.h"

namespace libguard::command::postgres {

struct OutColumn {
  std::string_view name;
  Sources sources;
  const Relation* direct = nullptr;  // passes this column of this relation unchanged
  std::uint32_t position = 0;
  std::string_view type;  // "" when not known
};

// Code that the text sets off without showing it.
struct CodeKey {
  enum class Kind : std::uint8_t { function, trigger, rule, row_insert, row_update, policies, domain };
  Kind kind = Kind::function;
  const void* what = nullptr;  // the catalogue's entry; row_*, policies: the relation's
  const Relation* relation = nullptr;
  auto operator<=>(const CodeKey&) const = default;
};

// How it is set off.
struct CodeUse {
  std::string doubt;     // what to say when it cannot be read
  bool once = false;     // one call with constant arguments
  bool planned = false;  // EXPLAIN names it and does not run it
  bool call = false;     // CALL: the whole statement is this code
};

// The relation that stands for a function's arguments in its body's facts.
inline constexpr std::uint32_t kArguments = 0xFFFFFFF0u;

// One value assigned to a column; `param` > 0: known when that parameter is a number.
struct Assignment {
  ColumnId column = 0;
  bool known = false;
  std::string digits;
  int param = 0;
};

class Facts {
 public:
  explicit Facts(const Names& names) : names_(names) {}

  // Code that runs behind; read and taken in when the text itself has been read (code.cpp).
  void run(const CodeKey& key, CodeUse use);
  struct Running {
    CodeUse use;
    int times = 0;
    int taken = 0;
  };
  [[nodiscard]] std::map<CodeKey, Running>& running() { return running_; }
  [[nodiscard]] const std::map<CodeKey, Running>& running() const { return running_; }
  // Takes in what code does. `widely`: it may run any number of times.
  void absorb(const Facts& code, bool widely);
  // Before code's facts are kept: arguments become flags, relations of its own become everything.
  void settle(const Sources& everything);
  void add_missing(const CodeKey& key) { missing_.insert(key); }
  [[nodiscard]] const std::set<CodeKey>& missing() const { return missing_; }
  void reason(std::string doubt, std::string why) { reasons_.emplace(std::move(doubt), std::move(why)); }
  // Of what a table computes by itself: built-in functions that change nothing but themselves, and what it tests.
  void forget_mild();
  void forget_tests() { tests_.clear(); }
  [[nodiscard]] bool only_reads() const { return effect_ <= 1 && !unsafe; }
  [[nodiscard]] int effect_rank() const { return effect_; }
  [[nodiscard]] bool calls(std::string_view function) const;
  [[nodiscard]] bool has_extras() const;
  [[nodiscard]] const Sources& error_sources() const { return error_reveals_; }
  [[nodiscard]] Sources tested() const;
  [[nodiscard]] bool transaction_control() const { return not_runnable_code_ == "command.transaction_control"; }
  Behind behind;
  std::vector<std::string> texts;  // SQL that a function is given as constant text
  bool runs_statements = false;    // of a body: it holds statements, not expressions alone
  bool in_code = false;            // of a body: its rows go nowhere by themselves
  bool widely = false;             // what follows may run any number of times
  bool carries_arguments = false;
  bool shows_arguments = false;
  bool tests_arguments = false;

  // The first failure stays.
  void fail(std::string_view code, std::string sentence);
  [[nodiscard]] bool failed() const { return !code_.empty(); }

  void kind(std::string_view word);
  void effect(CommandEffect effect);
  void doubt(std::string text) { doubts_.insert(std::move(text)); }
  void not_runnable(std::string_view code, std::string_view sentence);
  void read(const Relation& relation);
  void touch(Touch touch);
  void write(const std::string& table) { writes_.insert(table); }
  [[nodiscard]] bool has_write(const std::string& table) const { return writes_.contains(table); }
  void function(CalledFunction function) { functions_.insert(std::move(function)); }
  void infer(const Sources& sources);
  // How many rows there are depends on these: arguments of a function that gives rows.
  void rows_depend(const Sources& sources) { row_sources_.add(sources); }
  void match(const Sources& sources);
  void error_reveals(const Sources& sources) { error_reveals_.add(sources); }
  void carry(const Sources& sources) { carries_.add(sources); }
  void reveal(std::vector<OutColumn> columns);
  void assign(Assignment assignment) { assigned_.push_back(std::move(assignment)); }

  // A relation that the catalogue does not hold: in the open world, a system view, or one made earlier in the text.
  Relation& extra(std::string_view schema, std::string_view name);
  [[nodiscard]] const Relation* find_extra(std::string_view schema, std::string_view name) const;
  std::uint32_t extra_column(const Relation& relation, std::string_view name);
  std::string_view keep(std::string text) { return kept_.emplace_front(std::move(text)); }

  [[nodiscard]] const Relation& relation(std::uint32_t id) const;
  [[nodiscard]] std::string column_name(ColumnId id) const;

  // Types and relations that the text uses: they decide which unwritten casts can happen.
  void use_type(std::string_view type) { types_used_.emplace(type); }
  void use_relation(const Relation& relation) { relations_used_.insert(&relation); }
  [[nodiscard]] const std::set<std::string, std::less<>>& types_used() const { return types_used_; }
  [[nodiscard]] const FlatSet<const Relation*>& relations_used() const { return relations_used_; }
  [[nodiscard]] bool writes_rows() const { return !assigned_.empty() || !writes_.empty(); }

  // What is left of the work that one text may cause (a recursive CTE is read again until nothing changes).
  [[nodiscard]] bool spend();

  // Everything but text, params and literals; `command` is a new one.
  void into(Command& command, int statements) &&;
  [[nodiscard]] const std::vector<Assignment>& assignments() const { return assigned_; }

  // Flags that the walkers set.
  bool returns_rows = false;
  bool packs_rows = false;
  bool destructive = false;
  bool unsafe = false;           // not readonly_safe, for a reason that no other fact shows
  bool explain_only = false;     // EXPLAIN without ANALYZE: plans, does not run
  bool meaning_changed = false;  // a SET that changes how what follows is read
  bool no_match = false;         // every test is infer
  bool muted = false;            // kinds of a statement that is planned only are not kinds of the text

  // For views: what is read, in order, without turning it into names.
  [[nodiscard]] const FlatSet<const Relation*>& relations_read() const { return relations_read_; }
  [[nodiscard]] const std::set<CalledFunction>& functions() const { return functions_; }
  [[nodiscard]] const std::set<std::string>& doubts() const { return doubts_; }
  [[nodiscard]] bool writes_anything() const { return !writes_.empty() || effect_ > 1; }
  [[nodiscard]] std::string failure() const { return sentence_; }

 private:
  struct Tested {
    int matches = 0;
    bool infer = false;
  };
  [[nodiscard]] std::set<std::string> named(const Sources& sources) const;
  [[nodiscard]] bool readonly_safe() const;

  const Names& names_;
  std::string code_;
  std::string sentence_;
  std::vector<std::string> kinds_;
  int effect_ = 0;
  std::set<std::string> doubts_;
  std::set<std::string> reads_;
  FlatSet<const Relation*> relations_read_;
  std::set<std::string> writes_;
  std::vector<Touch> touches_;  // each (action, object) once; few, so a search costs less than a tree
  std::set<CalledFunction> functions_;
  FlatMap<ColumnId, Tested> tests_;
  Sources error_reveals_;
  Sources row_sources_;
  Sources carries_;
  std::vector<OutColumn> reveals_;
  std::vector<Assignment> assigned_;
  std::string not_runnable_code_;
  std::string not_runnable_;
  std::set<std::string, std::less<>> types_used_;
  FlatSet<const Relation*> relations_used_;
  StableList<Relation> extras_;
  std::forward_list<std::string> kept_;
  std::map<CodeKey, Running> running_;
  std::set<CodeKey> missing_;
  std::map<std::string, std::string> reasons_;
  int spent_ = 0;
};

}  // namespace libguard::command::postgres
