#include "policy/cedar/est_writer.h"

#include <algorithm>

#include "policy/cedar/est_words.h"
#include "policy/cedar/node_stream.h"

namespace libguard::policy::cedar {
namespace {

std::string json_text(std::string_view text) { return dump(Json(std::string(text))); }

std::string uid_text(const Names& names, EntityIndex entity) {
  return R"({"type":)" + json_text(names.text(names.type_of(entity))) + R"(,"id":)" + json_text(names.id_of(entity)) +
         "}";
}

class EstExpression : public NodeStream {
 public:
  EstExpression(const Expression& expression, const Names& names) : NodeStream(expression), names_(names) {}

 private:
  void open(const Node& node, int) override {
    switch (node.op) {
      case Op::literal:
        return put(R"({"Value":)" + literal(node.value) + "}");
      case Op::variable:
        return put(R"({"Var":")" + std::string(kVariableWords[node.detail]) + "\"}");
      case Op::condition:
        return condition(node);
      case Op::set:
        put(R"({"Set":)");
        list(node);
        return put("}");
      case Op::record:
        return record(node);
      case Op::call:
        put("{" + json_text(spec_of(static_cast<Function>(node.detail)).name) + ":");
        list(node);
        return put("}");
      case Op::has:
        return has(node);
      case Op::like:
        return like(node);
      case Op::is:
      case Op::is_in:
        return is(node);
      case Op::attribute:
        put(R"({".":{"left":)");
        visit(node.a);
        return put(R"(,"attr":)" + json_text(names_.text(node.b)) + "}}");
      default:
        return simple(node);
    }
  }

  void simple(const Node& node) {
    const EstOperator& word = est_operator(node.op);
    put("{\"" + std::string(word.word) + (word.binary ? R"(":{"left":)" : R"(":{"arg":)"));
    visit(node.a);
    if (word.binary) {
      put(R"(,"right":)");
      visit(node.b);
    }
    put("}}");
  }

  [[nodiscard]] std::string literal(const Value& value) const {
    switch (value.kind) {
      case Kind::boolean:
        return value.boolean ? "true" : "false";
      case Kind::text:
        return json_text(value.text());
      case Kind::entity:
        return R"({"__entity":)" + uid_text(names_, value.entity) + "}";
      default:
        return std::to_string(value.number);
    }
  }

  void condition(const Node& node) {
    put(R"({"if-then-else":{"if":)");
    visit(node.a);
    put(R"(,"then":)");
    visit(node.b);
    put(R"(,"else":)");
    visit(node.c);
    put("}}");
  }

  void list(const Node& node) {
    put("[");
    for (std::uint32_t i = 0; i < node.c; ++i) {
      if (i > 0) put(",");
      visit(expression().lists[node.b + i]);
    }
    put("]");
  }

  void record(const Node& node) {
    put(R"({"Record":{)");
    for (std::uint32_t i = 0; i < node.c; ++i) {
      put((i > 0 ? "," : "") + json_text(names_.text(expression().lists[node.b + 2 * i])) + ":");
      visit(expression().lists[node.b + 2 * i + 1]);
    }
    put("}}");
  }

  // `x has a.b.c` is `x has a && x.a has b && x.a.b has c`.
  void has(const Node& node) {
    for (std::uint32_t i = 1; i < node.c; ++i) put(R"({"&&":{"left":)");
    for (std::uint32_t i = 0; i < node.c; ++i) {
      if (i > 0) put(R"(,"right":)");
      put(R"({"has":{"left":)");
      for (std::uint32_t k = 0; k < i; ++k) put(R"({".":{"left":)");
      visit(node.a);
      for (std::uint32_t k = 0; k < i; ++k) put(R"(,"attr":)" + attribute(node, k) + "}}");
      put(R"(,"attr":)" + attribute(node, i) + "}}");
      if (i > 0) put("}}");
    }
  }
  [[nodiscard]] std::string attribute(const Node& node, std::uint32_t at) const {
    return json_text(names_.text(expression().lists[node.b + at]));
  }

  void like(const Node& node) {
    put(R"({"like":{"left":)");
    visit(node.a);
    std::string pattern = R"(,"pattern":[)";
    bool first = true;
    auto element = [&](std::string_view text) {
      if (!first) pattern += ",";
      first = false;
      pattern += text;
    };
    const auto& pieces = expression().patterns[node.b];
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i > 0) element("\"Wildcard\"");
      std::string_view rest = pieces[i];
      while (!rest.empty()) {
        std::size_t length = 1;
        while (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xC0) == 0x80) ++length;
        element(R"({"Literal":)" + json_text(rest.substr(0, length)) + "}");
        rest.remove_prefix(length);
      }
    }
    put(pattern + "]}}");
  }

  void is(const Node& node) {
    put(R"({"is":{"left":)");
    visit(node.a);
    put(R"(,"entity_type":)" + json_text(names_.text(node.b)));
    if (node.op == Op::is_in) {
      put(R"(,"in":)");
      visit(node.c);
    }
    put("}}");
  }

  const Names& names_;
};

