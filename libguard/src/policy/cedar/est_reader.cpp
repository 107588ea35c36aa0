#include "policy/cedar/est_reader.h"

#include <algorithm>
#include <set>

#include "policy/cedar/est_expression.h"
#include "policy/cedar/lexer.h"

namespace libguard::policy::cedar {
namespace {

const Json* member(const Json& json, const char* name) {
  auto found = json.is_object() ? json.find(name) : json.end();
  return !json.is_object() || found == json.end() ? nullptr : &*found;
}

std::string_view text_of(const Json* json) {
  return json != nullptr && json->is_string() ? std::string_view(json->get_ref<const std::string&>())
                                              : std::string_view();
}

// Every member is one of `known`; what is not understood must not be passed over.
bool only(const Json& json, std::initializer_list<std::string_view> known) {
  for (const auto& [name, item] : json.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  }
  return true;
}

bool is_any_word(std::string_view text) {
  Lexer lexer(text);
  Token token = lexer.next();
  return token.kind == Tok::identifier && token.text.size() == text.size();
}

class EstReader {
 public:
  EstReader(Names& names, Heap& heap, Library& out)
      : names_(names), heap_(heap), out_(out), expressions_(names, heap), uids_(names, heap, nullptr) {}

  std::optional<Complaint> run(const Json& json) {
    if (member(json, "effect") != nullptr) {
      ids_ = {{"policy0", &json}};
    } else if (!collect(json)) {
      return complaint();
    }
    std::sort(ids_.begin(), ids_.end(), [](const auto& a, const auto& b) { return natural_less(a.first, b.first); });
    for (const auto& [id, policy] : ids_) {
      NamedPolicy named{std::string(id), {}};
      if (!this->policy(*policy, named.parsed)) {
        error_ = "policy `" + named.id.substr(0, 80) + "`: " + error_;
        return complaint();
      }
      bool may = is_template_.empty() || is_template_.count(policy) == (named.parsed.is_template() ? 1U : 0U);
      if (!may) {
        error_ = "policy `" + named.id.substr(0, 80) + "`: a policy with slots is a template, one without is static";
        return complaint();
      }
      out_.policies.push_back(std::move(named));
    }
    const Json* links = member(json, "templateLinks");
    return links == nullptr ? std::nullopt : read_links(*links, names_, heap_, out_);
  }

 private:
  [[nodiscard]] Complaint complaint() const { return {"policy.malformed", error_}; }
  bool fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
    return false;
  }

  // Digits compare as numbers.
  static bool natural_less(std::string_view a, std::string_view b) {
    auto digits = [](std::string_view text) {
      std::size_t n = 0;
      while (n < text.size() && text[text.size() - 1 - n] >= '0' && text[text.size() - 1 - n] <= '9') ++n;
      return n;
    };
    std::size_t na = digits(a);
    std::size_t nb = digits(b);
    std::string_view stem_a = a.substr(0, a.size() - na);
    std::string_view stem_b = b.substr(0, b.size() - nb);
    if (stem_a != stem_b) return stem_a < stem_b;
    return na != nb ? na < nb : a < b;
  }

  bool collect(const Json& json) {
    if (!json.is_object() || !only(json, {"staticPolicies", "templates", "templateLinks"}))
      return fail("a policy set is an object with `staticPolicies`, `templates` and `templateLinks`");
    for (const char* part : {"staticPolicies", "templates"}) {
      const Json* policies = member(json, part);
      if (policies == nullptr) continue;
      if (!policies->is_object()) return fail(std::string("`") + part + "` is an object of policies by id");
      for (const auto& [id, policy] : policies->items()) {
        ids_.emplace_back(id, &policy);
        if (part[0] == 't') is_template_.insert(&policy);
      }
    }
    is_template_.insert(nullptr);  // tells a set without templates from a single policy
    return true;
  }

  bool policy(const Json& json, ParsedPolicy& policy) {
    if (!json.is_object() || !only(json, {"effect", "principal", "action", "resource", "conditions", "annotations"}))
      return fail("it is an object with `effect`, `principal`, `action`, `resource`, `conditions` and `annotations`");
    std::string_view effect = text_of(member(json, "effect"));
    if (effect != "permit" && effect != "forbid") return fail("`effect` is \"permit\" or \"forbid\"");
    policy.permit = effect == "permit";
    return scope(member(json, "principal"), "?principal", policy.principal) &&
           action(member(json, "action"), policy.action) &&
           scope(member(json, "resource"), "?resource", policy.resource) &&
           conditions(member(json, "conditions"), policy) && annotations(member(json, "annotations"), policy);
  }

  bool anchor(const Json& json, std::string_view own_slot, Scope& scope) {
    if (const Json* slot = member(json, "slot")) {
      scope.slot = true;
      return text_of(slot) == own_slot || fail("the slot belongs to the other variable");
    }
    const Json* entity = member(json, "entity");
    auto uid = entity == nullptr ? std::nullopt : uids_.uid(*entity);
    if (!uid) return fail("a scope needs an `entity` or a `slot`");
    scope.entity = *uid;
    return true;
  }

