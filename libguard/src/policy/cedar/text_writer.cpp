#include "policy/cedar/text_writer.h"

#include <algorithm>

#include "base/text.h"
#include "policy/cedar/est_words.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/node_stream.h"

namespace libguard::policy::cedar {
namespace {

// The text between quotes. A backslash is written as `\\`, so that what text::visible makes (`\u{...}`) stays an
// escape.
std::string escaped(std::string_view text, bool pattern) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c == '"' || c == '\\' || (pattern && c == '*')) {
      out += '\\';
      out += c;
      ++at;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
      ++at;
    } else {
      std::size_t end = std::min(text.find_first_of("\"\\\n\t\r*", at + 1), text.size());
      out += text::visible(text.substr(at, end - at));
      at = end;
    }
  }
  return out;
}

std::string entity_text(const Names& names, EntityIndex entity) {
  return std::string(names.text(names.type_of(entity))) + "::" + text_literal(names.id_of(entity));
}

Binding binding_of(const Node& node) {
  switch (node.op) {
    case Op::condition:
      return kLoosest;
    case Op::has:
    case Op::like:
    case Op::is:
    case Op::is_in:
      return kRelation;
    case Op::literal:
      return node.value.kind == Kind::integer && node.value.number < 0 ? kUnary : kMember;
    case Op::variable:
    case Op::attribute:
    case Op::set:
    case Op::record:
    case Op::call:
      return kMember;
    default:
      return est_operator(node.op).binding;
  }
}

class TextExpression : public NodeStream {
 public:
  TextExpression(const Expression& expression, const Names& names) : NodeStream(expression), names_(names) {}

 private:
  void open(const Node& node, int minimum) override {
    bool parentheses = binding_of(node) < minimum;
    if (parentheses) put("(");
    bare(node);
    if (parentheses) put(")");
  }

  void bare(const Node& node) {
    switch (node.op) {
      case Op::literal:
        return put(literal(node.value));
      case Op::variable:
        return put(std::string(kVariableWords[node.detail]));
      case Op::condition:
        put("if ");
        visit(node.a);
        put(" then ");
        visit(node.b);
        put(" else ");
        return visit(node.c);
      case Op::set:
        return list("[", node.b, node.c, "]");
      case Op::record:
        return record(node);
      case Op::call:
        return call(node);
      case Op::attribute:
        visit(node.a, kMember);
        return put(is_identifier(names_.text(node.b)) ? "." + std::string(names_.text(node.b))
                                                      : "[" + text_literal(names_.text(node.b)) + "]");
      case Op::has:
      case Op::like:
      case Op::is:
      case Op::is_in:
        return relation(node);
      default:
        return simple(node);
    }
  }

  [[nodiscard]] std::string literal(const Value& value) const {
    switch (value.kind) {
      case Kind::boolean:
        return value.boolean ? "true" : "false";
      case Kind::text:
        return text_literal(value.text());
      case Kind::entity:
        return entity_text(names_, value.entity);
      default:
        return std::to_string(value.number);
    }
  }

  void simple(const Node& node) {
    const EstOperator& word = est_operator(node.op);
    if (word.binding == kMember) {
      visit(node.a, kMember);
      put("." + std::string(word.word) + "(");
      if (word.binary) visit(node.b);
      return put(")");
    }
    if (!word.binary) {
      put(node.op == Op::negate ? "-" : "!");
      // `-1` would be one number, and signs in a row are limited: anything but a plain member is put in parentheses.
      const Node& inner = expression().nodes[node.a];
      bool number = node.op == Op::negate && inner.op == Op::literal && inner.value.kind == Kind::integer;
      return visit(node.a, number ? kMember + 1 : kMember);
    }
    bool chains = word.binding != kRelation;
    visit(node.a, chains ? word.binding : kAdd);
    put(" " + std::string(word.word) + " ");
    visit(node.b, word.binding + 1);
  }

