#pragma once
// Turns one statement of the text into facts of the Command: the authorizer's word (what), the tree's (how), and on any
// disagreement the wider of the two. One Facts for each text; its methods are grouped by file (facts.cpp,
// facts_dml.cpp, facts_ddl.cpp, facts_session.cpp).

#include "command/sqlite/analyser.h"
#include "command/sqlite/bounds.h"
#include "command/sqlite/shadow.h"

namespace libguard::command::sqlite {

// An assigned value that is a parameter: filled in for each call.
struct ParameterSlot {
  std::size_t assigned = 0;  // index into Command::assigned
  int parameter = 0;         // from 1
  bool negative = false;
};

class Facts {
 public:
  // `open_schema` without a catalogue.
  Facts(const Schema& schema, Schema* open_schema, Shadow& shadow, std::string_view text, const Lexed& lexed,
        Command& command, std::vector<ParameterSlot>& slots)
      : schema_(schema),
        open_schema_(open_schema),
        shadow_(shadow),
        text_(text),
        lexed_(lexed),
        command_(command),
        slots_(slots) {}

  // Every statement of the text. False: not understood, and the command says why.
  bool run();

 private:
  struct Piece {
    std::size_t first = 0, last = 0;  // tokens, the semicolon and any EXPLAIN left out
    std::size_t begin = 0;            // the token where SQLite starts to read: with EXPLAIN
    bool explain = false;
  };

  // facts.cpp
  bool refuse(const char* code, const char* sentence);
  bool refuse_heavy();
  bool refuse_prepared(const Prepared& prepared);
  bool piece(std::size_t& at);
  bool dispatch(const Piece& piece);
  void finish();
  [[nodiscard]] bool word(std::size_t token, std::string_view word) const;
  void kind(const std::string& kind);
  void effect(CommandEffect effect);
  Touch& touch(const std::string& action, const std::string& object);
  void touch_relation(const std::string& action, int relation, bool through_view);
  void not_runnable(const char* code, const char* sentence);
  void add_text(std::set<std::string>& into, const Sources& sources) const;
  void add_text(std::set<std::string>& into, ColumnId column) const;
  bool prepare(const Piece& piece, Prepared& out);
  bool seen(const Prepared& prepared, Lineage& lineage);
  void functions(const Lineage& lineage);
  void reveal(const Prepared& prepared, const std::vector<OutColumn>& columns, const Lineage& lineage);
  void tests(const Lineage& lineage);
  void reads(const Lineage& lineage);
  std::string object_at(std::size_t token) const;

  // facts_dml.cpp
  bool data(const Piece& piece);
  bool select_statement(const Piece& piece, const Ast& ast);
  bool unread_select(const Piece& piece);
  bool explain(const Piece& piece, const Ast* ast);
  bool write(const Piece& piece, const Ast& ast);
  // facts_write.cpp
  void write_insert(const Statement& statement, Analyser& analyser, Scope& scope, Lineage& lineage);
  void write_upserts(const Statement& statement, Analyser& analyser, Scope& scope);
  void write_update(const Statement& statement, Analyser& analyser, Scope& scope);
  void assign(const std::vector<Assignment>& set, Analyser& analyser, Scope& scope, std::set<std::string>& columns);
  void carry(ColumnId target, const Sources& sources);
  void value(ColumnId target, const Expr* expr);
  bool seen_writes(const Prepared& prepared);
  void trigger_write(const Touched& touched);
  void cascades(int relation, bool removed, const std::set<std::string>& columns, int depth);
  void cascade(const ForeignKey& key, int child, bool removes, int depth);
  void unknown_values(int relation);
  std::vector<OutColumn> returning(const Statement& statement, Analyser& analyser, Scope& scope);

  // facts_ddl.cpp
  bool definition(const Piece& piece);
  bool light(const Piece& piece);
  void define(const Piece& piece, const std::string& what, const Prepared& prepared);
  void carry_select(const Piece& piece, const Prepared* prepared);
  void carry_mentioned(const Piece& piece);

  // facts_session.cpp
  bool pragma(const Piece& piece);
  bool transaction(const Piece& piece);
  bool maintenance(const Piece& piece);

  const Schema& schema_;
  Schema* open_schema_;
  Shadow& shadow_;
  std::string_view text_;
  const Lexed& lexed_;
  Command& command_;
  std::vector<ParameterSlot>& slots_;
  std::set<std::string> tests_match_, tests_infer_;
  bool all_safe_ = true;  // every statement so far only reads

  // Of the write in hand.
  int target_ = -1;
  bool values_known_ = true;  // false: conflict clause, view, or a trigger that writes the target
  Item* target_item_ = nullptr;
};

}  // namespace libguard::command::sqlite
