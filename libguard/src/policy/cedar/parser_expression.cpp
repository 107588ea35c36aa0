// Expressions: precedence climbing over flat nodes. Operator chains are loops; only brackets recurse, and they count.
#include <algorithm>
#include <charconv>

#include "policy/cedar/parser_internal.h"

namespace libguard::policy::cedar {
namespace {

// Cedar takes at most this many `!` or `-` in a row.
constexpr int kSignsMax = 4;

enum Precedence { kOr = 1, kAnd, kRelation, kAdd, kMultiply };

struct BinaryOperator {
  Tok token;
  Op op;
  int precedence;
};
constexpr BinaryOperator kBinary[] = {
    {Tok::logical_or, Op::logical_or, kOr},
    {Tok::logical_and, Op::logical_and, kAnd},
    {Tok::plus, Op::add, kAdd},
    {Tok::minus, Op::subtract, kAdd},
    {Tok::star, Op::multiply, kMultiply},
    {Tok::equal, Op::equal, kRelation},
    {Tok::not_equal, Op::not_equal, kRelation},
    {Tok::less, Op::less, kRelation},
    {Tok::less_equal, Op::less_equal, kRelation},
    {Tok::greater, Op::greater, kRelation},
    {Tok::greater_equal, Op::greater_equal, kRelation},
};

const BinaryOperator* binary_operator(Tok token) {
  for (const BinaryOperator& candidate : kBinary) {
    if (candidate.token == token) return &candidate;
  }
  return nullptr;
}

bool relation_word(const Token& token) {
  return token.kind == Tok::identifier &&
         (token.text == "in" || token.text == "has" || token.text == "like" || token.text == "is");
}

// Digits as a magnitude up to 2^63; nullopt beyond.
std::optional<std::uint64_t> magnitude(std::string_view digits) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > std::uint64_t{1} << 63)
    return std::nullopt;
  return value;
}

}  // namespace

NodeIndex ExpressionParser::fail(std::string message) {
  tokens_.fail(std::move(message));
  return kNoNode;
}

NodeIndex ExpressionParser::fail_unexpected() {
  tokens_.fail_unexpected();
  return kNoNode;
}

NodeIndex ExpressionParser::add(Op op, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint8_t detail) {
  if (tokens_.failed()) return kNoNode;
  Node node;
  node.op = op;
  node.detail = detail;
  node.a = a;
  node.b = b;
  node.c = c;
  out_.nodes.push_back(node);
  out_.offsets.push_back(offset_of(op, a));
  return static_cast<NodeIndex>(out_.nodes.size() - 1);
}

// A finding points at the name that was read, or at the first operand of what was combined.
std::uint32_t ExpressionParser::offset_of(Op op, NodeIndex a) const {
  bool names = op == Op::attribute || op == Op::has || a == kNoNode;
  return names ? static_cast<std::uint32_t>(tokens_.last_start()) : out_.offsets[a];
}

NodeIndex ExpressionParser::literal(Value value) {
  NodeIndex node = add(Op::literal);
  if (node != kNoNode) out_.nodes[node].value = value;
  return node;
}

Expression ExpressionParser::take(NodeIndex root) {
  out_.root = root;
  return std::move(out_);
}

std::uint32_t ExpressionParser::keep_list(const std::vector<std::uint32_t>& items) {
  auto first = static_cast<std::uint32_t>(out_.lists.size());
  out_.lists.insert(out_.lists.end(), items.begin(), items.end());
  return first;
}

NodeIndex ExpressionParser::expression() {
  if (tokens_.at_word("if")) return condition();
  return binary(kOr);
}

NodeIndex ExpressionParser::condition() {
  Level level(*this);
  tokens_.advance();
  if (tokens_.failed()) return kNoNode;
  NodeIndex test = expression();
  if (!tokens_.accept_word("then")) return fail_unexpected();
  NodeIndex yes = expression();
  if (!tokens_.accept_word("else")) return fail_unexpected();
  NodeIndex no = expression();
  return add(Op::condition, test, yes, no);
}

