#pragma once
// The grammar of PL/pgSQL, one function for each of its constructions: blocks and declarations in plpgsql_blocks.cpp,
// what orders other statements in plpgsql_flow.cpp, the statements themselves in plpgsql_statements.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "command/postgres/plpgsql.h"
#include "command/postgres/plpgsql_tokens.h"

namespace libguard::command::postgres::plpgsql {

// Blocks in blocks; each costs a few hundred bytes of stack.
inline constexpr int kBlocksMax = 40;

class Reader : private TokenReader {
 public:
  explicit Reader(const std::string& text) : TokenReader(text) {}
  Body read();

 private:
  Piece& piece(Piece::Kind kind, std::string text);
  Piece& value(std::string text);
  void condition(std::string text);

  void options();
  std::vector<std::string> label();
  void declare(std::string name, std::string type, const std::vector<std::string>& labels, bool cursor = false);
  void block(const std::vector<std::string>& labels, int depth);
  void handlers(int depth);
  void declarations(const std::vector<std::string>& labels);
  void declaration(const std::vector<std::string>& labels);
  void to_after_clause();
  void cursor(const std::string& variable, const std::vector<std::string>& labels);
  void statements(Words ends, int depth);

  void statement(int depth);
  void leave();
  void choice(int depth);
  void selection(int depth);
  void loop(const std::vector<std::string>& labels, int depth);
  std::vector<Target> targets();
  void for_each();
  void for_in(const std::vector<std::string>& labels);
  [[nodiscard]] bool starts_query(std::size_t from) const;
  static std::string quoted(const std::string& name);
  void declare_loop_record(const std::vector<Target>& into, const std::vector<std::string>& labels);
  void counted(std::size_t from, const std::vector<Target>& into, const std::vector<std::string>& labels);

  [[nodiscard]] bool assigns() const;
  void assignment();
  void result();
  void message();
  void assertion();
  void diagnostics();
  void open();
  void fetch();
  void dynamic(Piece::Use use);
  void dynamic_text(Words words, Words signs, Piece::Use use, const std::vector<Target>& into);
  void sql();

  int loops_ = 0;
  std::vector<int> visible_;
  Body body_;
};

}  // namespace libguard::command::postgres::plpgsql
