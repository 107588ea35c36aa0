#pragma once
// Gathers what a text would do while its tree is read, and turns it into a Command at the end.

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "command/postgres/names.h"
#include "command/postgres/sources.h"
#include "model/command.h"

namespace libguard::command::postgres {

struct OutColumn {
  std::string_view name;
  Sources sources;
  const Relation* direct = nullptr;  // passes this column of this relation unchanged
  std::uint32_t position = 0;
  std::string_view type;  // "" when not known
};

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
  void match(const Sources& sources);
  void error_reveals(const Sources& sources) { error_reveals_.add(sources); }
  void carry(const Sources& sources) { carries_.add(sources); }
  void reveal(std::vector<OutColumn> columns);
  void assign(Assignment assignment) { assigned_.push_back(std::move(assignment)); }

  // A relation that the catalogue does not hold: in the open world, a system view, or one made earlier in the text.
  Relation& extra(std::string_view schema, std::string_view name);
  [[nodiscard]] const Relation* find_extra(std::string_view schema, std::string_view name) const;
  std::uint32_t extra_column(const Relation& relation, std::string_view name);
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  [[nodiscard]] const Relation& relation(std::uint32_t id) const;
  [[nodiscard]] std::string column_name(ColumnId id) const;

  // Types and relations that the text uses: they decide which unwritten casts can happen.
  void use_type(std::string_view type) { types_used_.emplace(type); }
  void use_relation(const Relation& relation) { relations_used_.insert(&relation); }
  [[nodiscard]] const std::set<std::string, std::less<>>& types_used() const { return types_used_; }
  [[nodiscard]] const std::set<const Relation*>& relations_used() const { return relations_used_; }
  [[nodiscard]] bool writes_rows() const { return !assigned_.empty() || !writes_.empty(); }

  // What is left of the work that one text may cause (a recursive CTE is read again until nothing changes).
  [[nodiscard]] bool spend();

  // Everything but text, params and literals.
  [[nodiscard]] Command command(int statements) const;
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
  [[nodiscard]] const std::set<const Relation*>& relations_read() const { return relations_read_; }
  [[nodiscard]] const std::set<CalledFunction>& functions() const { return functions_; }
  [[nodiscard]] const std::set<std::string>& doubts() const { return doubts_; }
  [[nodiscard]] bool writes_anything() const { return !writes_.empty() || effect_ > 1; }

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
  std::set<const Relation*> relations_read_;
  std::set<std::string> writes_;
  std::map<std::pair<std::string, std::string>, Touch> touches_;
  std::set<CalledFunction> functions_;
  std::map<ColumnId, Tested> tests_;
  Sources error_reveals_;
  Sources carries_;
  std::vector<OutColumn> reveals_;
  std::vector<Assignment> assigned_;
  std::string not_runnable_code_;
  std::string not_runnable_;
  std::set<std::string, std::less<>> types_used_;
  std::set<const Relation*> relations_used_;
  std::deque<Relation> extras_;
  std::deque<std::string> kept_;
  int spent_ = 0;
};

}  // namespace libguard::command::postgres