  bool scope(const Json* json, std::string_view slot, Scope& scope) {
    if (json == nullptr || !json->is_object()) return fail("a part of the scope is missing");
    std::string_view op = text_of(member(*json, "op"));
    if (op == "All" && json->size() == 1) return true;
    if ((op == "==" || op == "in") && json->size() == 2) {
      scope.kind = op == "==" ? ScopeKind::equal : ScopeKind::in;
      return anchor(*json, slot, scope);
    }
    const Json* container = member(*json, "in");
    std::string_view type = text_of(member(*json, "entity_type"));
    if (op != "is" || json->size() != (container != nullptr ? 3U : 2U) || !is_type_name(type))
      return fail("a scope is `All`, `==`, `in` or `is`, with just what belongs to it");
    scope.type = names_.symbol(type);
    scope.kind = container != nullptr ? ScopeKind::is_in : ScopeKind::is;
    if (container == nullptr) return true;
    if (!container->is_object() || container->size() != 1) return fail("`in` has an `entity` or a `slot`");
    return anchor(*container, slot, scope);
  }

  bool action(const Json* json, ActionScope& scope) {
    std::string_view op = json == nullptr ? "" : text_of(member(*json, "op"));
    if (op == "All" && json->size() == 1) return true;
    if ((op != "==" && op != "in") || json->size() != 2)
      return fail("the action's scope is `All`, `==` an entity, or `in` one or several");
    scope.kind = op == "==" ? ScopeKind::equal : ScopeKind::in;
    const Json* several = member(*json, "entities");
    if (several != nullptr && (op == "==" || !several->is_array())) return fail("`entities` is an array behind `in`");
    const Json* one = member(*json, "entity");
    if (several == nullptr && one == nullptr) return fail("the action's scope needs `entity` or `entities`");
    if (several == nullptr) return action_entity(*one, scope);
    for (const Json& entity : *several) {
      if (!action_entity(entity, scope)) return false;
    }
    return true;
  }

  bool action_entity(const Json& json, ActionScope& scope) {
    auto uid = uids_.uid(json);
    if (!uid) return fail(uids_.error());
    std::string_view type = names_.text(names_.type_of(*uid));
    if (type != "Action" && !type.ends_with("::Action")) return fail("the action must be an Action::\"...\"");
    scope.entities.push_back(*uid);
    return true;
  }

  bool conditions(const Json* json, ParsedPolicy& policy) {
    if (json == nullptr || !json->is_array()) return fail("`conditions` is an array");
    Expression& body = policy.body;
    for (const Json& condition : *json) {
      std::string_view kind = text_of(member(condition, "kind"));
      const Json* expression = member(condition, "body");
      if ((kind != "when" && kind != "unless") || expression == nullptr || condition.size() != 2)
        return fail("a condition has a `kind`, \"when\" or \"unless\", and a `body`");
      auto root = expressions_.read(*expression, body);
      if (!root) return fail(expressions_.error());
      policy.clauses.push_back({kind == "unless", *root});
      NodeIndex node = kind == "unless" ? add(body, Op::logical_not, *root, 0) : *root;
      body.root = body.root == kNoNode ? node : add(body, Op::logical_and, body.root, node);
    }
    return true;
  }

  static NodeIndex add(Expression& body, Op op, NodeIndex a, NodeIndex b) {
    Node node;
    node.op = op;
    node.a = a;
    node.b = b;
    body.nodes.push_back(node);
    return static_cast<NodeIndex>(body.nodes.size() - 1);
  }

  bool annotations(const Json* json, ParsedPolicy& policy) {
    if (json == nullptr) return true;
    if (!json->is_object()) return fail("`annotations` is an object");
    for (const auto& [name, value] : json->items()) {
      if (!is_any_word(name) || (!value.is_string() && !value.is_null()))
        return fail("an annotation is a word with a text or null");
      if (value.is_null()) policy.bare_annotations.push_back(name);
      policy.annotations.emplace_back(name, value.is_null() ? std::string() : value.get<std::string>());
    }
    return true;
  }

  Names& names_;
  Heap& heap_;
  Library& out_;
  EstExpressionReader expressions_;
  JsonReader uids_;
  std::vector<std::pair<std::string, const Json*>> ids_;
  std::set<const Json*> is_template_;
  std::string error_;
};

}  // namespace

std::optional<Complaint> library_of_est(const Json& json, Names& names, Heap& heap, Library& out) {
  return EstReader(names, heap, out).run(json);
}

std::optional<Complaint> library_of_est(std::string_view text, Names& names, Heap& heap, Library& out) {
  JsonResult json = read_json(text, limits::kEstNestingMax);
  if (!json.value) return Complaint{"policy.malformed", "the policies are not JSON: " + json.error};
  return library_of_est(*json.value, names, heap, out);
}

}  // namespace libguard::policy::cedar
