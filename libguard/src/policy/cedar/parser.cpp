// Policies: annotations, effect, scope and clauses.
#include "policy/cedar/parser.h"

#include "base/text.h"
#include "policy/cedar/parser_internal.h"

namespace libguard::policy::cedar {
namespace {

class PolicyParser {
 public:
  PolicyParser(std::string_view source, Names& names, Heap& heap)
      : tokens_(source), names_(names), expressions_(tokens_, names, heap) {}

  ParseResult run() {
    ParseResult result;
    while (!tokens_.failed() && !tokens_.at(Tok::end)) {
      ParsedPolicy policy;
      if (this->policy(policy)) result.policies.push_back(std::move(policy));
    }
    result.error = tokens_.error();
    return result;
  }

  ExpressionResult run_expression() {
    expressions_.start();
    NodeIndex root = expressions_.expression();
    if (!tokens_.failed() && !tokens_.at(Tok::end)) tokens_.fail_unexpected();
    return {expressions_.take(root), tokens_.error()};
  }

 private:
  bool policy(ParsedPolicy& policy) {
    if (!annotations(policy)) return false;
    policy.offset = tokens_.current().start;
    if (tokens_.accept_word("permit"))
      policy.permit = true;
    else if (!tokens_.accept_word("forbid"))
      return stop("a policy begins with `permit` or `forbid`");
    if (!tokens_.expect(Tok::open_paren, "`(`") || !scope(policy)) return false;
    expressions_.start();
    NodeIndex root = clauses(policy);
    if (!tokens_.expect(Tok::semicolon, "`;` at the end of the policy")) return false;
    policy.body = expressions_.take(root);
    return true;
  }

  bool stop(const char* message) {
    if (tokens_.at(Tok::end)) message = "the text ends too early";
    tokens_.fail(message);
    return false;
  }

  bool annotations(ParsedPolicy& policy) {
    while (tokens_.accept(Tok::at)) {
      if (!tokens_.at(Tok::identifier)) return stop("an annotation needs a name");
      std::string name(tokens_.advance().text);
      std::string value;
      if (tokens_.accept(Tok::open_paren)) {
        auto text = tokens_.at(Tok::text) ? unescape(tokens_.current().text) : std::nullopt;
        if (!text) return stop("an annotation's value is a string");
        value = std::move(*text);
        tokens_.advance();
        if (!tokens_.expect(Tok::close_paren, "`)`")) return false;
      } else {
        policy.bare_annotations.push_back(name);
      }
      if (policy.annotation(name) != nullptr) return stop("an annotation occurs twice on one policy");
      policy.annotations.emplace_back(std::move(name), std::move(value));
    }
    return !tokens_.failed();
  }

  bool scope(ParsedPolicy& policy) {
    if (!entity_scope("principal", policy.principal) || !comma()) return false;
    if (!action_scope(policy.action) || !comma()) return false;
    if (!entity_scope("resource", policy.resource)) return false;
    tokens_.accept(Tok::comma);
    return tokens_.expect(Tok::close_paren, "`)` after the scope");
  }

  bool comma() { return tokens_.expect(Tok::comma, "`,` and the next variable of the scope"); }

  bool entity_scope(std::string_view variable, Scope& scope) {
    if (!tokens_.accept_word(variable)) return stop("the scope is `principal`, `action`, `resource`, in this order");
    if (tokens_.accept_word("is")) {
      auto type = expressions_.type_name();
      if (!type) return false;
      scope.kind = ScopeKind::is;
      scope.type = *type;
      if (!tokens_.accept_word("in")) return true;
      scope.kind = ScopeKind::is_in;
      return anchor(variable, scope);
    }
    if (tokens_.accept_word("in")) {
      scope.kind = ScopeKind::in;
      return anchor(variable, scope);
    }
    if (!tokens_.accept(Tok::equal)) return true;
    scope.kind = ScopeKind::equal;
    return anchor(variable, scope);
  }