class EstWriter {
 public:
  EstWriter(const Library& library, const Names& names) : library_(library), names_(names) {}

  std::optional<std::string> run() {
    out_ = R"({"templates":{)";
    if (!policies(true)) return std::nullopt;
    out_ += R"(},"staticPolicies":{)";
    if (!policies(false)) return std::nullopt;
    out_ += R"(},"templateLinks":[)";
    for (const Link& each : library_.links) link(each);
    return out_ + "]}";
  }

 private:
  bool policies(bool templates) {
    bool first = true;
    for (const NamedPolicy& policy : library_.policies) {
      if (policy.parsed.is_template() != templates) continue;
      out_ += (first ? "" : ",") + json_text(policy.id) + ":";
      first = false;
      if (!this->policy(policy.parsed)) return false;
    }
    return true;
  }

  bool policy(const ParsedPolicy& policy) {
    out_ += policy.permit ? R"({"effect":"permit","principal":)" : R"({"effect":"forbid","principal":)";
    scope(policy.principal, "?principal");
    out_ += R"(,"action":)";
    action(policy.action);
    out_ += R"(,"resource":)";
    scope(policy.resource, "?resource");
    out_ += R"(,"conditions":[)";
    EstExpression body(policy.body, names_);
    for (std::size_t i = 0; i < policy.clauses.size(); ++i) {
      out_ += std::string(i > 0 ? "," : "") + R"({"kind":")" + (policy.clauses[i].unless ? "unless" : "when") +
              R"(","body":)";
      if (!body.write(policy.clauses[i].root, out_)) return false;
      out_ += "}";
    }
    out_ += "]";
    annotations(policy);
    out_ += "}";
    return true;
  }

  void annotations(const ParsedPolicy& policy) {
    if (policy.annotations.empty()) return;
    out_ += R"(,"annotations":{)";
    for (std::size_t i = 0; i < policy.annotations.size(); ++i) {
      const auto& [name, value] = policy.annotations[i];
      const auto& bare = policy.bare_annotations;
      bool valued = std::find(bare.begin(), bare.end(), name) == bare.end();
      out_ += (i > 0 ? "," : "") + json_text(name) + ":" + (valued ? json_text(value) : "null");
    }
    out_ += "}";
  }

  std::string anchor(const Scope& scope, const char* slot) const {
    if (scope.slot) return R"("slot":")" + std::string(slot) + "\"";
    return R"("entity":)" + uid_text(names_, scope.entity);
  }

  void scope(const Scope& scope, const char* slot) {
    switch (scope.kind) {
      case ScopeKind::any:
        out_ += R"({"op":"All"})";
        return;
      case ScopeKind::equal:
        out_ += R"({"op":"==",)" + anchor(scope, slot) + "}";
        return;
      case ScopeKind::in:
        out_ += R"({"op":"in",)" + anchor(scope, slot) + "}";
        return;
      case ScopeKind::is:
      case ScopeKind::is_in:
        out_ += R"({"op":"is","entity_type":)" + json_text(names_.text(scope.type));
        if (scope.kind == ScopeKind::is_in) out_ += R"(,"in":{)" + anchor(scope, slot) + "}";
        out_ += "}";
        return;
    }
  }

  void action(const ActionScope& scope) {
    if (scope.kind == ScopeKind::any) {
      out_ += R"({"op":"All"})";
      return;
    }
    out_ += scope.kind == ScopeKind::equal ? R"({"op":"==",)" : R"({"op":"in",)";
    if (scope.entities.size() == 1) {
      out_ += R"("entity":)" + uid_text(names_, scope.entities.front()) + "}";
      return;
    }
    out_ += R"("entities":[)";
    for (std::size_t i = 0; i < scope.entities.size(); ++i)
      out_ += (i > 0 ? "," : "") + uid_text(names_, scope.entities[i]);
    out_ += "]}";
  }

  void link(const Link& link) {
    out_ += (out_.back() == '[' ? "" : ",") + std::string(R"({"templateId":)") + json_text(link.template_id) +
            R"(,"newId":)" + json_text(link.id) + R"(,"values":{)";
    if (link.principal) out_ += R"("?principal":)" + uid_text(names_, *link.principal);
    if (link.principal && link.resource) out_ += ",";
    if (link.resource) out_ += R"("?resource":)" + uid_text(names_, *link.resource);
    out_ += "}}";
  }

  const Library& library_;
  const Names& names_;
  std::string out_;
};

}  // namespace

std::optional<std::string> to_est(const Library& library, const Names& names) {
  return EstWriter(library, names).run();
}

}  // namespace libguard::policy::cedar