NodeIndex ExpressionParser::binary(int minimum) {
  NodeIndex left = unary();
  bool related = false;
  while (!tokens_.failed()) {
    if (relation_word(tokens_.current())) {
      if (minimum > kRelation) return left;
      if (related) return fail("relations do not chain; use parentheses");
      related = true;
      left = relation(left);
      continue;
    }
    const BinaryOperator* found = binary_operator(tokens_.current().kind);
    if (found == nullptr || found->precedence < minimum) return left;
    // What stands right of `is`, `has` and `like` is a name or a pattern; nothing can be added to it.
    if (related && found->precedence > kRelation) return fail_unexpected();
    if (found->precedence == kRelation) {
      if (related) return fail("relations do not chain; use parentheses");
      related = true;
    } else if (found->precedence < kRelation) {
      related = false;
    }
    tokens_.advance();
    NodeIndex right = operand(found->precedence + 1);
    left = add(found->op, left, right);
  }
  return kNoNode;
}

// The right side of an operator. It counts as a level, since a bracket in it would stand on one more frame of binary().
NodeIndex ExpressionParser::operand(int minimum) {
  Level level(*this);
  return binary(minimum);
}

NodeIndex ExpressionParser::relation(NodeIndex left) {
  Token word = tokens_.advance();
  if (word.text == "has") return has(left);
  if (word.text == "like") return like(left);
  if (word.text == "is") return is(left);
  NodeIndex right = operand(kAdd);
  return add(Op::in, left, right);
}

NodeIndex ExpressionParser::has(NodeIndex left) {
  std::vector<std::uint32_t> path;
  if (tokens_.at(Tok::text)) {
    auto name = unescape(tokens_.current().text);
    if (!name) return fail("the string holds an invalid escape");
    tokens_.advance();
    path.push_back(names_.symbol(*name));
  } else {
    do {
      if (!tokens_.at(Tok::identifier)) return fail("`has` needs an attribute name, a path of names or a string");
      if (!usable(tokens_.current())) return kNoNode;
      path.push_back(names_.symbol(tokens_.advance().text));
    } while (tokens_.accept(Tok::dot));
  }
  auto first = keep_list(path);
  return add(Op::has, left, first, static_cast<std::uint32_t>(path.size()));
}

NodeIndex ExpressionParser::like(NodeIndex left) {
  if (!tokens_.at(Tok::text)) return fail("`like` needs a pattern in quotes");
  auto pieces = unescape_pattern(tokens_.current().text);
  if (!pieces) return fail("the pattern holds an invalid escape");
  tokens_.advance();
  out_.patterns.push_back(std::move(*pieces));
  return add(Op::like, left, static_cast<std::uint32_t>(out_.patterns.size() - 1));
}

NodeIndex ExpressionParser::is(NodeIndex left) {
  auto type = type_name();
  if (!type) return kNoNode;
  if (!tokens_.accept_word("in")) return add(Op::is, left, *type);
  NodeIndex container = operand(kAdd);
  return add(Op::is_in, left, *type, container);
}

NodeIndex ExpressionParser::unary() {
  Tok sign = tokens_.current().kind;
  if (sign != Tok::bang && sign != Tok::minus) return member();
  int signs = 0;
  while (tokens_.accept(sign)) {
    if (++signs > kSignsMax) return fail("too many signs in a row; at most four");
  }
  bool done = false;
  NodeIndex node = negative_literal(sign, signs, done);
  if (!done) node = member();
  for (int i = done ? 1 : 0; i < signs; ++i) node = add(sign == Tok::bang ? Op::logical_not : Op::negate, node);
  return node;
}

// A minus directly before a bare number belongs to the number, so that the least integer can be written.
NodeIndex ExpressionParser::negative_literal(Tok sign, int signs, bool& done) {
  if (sign != Tok::minus || signs == 0 || !tokens_.at(Tok::number)) return kNoNode;
  Token token = tokens_.advance();
  if (tokens_.at(Tok::dot) || tokens_.at(Tok::open_bracket) || tokens_.at(Tok::open_paren)) {
    NodeIndex node = number(token);
    while (tokens_.at(Tok::dot) || tokens_.at(Tok::open_bracket)) node = access(node);
    done = true;
    return add(Op::negate, node);
  }
  auto value = magnitude(token.text);
  done = true;
  if (!value) {
    tokens_.fail_at(token.start, "the number does not fit into 64 bits");
    return kNoNode;
  }
  return literal(Value::of(static_cast<std::int64_t>(std::uint64_t{0} - *value)));
}

