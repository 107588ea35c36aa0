// The leaves of expressions: literals, names, entities, calls, sets, records and parentheses.
#include <algorithm>

#include "policy/cedar/parser_internal.h"

namespace libguard::policy::cedar {

Token TokenReader::advance() {
  Token before = current_;
  last_start_ = before.start;
  if (!failed()) current_ = lexer_.next();
  return before;
}

bool TokenReader::accept(Tok kind) {
  if (failed() || !at(kind)) return false;
  advance();
  return true;
}

bool TokenReader::accept_word(std::string_view word) {
  if (failed() || !at_word(word)) return false;
  advance();
  return true;
}

bool TokenReader::expect(Tok kind, const char* what) {
  if (accept(kind)) return true;
  fail(std::string("expected ") + what);
  return false;
}

void TokenReader::fail_at(std::size_t offset, std::string message) {
  if (error_) return;
  error_ = ParseError{offset, std::move(message)};
  current_ = Token{Tok::end, offset, {}};
}

void TokenReader::fail_unexpected() {
  if (at(Tok::end)) return fail("the text ends too early");
  if (at(Tok::bad)) return fail("this character begins no token");
  std::string_view shown = current_.text.substr(0, std::min<std::size_t>(40, current_.text.find('\n')));
  fail("unexpected `" + std::string(shown) + "`");
}

bool ExpressionParser::usable(const Token& identifier) {
  if (!is_reserved(identifier.text)) return true;
  tokens_.fail_at(identifier.start, "`" + std::string(identifier.text) + "` is reserved");
  return false;
}

NodeIndex ExpressionParser::primary() {
  const Token& token = tokens_.current();
  switch (token.kind) {
    case Tok::number:
      return number(tokens_.advance());
    case Tok::text: {
      auto text = unescape(token.text);
      if (!text) return fail("the string holds an invalid escape");
      tokens_.advance();
      return literal(heap_.text(std::move(*text)));
    }
    case Tok::identifier:
      return word();
    case Tok::open_paren: {
      Level level(*this);
      tokens_.advance();
      if (tokens_.failed()) return kNoNode;
      NodeIndex inner = expression();
      if (!tokens_.accept(Tok::close_paren)) return fail_unexpected();
      return inner;
    }
    case Tok::open_bracket:
      return set();
    case Tok::open_brace:
      return record();
    case Tok::slot:
      return fail("a template slot may stand in the scope only");
    default:
      return fail_unexpected();
  }
}

NodeIndex ExpressionParser::word() {
  Token token = tokens_.advance();
  if (token.text == "true" || token.text == "false") {
    if (tokens_.at(Tok::path)) return fail_unexpected();
    return literal(Value::of(token.text == "true"));
  }
  if (!usable(token)) return kNoNode;
  if (tokens_.at(Tok::open_paren)) return call(token);
  if (tokens_.at(Tok::path)) return entity(token);
  static constexpr std::string_view kVariables[] = {"principal", "action", "resource", "context"};
  for (std::uint8_t i = 0; i < std::size(kVariables); ++i) {
    if (token.text == kVariables[i]) return add(Op::variable, kNoNode, 0, 0, i);
  }
  return not_a_value(token, token.text);
}

bool ExpressionParser::path_rest(std::string& path, bool& entity, std::string& id) {
  while (tokens_.accept(Tok::path)) {
    if (tokens_.at(Tok::text)) {
      auto text = unescape(tokens_.current().text);
      if (!text) {
        fail("the string holds an invalid escape");
        return false;
      }
      tokens_.advance();
      entity = true;
      id = std::move(*text);
      return true;
    }
    if (!tokens_.at(Tok::identifier)) {
      fail_unexpected();
      return false;
    }
    if (!usable(tokens_.current())) return false;
    path += "::";
    path += tokens_.advance().text;
  }
  return !tokens_.failed();
}

NodeIndex ExpressionParser::not_a_value(const Token& token, std::string_view name) {
  tokens_.fail_at(token.start, "`" + std::string(name.substr(0, 40)) + "` is not a variable, an entity or a function");
  return kNoNode;
}

NodeIndex ExpressionParser::entity(const Token& first) {
  std::string path(first.text);
  std::string id;
  bool found = false;
  if (!path_rest(path, found, id)) return kNoNode;
  if (!found) return not_a_value(first, path);
  NodeIndex node = literal(Value::of_entity(names_.entity(path, id)));
  if (node != kNoNode) out_.offsets[node] = static_cast<std::uint32_t>(first.start);
  return node;
}

NodeIndex ExpressionParser::call(const Token& name) {
  const FunctionSpec* spec = find_function(name.text);
  if (spec == nullptr || spec->method) {
    tokens_.fail_at(name.start, "`" + std::string(name.text.substr(0, 40)) + "` is not a function");
    return kNoNode;
  }
  std::vector<std::uint32_t> arguments;
  if (!list_until(Tok::close_paren, arguments)) return kNoNode;
  auto first = keep_list(arguments);
  NodeIndex node = add(Op::call, kNoNode, first, static_cast<std::uint32_t>(arguments.size()),
                       static_cast<std::uint8_t>(spec->function));
  if (node != kNoNode) out_.offsets[node] = static_cast<std::uint32_t>(name.start);
  return node;
}

NodeIndex ExpressionParser::set() {
  std::vector<std::uint32_t> members;
  if (!list_until(Tok::close_bracket, members)) return kNoNode;
  auto first = keep_list(members);
  return add(Op::set, kNoNode, first, static_cast<std::uint32_t>(members.size()));
}

bool ExpressionParser::record_key(std::string& key) {
  const Token& token = tokens_.current();
  if (token.kind == Tok::text) {
    auto text = unescape(token.text);
    if (!text) {
      fail("the string holds an invalid escape");
      return false;
    }
    key = std::move(*text);
  } else if (token.kind == Tok::identifier) {
    if (!usable(token)) return false;
    key = token.text;
  } else {
    fail_unexpected();
    return false;
  }
  tokens_.advance();
  return tokens_.expect(Tok::colon, "`:` after an attribute name");
}

NodeIndex ExpressionParser::record() {
  Level level(*this);
  tokens_.advance();
  std::vector<std::uint32_t> pairs;
  std::vector<std::uint32_t> keys;
  while (!tokens_.failed() && !tokens_.at(Tok::close_brace)) {
    std::string key;
    if (!record_key(key)) return kNoNode;
    keys.push_back(names_.symbol(key));
    pairs.push_back(keys.back());
    pairs.push_back(expression());
    if (!tokens_.accept(Tok::comma)) break;
  }
  if (!tokens_.accept(Tok::close_brace)) return fail_unexpected();
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return fail("an attribute occurs twice in a record");
  auto first = keep_list(pairs);
  return add(Op::record, kNoNode, first, static_cast<std::uint32_t>(pairs.size() / 2));
}

std::optional<Symbol> ExpressionParser::type_name() {
  if (!tokens_.at(Tok::identifier)) {
    fail("`is` needs the name of an entity type");
    return std::nullopt;
  }
  if (!usable(tokens_.current())) return std::nullopt;
  std::string path(tokens_.advance().text);
  std::string id;
  bool entity = false;
  if (!path_rest(path, entity, id)) return std::nullopt;
  if (entity || tokens_.at(Tok::dot) || tokens_.at(Tok::open_paren)) {
    fail("`is` needs the name of an entity type");
    return std::nullopt;
  }
  return names_.symbol(path);
}

std::optional<EntityIndex> ExpressionParser::entity_literal() {
  int parentheses = 0;
  while (tokens_.accept(Tok::open_paren)) ++parentheses;
  if (!tokens_.at(Tok::identifier)) {
    fail("expected an entity such as Group::\"support\"");
    return std::nullopt;
  }
  if (!usable(tokens_.current())) return std::nullopt;
  std::string path(tokens_.advance().text);
  std::string id;
  bool entity = false;
  if (!path_rest(path, entity, id)) return std::nullopt;
  if (!entity) {
    fail("expected an entity such as Group::\"support\"");
    return std::nullopt;
  }
  for (; parentheses > 0; --parentheses) {
    if (!tokens_.expect(Tok::close_paren, "`)`")) return std::nullopt;
  }
  return names_.entity(path, id);
}

}  // namespace libguard::policy::cedar
