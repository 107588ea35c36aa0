// Expressions: precedence as in SQLite's parse.y, from OR (1) to the unary operators.
#include <algorithm>
#include <array>

#include "command/sqlite/reader.h"

namespace libguard::command::sqlite {
namespace {

constexpr int kOr = 1, kAnd = 2, kNot = 3, kEquality = 4, kOrder = 5, kBits = 7, kSum = 8, kProduct = 9, kJoin = 10;
// SQLite refuses expressions deeper than this on an agent's connection (base/sqlite_rules); views may be older.
constexpr int kComparisonsInChainMax = 50;

// Words that SQLite never reads as a name, and those that would make our reading ambiguous.
constexpr std::array<std::string_view, 68> kReserved = {
    "ADD",     "ALL",    "ALTER",      "AND",     "AS",          "AUTOINCREMENT", "BETWEEN",    "CASE",    "CHECK",
    "COLLATE", "COMMIT", "CONSTRAINT", "CREATE",  "CROSS",       "DEFAULT",       "DEFERRABLE", "DELETE",  "DISTINCT",
    "DROP",    "ELSE",   "ESCAPE",     "EXCEPT",  "EXISTS",      "FOREIGN",       "FROM",       "FULL",    "GROUP",
    "HAVING",  "IN",     "INDEX",      "INDEXED", "INNER",       "INSERT",        "INTERSECT",  "INTO",    "IS",
    "ISNULL",  "JOIN",   "LEFT",       "LIMIT",   "NATURAL",     "NOT",           "NOTHING",    "NOTNULL", "NULL",
    "ON",      "OR",     "ORDER",      "OUTER",   "PRIMARY",     "REFERENCES",    "RETURNING",  "RIGHT",   "SELECT",
    "SET",     "TABLE",  "THEN",       "TO",      "TRANSACTION", "UNION",         "UNIQUE",     "UPDATE",  "USING",
    "VALUES",  "WHEN",   "WHERE",      "WINDOW",  "FILTER"};

bool is_reserved(std::string_view word) {
  return std::any_of(kReserved.begin(), kReserved.end(), [word](std::string_view r) { return same_name(r, word); });
}

struct Operator {
  std::string_view symbol;
  int precedence;
};
constexpr std::array<Operator, 15> kOperators = {{{"<", kOrder},
                                                  {"<=", kOrder},
                                                  {">", kOrder},
                                                  {">=", kOrder},
                                                  {"&", kBits},
                                                  {"|", kBits},
                                                  {"<<", kBits},
                                                  {">>", kBits},
                                                  {"+", kSum},
                                                  {"-", kSum},
                                                  {"*", kProduct},
                                                  {"/", kProduct},
                                                  {"%", kProduct},
                                                  {"||", kJoin},
                                                  {"->", kJoin}}};

int precedence_of(const Token& token) {
  if (token.kind != TokenKind::symbol) return 0;
  if (token.text == "->>") return kJoin;
  for (const Operator& op : kOperators) {
    if (op.symbol == token.text) return op.precedence;
  }
  return 0;
}

}  // namespace

bool Reader::next_is(std::string_view word, std::size_t ahead) const {
  const Token& token = peek(ahead);
  if (token.kind == TokenKind::symbol) return token.text == word;
  return token.kind == TokenKind::name && same_name(token.text, word);
}

bool Reader::accept(std::string_view word) {
  if (!next_is(word)) return false;
  ++at_;
  return true;
}

bool Reader::next_is_name() const {
  const Token& token = peek();
  return token.kind == TokenKind::quoted_name || (token.kind == TokenKind::name && !is_reserved(token.text));
}

bool Reader::name(std::string_view& out) {
  if (!next_is_name()) return fail();
  out = intern(peek());
  ++at_;
  return true;
}

std::string_view Reader::intern(const Token& token) {
  if (token.kind == TokenKind::name) return token.text;
  ast_.names.push_back(name_of(token));
  return ast_.names.back();
}

Expr* Reader::make(Expr::Kind kind, std::size_t first) {
  Expr& expr = ast_.exprs.emplace_back();
  expr.kind = kind;
  expr.first = first;
  return &expr;
}

bool Reader::expressions(std::vector<Expr*>& into) {
  do {
    Expr* expr = expression();
    if (expr == nullptr) return false;
    into.push_back(expr);
  } while (accept(","));
  return true;
}

Expr* Reader::binary(int least) {
  Depth depth(*this);
  if (depth_ > kDepthMax) return fail_expr();
  Expr* left = prefix();
  bool done = false;
  for (int links = 0; left != nullptr && !done; ++links) {
    if (links > kComparisonsInChainMax) return fail_expr();
    left = infix(left, least, done);
  }
  return left;
}

// One more operator after `left`, if it binds at least as tightly as `least`; else `done`.
Expr* Reader::infix(Expr* left, int least, bool& done) {
  if (next_is("OR") && least <= kOr) return chain(Expr::Kind::any_of, left, kOr, "OR");
  if (next_is("AND") && least <= kAnd) return chain(Expr::Kind::all_of, left, kAnd, "AND");
  if (next_is("COLLATE")) {
    ++at_;
    Expr* collate = make(Expr::Kind::operation, left->first);
    collate->name = "COLLATE";
    collate->children.push_back(left);
    std::string_view ignored;
    if (peek().kind == TokenKind::string)
      ++at_;
    else if (!name(ignored))
      return nullptr;
    return finish(collate);
  }
  int precedence = precedence_of(peek());
  if (precedence != 0) {
    if (precedence < least) {
      done = true;
      return left;
    }
    return chain(precedence == kOrder ? Expr::Kind::compare : Expr::Kind::operation, left, precedence, peek().text);
  }
  if (least > kEquality) {
    done = true;
    return left;
  }
  std::size_t before = at_;
  Expr* compared = equality(left);
  done = at_ == before;
  return done && !failed_ ? left : compared;
}

// a op b op c ... of one level, as one node; the tree stays flat however long the chain is.
Expr* Reader::chain(Expr::Kind kind, Expr* left, int precedence, std::string_view op) {
  Expr* node = make(kind, left->first);
  node->name = op;
  node->children.push_back(left);
  bool by_word = kind == Expr::Kind::any_of || kind == Expr::Kind::all_of;
  while (by_word ? next_is(op) : precedence_of(peek()) == precedence) {
    if (peek().text == "->" || peek().text == "->>") node->name = peek().text;
    ++at_;
    Expr* right = binary(precedence + 1);
    if (right == nullptr) return nullptr;
    node->children.push_back(right);
    if (kind == Expr::Kind::compare) break;
  }
  return finish(node);
}

// = == <> != IS IN LIKE GLOB MATCH REGEXP BETWEEN ISNULL NOTNULL, all of one level. Leaves at_ alone when there is
// none.
Expr* Reader::equality(Expr* left) {
  bool negated = next_is("NOT");
  std::size_t word = negated ? 1 : 0;
  if (next_is("IN", word)) {
    at_ += word + 1;
    return in_operator(left, negated);
  }
  if (next_is("LIKE", word) || next_is("GLOB", word) || next_is("REGEXP", word) || next_is("MATCH", word) ||
      next_is("BETWEEN", word)) {
    at_ += word;
    return pattern(left, negated);
  }
  Expr* node = nullptr;
  if (next_is("ISNULL") || next_is("NOTNULL") || (negated && next_is("NULL", 1))) {
    node = make(Expr::Kind::compare, left->first);
    node->name = next_is("ISNULL") ? "IS NULL" : "NOT NULL";
    at_ += negated ? 2 : 1;
    node->children = {left};
    return finish(node);
  }
  if (negated || !(next_is("=") || next_is("==") || next_is("<>") || next_is("!=") || next_is("IS"))) return nullptr;
  node = make(Expr::Kind::compare, left->first);
  node->children.push_back(left);
  node->name = next_is("==") ? "=" : next_is("!=") ? "<>" : next_is("IS") ? "IS" : peek().text;
  bool is = accept("IS");
  if (!is) ++at_;
  if (is && accept("NOT")) node->name = "IS NOT";
  if (is && accept("DISTINCT")) {
    if (!expect("FROM")) return nullptr;
    node->name = node->name == "IS" ? "IS NOT" : "IS";
  }
  Expr* right = binary(kOrder);
  if (right == nullptr) return nullptr;
  node->children.push_back(right);
  return finish(node);
}

Expr* Reader::pattern(Expr* left, bool negated) {
  Expr* node = make(Expr::Kind::compare, left->first);
  node->name = peek().text;
  node->negated = negated;
  node->children.push_back(left);
  bool between = next_is("BETWEEN");
  ++at_;
  Expr* operand = binary(kOrder);
  if (operand == nullptr) return nullptr;
  node->children.push_back(operand);
  if (between ? !expect("AND") : !accept("ESCAPE")) return between ? nullptr : finish(node);
  operand = binary(kOrder);
  if (operand == nullptr) return nullptr;
  node->children.push_back(operand);
  return finish(node);
}

Expr* Reader::in_operator(Expr* left, bool negated) {
  Expr* node = make(Expr::Kind::in_list, left->first);
  node->negated = negated;
  node->children.push_back(left);
  if (accept("(")) {
    if (next_is("SELECT") || next_is("WITH") || next_is("VALUES")) {
      node->kind = Expr::Kind::in_select;
      node->select = select();
      if (node->select == nullptr) return nullptr;
    } else if (!next_is(")") && !expressions(node->children)) {
      return nullptr;
    }
    if (!expect(")")) return nullptr;
    return finish(node);
  }
  node->kind = Expr::Kind::in_table;
  if (!qualified_name(node->schema, node->table)) return nullptr;
  if (accept("(")) {
    if (!next_is(")") && !expressions(node->extra)) return nullptr;
    if (!expect(")")) return nullptr;
  }
  return finish(node);
}

Expr* Reader::prefix() {
  std::size_t first = at_;
  if (next_is("NOT") && !next_is("EXISTS", 1)) {
    ++at_;
    Expr* node = make(Expr::Kind::negation, first);
    Expr* operand = binary(kNot);
    if (operand == nullptr) return nullptr;
    node->children.push_back(operand);
    return finish(node);
  }
  if (next_is("-") || next_is("+") || next_is("~")) {
    Expr* node = make(Expr::Kind::operation, first);
    node->name = peek().text == "-" ? "unary -" : peek().text == "+" ? "unary +" : "~";
    ++at_;
    Depth depth(*this);
    if (depth_ > kDepthMax) return fail_expr();
    Expr* operand = prefix();
    if (operand == nullptr) return nullptr;
    node->children.push_back(operand);
    return finish(node);
  }
  return primary();
}

Expr* Reader::primary() {
  std::size_t first = at_;
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::integer:
    case TokenKind::decimal:
    case TokenKind::string:
    case TokenKind::blob:
    case TokenKind::parameter: {
      Expr* node = make(token.kind == TokenKind::parameter ? Expr::Kind::parameter : Expr::Kind::literal, first);
      node->token = at_++;
      return finish(node);
    }
    case TokenKind::symbol:
      return token.text == "(" ? parenthesised() : fail_expr();
    case TokenKind::end:
      return fail_expr();
    case TokenKind::name:
    case TokenKind::quoted_name:
      break;
  }
  if (next_is("NULL")) {
    Expr* node = make(Expr::Kind::literal, first);
    node->token = at_++;
    return finish(node);
  }
  if (next_is("CASE")) return case_expression();
  if (next_is("CAST") && next_is("(", 1)) return cast();
  if (next_is("EXISTS") || (next_is("NOT") && next_is("EXISTS", 1))) return exists();
  return name_or_call();
}