NodeIndex ExpressionParser::number(const Token& token) {
  auto value = magnitude(token.text);
  if (!value || *value > static_cast<std::uint64_t>(INT64_MAX)) {
    tokens_.fail_at(token.start, "the number does not fit into 64 bits");
    return kNoNode;
  }
  return literal(Value::of(static_cast<std::int64_t>(*value)));
}

NodeIndex ExpressionParser::member() {
  NodeIndex node = primary();
  while (!tokens_.failed() && (tokens_.at(Tok::dot) || tokens_.at(Tok::open_bracket))) node = access(node);
  if (tokens_.at(Tok::open_paren)) return fail("only a named function can be called");
  return node;
}

NodeIndex ExpressionParser::access(NodeIndex object) {
  if (tokens_.at(Tok::open_bracket)) return index(object);
  tokens_.advance();
  if (!tokens_.at(Tok::identifier)) return fail_unexpected();
  Token name = tokens_.current();
  if (!usable(name)) return kNoNode;
  tokens_.advance();
  if (tokens_.at(Tok::open_paren)) return method(object, name);
  return add(Op::attribute, object, names_.symbol(name.text));
}

NodeIndex ExpressionParser::index(NodeIndex object) {
  tokens_.advance();
  if (!tokens_.at(Tok::text)) return fail("an index must be a string");
  auto name = unescape(tokens_.current().text);
  if (!name) return fail("the string holds an invalid escape");
  tokens_.advance();
  if (!tokens_.expect(Tok::close_bracket, "`]`")) return kNoNode;
  return add(Op::attribute, object, names_.symbol(*name));
}

bool ExpressionParser::list_until(Tok close, std::vector<std::uint32_t>& items) {
  Level level(*this);
  tokens_.advance();
  while (!tokens_.failed() && !tokens_.at(close)) {
    items.push_back(expression());
    if (!tokens_.accept(Tok::comma)) break;
  }
  if (!tokens_.at(close)) {
    fail_unexpected();
    return false;
  }
  tokens_.advance();
  return !tokens_.failed();
}

NodeIndex ExpressionParser::method(NodeIndex object, const Token& name) {
  struct Builtin {
    std::string_view name;
    Op op;
    std::size_t arguments;
  };
  static constexpr Builtin kBuiltins[] = {
      {"contains", Op::contains, 1}, {"containsAll", Op::contains_all, 1}, {"containsAny", Op::contains_any, 1},
      {"isEmpty", Op::is_empty, 0},  {"getTag", Op::get_tag, 1},           {"hasTag", Op::has_tag, 1},
  };
  std::vector<std::uint32_t> arguments{object};
  if (!list_until(Tok::close_paren, arguments)) return kNoNode;
  for (const Builtin& builtin : kBuiltins) {
    if (builtin.name != name.text) continue;
    if (arguments.size() != builtin.arguments + 1) {
      tokens_.fail_at(name.start, "`" + std::string(name.text) + "` is called with the wrong number of arguments");
      return kNoNode;
    }
    return add(builtin.op, object, builtin.arguments == 1 ? arguments[1] : 0);
  }
  const FunctionSpec* spec = find_function(name.text);
  if (spec == nullptr || !spec->method) {
    tokens_.fail_at(name.start, "`" + std::string(name.text.substr(0, 40)) + "` is not a method");
    return kNoNode;
  }
  auto first = keep_list(arguments);
  NodeIndex node = add(Op::call, kNoNode, first, static_cast<std::uint32_t>(arguments.size()),
                       static_cast<std::uint8_t>(spec->function));
  if (node != kNoNode) out_.offsets[node] = static_cast<std::uint32_t>(name.start);
  return node;
}

}  // namespace libguard::policy::cedar