  void list(const char* open, std::uint32_t first, std::uint32_t count, const char* close) {
    put(open);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i > 0) put(", ");
      visit(expression().lists[first + i]);
    }
    put(close);
  }

  void record(const Node& node) {
    put("{");
    for (std::uint32_t i = 0; i < node.c; ++i) {
      std::string_view key = names_.text(expression().lists[node.b + 2 * i]);
      put((i > 0 ? ", " : "") + (is_identifier(key) ? std::string(key) : text_literal(key)) + ": ");
      visit(expression().lists[node.b + 2 * i + 1]);
    }
    put("}");
  }

  void call(const Node& node) {
    const FunctionSpec& spec = spec_of(static_cast<Function>(node.detail));
    if (!spec.method) {
      put(std::string(spec.name));
      return list("(", node.b, node.c, ")");
    }
    visit(expression().lists[node.b], kMember);
    put("." + std::string(spec.name));
    list("(", node.b + 1, node.c - 1, ")");
  }

  void relation(const Node& node) {
    visit(node.a, kAdd);
    if (node.op == Op::like) return put(" like " + pattern(expression().patterns[node.b]));
    if (node.op == Op::has) return put(" has " + path(node));
    put(" is " + std::string(names_.text(node.b)));
    if (node.op == Op::is) return;
    put(" in ");
    visit(node.c, kAdd);
  }

  [[nodiscard]] std::string path(const Node& node) const {
    std::string_view first = names_.text(expression().lists[node.b]);
    if (!is_identifier(first)) return text_literal(first);
    std::string out(first);
    for (std::uint32_t i = 1; i < node.c; ++i) out += "." + std::string(names_.text(expression().lists[node.b + i]));
    return out;
  }

  static std::string pattern(const std::vector<std::string>& pieces) {
    std::string out = "\"";
    for (std::size_t i = 0; i < pieces.size(); ++i) out += (i > 0 ? "*" : "") + escaped(pieces[i], true);
    return out + "\"";
  }

  const Names& names_;
};

std::string scope_text(const char* variable, const Scope& scope, const Names& names) {
  std::string out = variable;
  // Only for the kinds that have one.
  auto anchor = [&] { return scope.slot ? std::string("?") + variable : entity_text(names, scope.entity); };
  switch (scope.kind) {
    case ScopeKind::any:
      return out;
    case ScopeKind::equal:
      return out + " == " + anchor();
    case ScopeKind::in:
      return out + " in " + anchor();
    case ScopeKind::is:
      return out + " is " + std::string(names.text(scope.type));
    case ScopeKind::is_in:
      return out + " is " + std::string(names.text(scope.type)) + " in " + anchor();
  }
  return out;
}

std::string action_text(const ActionScope& scope, const Names& names) {
  if (scope.kind == ScopeKind::any) return "action";
  if (scope.kind == ScopeKind::equal) return "action == " + entity_text(names, scope.entities.front());
  if (scope.entities.size() == 1) return "action in " + entity_text(names, scope.entities.front());
  std::string out = "action in [";
  for (std::size_t i = 0; i < scope.entities.size(); ++i)
    out += (i > 0 ? ", " : "") + entity_text(names, scope.entities[i]);
  return out + "]";
}

}  // namespace

std::string text_literal(std::string_view text) { return "\"" + escaped(text, false) + "\""; }

bool is_identifier(std::string_view text) {
  Lexer lexer(text);
  Token token = lexer.next();
  return token.kind == Tok::identifier && token.text.size() == text.size() && !is_reserved(text);
}

std::optional<std::string> to_text(const ParsedPolicy& policy, const Names& names) {
  std::string out;
  for (const auto& [name, value] : policy.annotations) {
    const auto& bare = policy.bare_annotations;
    bool valued = std::find(bare.begin(), bare.end(), name) == bare.end();
    out += "@" + name + (valued ? "(" + text_literal(value) + ")" : "") + "\n";
  }
  out += policy.permit ? "permit (" : "forbid (";
  out += scope_text("principal", policy.principal, names) + ", " + action_text(policy.action, names) + ", " +
         scope_text("resource", policy.resource, names) + ")";
  TextExpression body(policy.body, names);
  for (const Clause& clause : policy.clauses) {
    out += clause.unless ? "\nunless { " : "\nwhen { ";
    if (!body.write(clause.root, out)) return std::nullopt;
    out += " }";
  }
  return out + ";\n";
}

}  // namespace libguard::policy::cedar