Expr* Reader::parenthesised() {
  std::size_t first = at_++;
  if (next_is("SELECT") || next_is("WITH") || next_is("VALUES")) {
    Expr* node = make(Expr::Kind::subquery, first);
    node->select = select();
    if (node->select == nullptr || !expect(")")) return nullptr;
    return finish(node);
  }
  Expr* inner = expression();
  if (inner == nullptr) return nullptr;
  if (accept(")")) return inner;
  Expr* row = make(Expr::Kind::row, first);
  row->children.push_back(inner);
  if (!expect(",") || !expressions(row->children) || !expect(")")) return nullptr;
  return finish(row);
}

Expr* Reader::case_expression() {
  Expr* node = make(Expr::Kind::choice, at_++);
  auto part = [&] {
    Expr* expr = expression();
    if (expr != nullptr) node->children.push_back(expr);
    return expr != nullptr;
  };
  if (!next_is("WHEN") && !part()) return nullptr;
  while (accept("WHEN")) {
    if (!part() || !expect("THEN") || !part()) return nullptr;
  }
  if (accept("ELSE") && !part()) return nullptr;
  if (!expect("END")) return nullptr;
  return finish(node);
}

Expr* Reader::cast() {
  Expr* node = make(Expr::Kind::operation, at_);
  node->name = "CAST";
  at_ += 2;
  Expr* inner = expression();
  if (inner == nullptr || !expect("AS")) return nullptr;
  node->children.push_back(inner);
  // The type is words and at most one parenthesis with signed numbers; it reads no data.
  int depth = 0;
  while (!at_end() && !(depth == 0 && next_is(")"))) {
    if (next_is("(")) ++depth;
    if (next_is(")")) --depth;
    if (depth > 1) return fail_expr();
    ++at_;
  }
  if (!expect(")")) return nullptr;
  return finish(node);
}

Expr* Reader::exists() {
  Expr* node = make(Expr::Kind::exists, at_);
  node->negated = accept("NOT");
  if (!expect("EXISTS") || !expect("(")) return nullptr;
  node->select = select();
  if (node->select == nullptr || !expect(")")) return nullptr;
  return finish(node);
}

}  // namespace libguard::command::sqlite
