#pragma once
// The two halves of the parser: expressions, and the policies around them. Included by parser*.cpp only.

#include "policy/cedar/parser.h"

namespace libguard::policy::cedar {

// Reads tokens with one of look-ahead and keeps the first error; after it every token is `end`.
class TokenReader {
 public:
  explicit TokenReader(std::string_view source) : lexer_(source) { current_ = lexer_.next(); }

  [[nodiscard]] const Token& current() const { return current_; }
  // Where the token begins that was consumed last.
  [[nodiscard]] std::size_t last_start() const { return last_start_; }
  [[nodiscard]] bool at(Tok kind) const { return current_.kind == kind; }
  [[nodiscard]] bool at_word(std::string_view word) const { return at(Tok::identifier) && current_.text == word; }
  Token advance();
  bool accept(Tok kind);
  bool accept_word(std::string_view word);
  // Consumes or fails.
  bool expect(Tok kind, const char* what);
  void fail(std::string message) { fail_at(current_.start, std::move(message)); }
  void fail_at(std::size_t offset, std::string message);
  void fail_unexpected();
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  [[nodiscard]] const std::optional<ParseError>& error() const { return error_; }

 private:
  Lexer lexer_;
  Token current_;
  std::size_t last_start_ = 0;
  std::optional<ParseError> error_;
};

class ExpressionParser {
 public:
  ExpressionParser(TokenReader& tokens, Names& names, Heap& heap) : tokens_(tokens), names_(names), heap_(heap) {}

  // kNoNode after a failure.
  NodeIndex expression();
  void start() { out_ = Expression{}; }
  NodeIndex add(Op op, std::uint32_t a = kNoNode, std::uint32_t b = 0, std::uint32_t c = 0, std::uint8_t detail = 0);
  Expression take(NodeIndex root);
  [[nodiscard]] std::uint32_t offset_of(Op op, NodeIndex a) const;

  // `A::B::"id"` in a scope, parentheses allowed; nullopt after a failure.
  std::optional<EntityIndex> entity_literal();
  // `A::B`; nullopt after a failure.
  std::optional<Symbol> type_name();

 private:
  // Counts nesting; false when it is too deep, with the error set.
  class Level;

  NodeIndex binary(int minimum);
  NodeIndex operand(int minimum);
  NodeIndex relation(NodeIndex left);
  NodeIndex has(NodeIndex left);
  NodeIndex like(NodeIndex left);
  NodeIndex is(NodeIndex left);
  NodeIndex unary();
  NodeIndex negative_literal(Tok sign, int signs, bool& done);
  NodeIndex member();
  NodeIndex access(NodeIndex object);
  NodeIndex method(NodeIndex object, const Token& name);
  NodeIndex index(NodeIndex object);
  NodeIndex primary();
  NodeIndex word();
  NodeIndex entity(const Token& first);
  NodeIndex not_a_value(const Token& token, std::string_view name);
  NodeIndex call(const Token& name);
  NodeIndex condition();
  NodeIndex set();
  NodeIndex record();
  NodeIndex literal(Value value);
  NodeIndex number(const Token& token);
  bool record_key(std::string& key);
  bool list_until(Tok close, std::vector<std::uint32_t>& items);
  std::uint32_t keep_list(const std::vector<std::uint32_t>& items);
  // The identifiers of `A::B::...`, joined; stops before a string when `id` is set and then reads it.
  bool path_rest(std::string& path, bool& entity, std::string& id);
  bool usable(const Token& identifier);
  NodeIndex fail_unexpected();
  NodeIndex fail(std::string message);

  TokenReader& tokens_;
  Names& names_;
  Heap& heap_;
  Expression out_;
  int depth_ = 0;
};

class ExpressionParser::Level {
 public:
  explicit Level(ExpressionParser& parser) : parser_(parser) {
    if (++parser_.depth_ > limits::kExpressionDepthMax) parser_.fail("the expression is nested too deeply");
  }
  ~Level() { --parser_.depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  ExpressionParser& parser_;
};

}  // namespace libguard::policy::cedar
