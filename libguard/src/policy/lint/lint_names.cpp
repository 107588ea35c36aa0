// Names that nothing has, and what only the process says.
#include <algorithm>

#include "base/text.h"
#include "policy/context_table.h"
#include "policy/lint/lint_parts.h"

namespace libguard::policy {
namespace {

using namespace cedar;

std::string hint(std::string_view word, const std::vector<std::string>& known) {
  std::string near = text::nearest(word, known);
  return near.empty() ? "name one that is there" : "did you mean \"" + near + "\"?";
}

std::vector<EntityIndex> entities_of(const ParsedPolicy& policy) {
  std::vector<EntityIndex> out = policy.action.entities;
  for (const Scope* scope : {&policy.principal, &policy.resource}) {
    bool names_one = scope->kind != ScopeKind::any && scope->kind != ScopeKind::is && !scope->slot;
    if (names_one) out.push_back(scope->entity);
  }
  for (const Node& node : policy.body.nodes) {
    if (node.op == Op::literal && node.value.kind == Kind::entity) out.push_back(node.value.entity);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

class NameLint {
 public:
  explicit NameLint(LintState& state) : state_(state), words_(state.words) {}

  void run() {
    for (const BookPolicy& policy : state_.book.policies()) {
      for (EntityIndex entity : entities_of(policy.parsed)) check_entity(policy, entity);
      check_types(policy);
      check_context(policy);
      check_columns(policy);
    }
    for (const std::string& name : undecided_) {
      state_.add_note("not_decided",
                      "whether the tables, columns and functions that policies name on connection " + name +
                          " exist is not decided: there is no catalogue of it",
                      "give --catalogue " + name + "=FILE of `libguard catalogue dump`, or let check ask the database");
    }
  }

 private:
  void check_entity(const BookPolicy& policy, EntityIndex entity) {
    std::string complaint = words_.complaint(entity);
    std::string id(words_.names.id_of(entity));
    std::size_t at = state_.book.find_literal(policy, id);
    if (!complaint.empty()) {
      auto colon = complaint.find(": ");
      std::string code = complaint.substr(0, colon);
      bool coded = code.starts_with("unknown-");
      std::replace(code.begin(), code.end(), '-', '_');
      auto question = complaint.find("; did you mean");
      std::string fix = question == std::string::npos ? "name one that guard.yaml has" : complaint.substr(question + 2);
      state_.broken.insert(&policy);
      state_.add(
          coded ? code.c_str() : "unknown_entity", Severity::error, policy, at,
          words_.names.display(entity) + ": " + (coded ? complaint.substr(colon + 2, question - colon - 2) : complaint),
          fix);
      return;
    }
    Symbol of = words_.names.type_of(entity);
    if (of == words_.type(Type::table) || of == words_.type(Type::schema) || of == words_.type(Type::function))
      check_object(policy, of, id, at);
  }

  // Checked against the catalogue, when there is one.
  void check_object(const BookPolicy& policy, Symbol of, const std::string& id, std::size_t at) {
    auto slash = id.find('/');
    const Catalogue* catalogue = catalogue_of(id.substr(0, slash));
    std::string rest = id.substr(slash + 1);
    if (catalogue == nullptr || rest.starts_with("$system")) return;
    bool function = of == words_.type(Type::function);
    std::vector<std::string> known;
    for (const CatalogueRelation& relation : catalogue->relations) {
      if (relation.system || function) continue;
      std::string schema = text::entity_part(relation.schema);
      known.push_back(of == words_.type(Type::schema) ? schema : schema + "." + text::entity_part(relation.name));
    }
    for (const CatalogueFunction& one : catalogue->functions) {
      if (of == words_.type(Type::schema)) known.push_back(text::entity_part(one.schema));
      if (function) known.push_back(text::entity_part(one.schema) + "." + text::entity_part(one.name));
    }
    if (std::find(known.begin(), known.end(), rest) != known.end()) return;
    // Built-in functions stand in no catalogue.
    if (function && (catalogue->dialect == Dialect::sqlite || rest.starts_with("pg_catalog."))) return;
    if (of == words_.type(Type::schema) && rest == "pg_catalog") return;
    const char* what = function ? "function" : of == words_.type(Type::schema) ? "schema" : "table";
    state_.broken.insert(&policy);
    state_.add((std::string("unknown_") + what).c_str(), Severity::error, policy, at,
               std::string("the database has no ") + what + " \"" + rest +
                   "\", so that this policy protects or grants nothing there",
               hint(rest, known));
  }

  const Catalogue* catalogue_of(const std::string& part) {
    for (const auto& [name, frame] : words_.frame().connections) {
      if (words_.connection(name)->part != part) continue;
      auto found = state_.catalogues.find(name);
      if (found != state_.catalogues.end() && found->second) return found->second.get();
      undecided_.insert(name);
    }
    return nullptr;
  }

  void check_types(const BookPolicy& policy) {
    auto check = [&](Symbol type) {
      if (words_.is_type(type)) return;
      state_.broken.insert(&policy);
      std::string name(words_.names.text(type));
      state_.add("unknown_type", Severity::error, policy, state_.book.find_word(policy, name),
                 "there is no entity type \"" + name + "\"", "docs/POLICY.md lists the types");
    };
    for (const Scope* scope : {&policy.parsed.principal, &policy.parsed.resource}) {
      if (scope->kind == ScopeKind::is || scope->kind == ScopeKind::is_in) check(scope->type);
    }
    for (const Node& node : policy.parsed.body.nodes) {
      if (node.op == Op::is || node.op == Op::is_in) check(node.b);
    }
  }

  [[nodiscard]] static bool is_context(const Expression& body, NodeIndex node) {
    return body.nodes[node].op == Op::variable &&
           body.nodes[node].detail == static_cast<std::uint8_t>(Variable::context);
  }

  void check_context(const BookPolicy& policy) {
    const Expression& body = policy.parsed.body;
    for (const Node& node : body.nodes) {
      if ((node.op != Op::attribute && node.op != Op::has) || !is_context(body, node.a)) continue;
      Symbol name = node.op == Op::attribute ? node.b : body.lists[node.b];
      std::string word(words_.names.text(name));
      if (policy.parsed.permit && only_narrows(name))
        state_.add(
            "permit_reads_asserted", Severity::error, policy, state_.book.find_word(policy, word),
            "context." + word + " is told by the process, and a permit that reads it can be talked into anything",
            "move the condition into a forbid");
      if (name < kContextNames || is_fact(name)) continue;
      std::vector<std::string> known;
      for (const ContextAttribute& attribute : context_attributes()) known.emplace_back(attribute.name);
      for (const Fact& fact : words_.frame().facts) known.push_back(fact.name);
      state_.broken.insert(&policy);
      state_.add("unknown_attribute", Severity::error, policy, state_.book.find_word(policy, word),
                 "there is no context." + word, hint(word, known));
    }
  }

  [[nodiscard]] bool is_fact(Symbol name) const {
    for (std::size_t i = 0; i < words_.frame().facts.size(); ++i) {
      if (words_.fact(i) == name) return true;
    }
    return false;
  }

  // Texts that are compared with context.columns_written.
  void check_columns(const BookPolicy& policy) {
    const Expression& body = policy.parsed.body;
    for (const Node& node : body.nodes) {
      bool about =
          node.op == Op::contains || node.op == Op::contains_all || node.op == Op::contains_any || node.op == Op::equal;
      if (!about) continue;
      for (auto [side, other] : {std::pair{node.a, node.b}, std::pair{node.b, node.a}}) {
        const Node& one = body.nodes[side];
        bool written = one.op == Op::attribute && is_context(body, one.a) &&
                       one.b == static_cast<Symbol>(ContextName::columns_written);
        if (written) check_column_texts(policy, body, body.nodes[other]);
      }
    }
  }

  void check_column_texts(const BookPolicy& policy, const Expression& body, const Node& node) {
    std::vector<const Node*> texts{&node};
    for (std::uint32_t i = 0; node.op == Op::set && i < node.c; ++i)
      texts.push_back(&body.nodes[body.lists[node.b + i]]);
    auto known = columns_in(policy);
    if (!known) return;
    for (const Node* one : texts) {
      if (one->op != Op::literal || one->value.kind != Kind::text) continue;
      std::string column(one->value.text());
      if (std::find(known->begin(), known->end(), column) != known->end()) continue;
      state_.add("unknown_column", Severity::error, policy, state_.book.find_literal(policy, column),
                 "no table that this policy is about has a column \"" + column + "\"", hint(column, *known));
    }
  }

  // Columns of all tables in the policy's scope; nullopt when a catalogue is missing.
  std::optional<std::vector<std::string>> columns_in(const BookPolicy& policy) {
    std::vector<std::string> out;
    const Scope& scope = policy.parsed.resource;
    bool one = scope.kind == ScopeKind::equal && words_.names.type_of(scope.entity) == words_.type(Type::table);
    for (const auto& [name, frame] : words_.frame().connections) {
      const std::string& part = words_.connection(name)->part;
      if (one && !words_.names.id_of(scope.entity).starts_with(part + "/")) continue;
      const Catalogue* catalogue = catalogue_of(part);
      if (catalogue == nullptr) return std::nullopt;
      for (const CatalogueRelation& relation : catalogue->relations) {
        std::string id = part + "/" + text::entity_part(relation.schema) + "." + text::entity_part(relation.name);
        if (one && id != words_.names.id_of(scope.entity)) continue;
        for (const CatalogueColumn& column : relation.columns) out.push_back(column.name);
      }
    }
    return out;
  }

  LintState& state_;
  Vocabulary& words_;
  std::set<std::string> undecided_;
};

}  // namespace

void lint_names(LintState& state) { NameLint(state).run(); }

}  // namespace libguard::policy