  // An entity or this variable's own slot.
  bool anchor(std::string_view variable, Scope& scope) {
    int parentheses = 0;
    if (slot_ahead(parentheses)) {
      if (tokens_.current().text.substr(1) != variable) return stop("this slot belongs to the other variable");
      tokens_.advance();
      for (; parentheses > 0; --parentheses) {
        if (!tokens_.expect(Tok::close_paren, "`)`")) return false;
      }
      scope.slot = true;
      return true;
    }
    auto entity = expressions_.entity_literal();
    for (; entity && parentheses > 0; --parentheses) {
      if (!tokens_.expect(Tok::close_paren, "`)`")) return false;
    }
    if (entity) scope.entity = *entity;
    return entity.has_value();
  }

  bool slot_ahead(int& parentheses) {
    while (tokens_.accept(Tok::open_paren)) ++parentheses;
    return tokens_.at(Tok::slot);
  }

  bool action_scope(ActionScope& scope) {
    if (!tokens_.accept_word("action")) return stop("the scope is `principal`, `action`, `resource`, in this order");
    if (tokens_.accept(Tok::equal)) {
      scope.kind = ScopeKind::equal;
      return action(scope);
    }
    if (!tokens_.accept_word("in")) return true;
    scope.kind = ScopeKind::in;
    int parentheses = 0;
    while (tokens_.accept(Tok::open_paren)) ++parentheses;
    if (!(tokens_.at(Tok::open_bracket) ? action_list(scope) : action(scope))) return false;
    for (; parentheses > 0; --parentheses) {
      if (!tokens_.expect(Tok::close_paren, "`)`")) return false;
    }
    return true;
  }

  bool action_list(ActionScope& scope) {
    tokens_.advance();
    while (!tokens_.at(Tok::close_bracket)) {
      if (!action(scope)) return false;
      if (!tokens_.accept(Tok::comma)) break;
    }
    return tokens_.expect(Tok::close_bracket, "`]`");
  }

  bool action(ActionScope& scope) {
    auto entity = expressions_.entity_literal();
    if (!entity) return false;
    std::string_view type = names_.text(names_.type_of(*entity));
    if (type != "Action" && !type.ends_with("::Action")) return stop("the action must be an Action::\"...\"");
    scope.entities.push_back(*entity);
    return true;
  }

  // All `when` and `unless` clauses as one conjunction, in their order.
  NodeIndex clauses(ParsedPolicy& policy) {
    NodeIndex all = kNoNode;
    while (!tokens_.failed() && !tokens_.at(Tok::semicolon)) {
      bool unless = tokens_.at_word("unless");
      if (!unless && !tokens_.at_word("when")) {
        stop("expected `when`, `unless` or `;`");
        return kNoNode;
      }
      tokens_.advance();
      if (!tokens_.expect(Tok::open_brace, "`{`")) return kNoNode;
      NodeIndex node = expressions_.expression();
      if (!tokens_.failed() && !tokens_.at(Tok::close_brace)) tokens_.fail_unexpected();
      tokens_.accept(Tok::close_brace);
      policy.clauses.push_back({unless, node});
      if (unless) node = expressions_.add(Op::logical_not, node);
      all = all == kNoNode ? node : expressions_.add(Op::logical_and, all, node);
    }
    return all;
  }

  TokenReader tokens_;
  Names& names_;
  ExpressionParser expressions_;
};

}  // namespace

ParseResult parse_policies(std::string_view source, Names& names, Heap& heap) {
  if (!text::is_utf8(source)) return {{}, ParseError{0, "the text is not UTF-8"}};
  return PolicyParser(source, names, heap).run();
}

ExpressionResult parse_expression(std::string_view source, Names& names, Heap& heap) {
  if (!text::is_utf8(source)) return {{}, ParseError{0, "the text is not UTF-8"}};
  return PolicyParser(source, names, heap).run_expression();
}

}  // namespace libguard::policy::cedar
