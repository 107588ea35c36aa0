#pragma once
// The recursive-descent reader behind parser.h: one class, its methods grouped by file (read_expr.cpp, read_select.cpp,
// read_statement.cpp). A method returns null or false once something was not followed, and `failed_` then stays set.

#include "command/sqlite/ast.h"

namespace libguard::command::sqlite {

class Reader {
 public:
  Reader(const Lexed& lexed, std::size_t first, std::size_t last, Ast& ast)
      : tokens_(lexed.tokens), at_(first), last_(last), ast_(ast) {
    ast_.lexed = &lexed;
  }

  // read_expr.cpp
  Expr* expression() { return binary(kLowest); }
  bool expressions(std::vector<Expr*>& into);  // a, b, c
  // read_select.cpp
  Select* select();  // with its WITH
  bool with_clause(std::vector<Cte>& ctes);
  bool from_clause(std::vector<FromItem>& items);
  bool result_columns(std::vector<ResultColumn>& columns);
  bool order_by(std::vector<Expr*>& terms);
  bool limit(Expr*& limit, Expr*& offset);
  bool name_list(std::vector<std::string_view>& names);  // ( a, b )
  // read_statement.cpp
  bool statement();
  bool qualified_name(std::string_view& schema, std::string_view& name);

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return at_ >= last_; }
  [[nodiscard]] std::size_t position() const { return at_; }
  bool accept(std::string_view word_or_symbol);
  bool name(std::string_view& out);  // any name, quoted or not, that is no reserved word

 private:
  static constexpr int kLowest = 1;
  static constexpr int kDepthMax = 100;

  struct Depth {
    explicit Depth(Reader& of) : reader(of) { ++reader.depth_; }
    ~Depth() { --reader.depth_; }
    Reader& reader;
  };

  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
    return at_ + ahead < last_ ? tokens_[at_ + ahead] : tokens_.back();
  }
  [[nodiscard]] bool next_is(std::string_view word_or_symbol, std::size_t ahead = 0) const;
  [[nodiscard]] bool next_is_name() const;
  bool expect(std::string_view word_or_symbol) { return accept(word_or_symbol) || fail(); }
  // An expression behind a word, where both may be missing. False when the word is there and no expression is.
  bool maybe(std::string_view word, Expr*& found) {
    if (!accept(word)) return true;
    found = expression();
    return found != nullptr;
  }
  bool fail() {
    failed_ = true;
    return false;
  }
  Expr* fail_expr() {
    failed_ = true;
    return nullptr;
  }
  std::string_view intern(const Token& token);
  Expr* make(Expr::Kind kind, std::size_t first);
  Expr* finish(Expr* expr) {
    if (expr != nullptr) expr->last = at_;
    return expr;
  }

  Expr* binary(int least);
  Expr* infix(Expr* left, int least, bool& done);
  Expr* chain(Expr::Kind kind, Expr* left, int precedence, std::string_view op);
  Expr* equality(Expr* left);
  Expr* in_operator(Expr* left, bool negated);
  Expr* pattern(Expr* left, bool negated);
  Expr* prefix();
  Expr* primary();
  Expr* parenthesised();
  Expr* case_expression();
  Expr* cast();
  Expr* exists();
  Expr* name_or_call();
  Expr* call(std::string_view function, std::size_t first);
  bool window(Expr* call);
  bool window_body(std::vector<Expr*>& terms);
  bool frame_bound();

  bool core(Core& core);
  bool values(Core& core);
  bool from_item(FromItem& item);
  bool join_tail(std::vector<FromItem>& items);
  bool alias(std::string_view& alias);
  bool named_windows(Core& core);
  bool select_tail(Select& select);

  bool insert();
  bool update();
  bool remove();
  bool conflict_words();
  bool assignments(std::vector<Assignment>& set);
  bool upsert(Upsert& upsert);
  bool indexed_by();
  bool dml_tail();

  const std::vector<Token>& tokens_;
  std::size_t at_;
  std::size_t last_;
  Ast& ast_;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace libguard::command::sqlite
