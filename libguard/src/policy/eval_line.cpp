// One line of `libguard policy eval --batch`: policies, entities and requests in, answers out.
#include <algorithm>
#include <map>

#include "base/batch_line.h"
#include "policy/cedar/excerpt.h"
#include "policy/cedar/json_reader.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/policy_set.h"
#include "policy/cedar/schema_conformance.h"
#include "policy/decider.h"

namespace libguard::policy {
namespace {

using namespace cedar;

// Entities nest values; this is as deep as the reader of a line goes.
constexpr int kLineNestingMax = 200;

struct Failure {
  std::string code;
  std::string message;
  Position at = {0, 0};
  std::string excerpt = {};
};

// Everything that one line holds, in the order of destruction that its references need.
class Line {
 public:
  explicit Line(bool cedar_compat) : compat_(cedar_compat) {}

  std::optional<Failure> load(const Json& json);
  Json answer(const Json& test);

 private:
  std::optional<Failure> load_policies(const std::string& text);
  std::optional<Failure> load_links(const Json& links);
  std::optional<Failure> link(const Json& json);
  std::optional<Failure> add(const ParsedPolicy& parsed, std::string id, std::shared_ptr<const Program> condition);
  Json answer_of(const Answer& answer) const;

  struct Template {
    ParsedPolicy parsed;
    std::shared_ptr<const Program> condition;
  };

  bool compat_;
  Names names_;
  Heap heap_;
  std::optional<Schema> schema_;
  Entities entities_;
  PolicySet set_;
  std::map<std::string, Template> templates_;
  std::map<std::string, bool> ids_;
};

Failure bad(std::string code, std::string message) { return {std::move(code), std::move(message)}; }

std::optional<Failure> Line::load(const Json& json) {
  auto policies = json.find("policies");
  if (policies == json.end() || !policies->is_string())
    return bad("batch.malformed", "`policies` must be a text of Cedar policies");
  if (auto schema = json.find("schema"); schema != json.end() && !schema->is_null()) {
    SchemaError error;
    auto written = read_schema(*schema, error);
    if (written) schema_ = resolve_schema(*written, names_, error);
    if (!schema_) return bad("schema.malformed", error.message);
  }
  if (auto failure = load_policies(policies->get_ref<const std::string&>())) return failure;
  if (auto links = json.find("links"); links != json.end() && !links->is_null()) {
    if (auto failure = load_links(*links)) return failure;
  }
  if (auto entities = json.find("entities"); entities != json.end() && !entities->is_null()) {
    JsonReader reader(names_, heap_, schema_ ? &*schema_ : nullptr);
    if (!reader.entities(*entities, entities_)) return bad("entities.malformed", reader.error());
  }
  if (schema_) {
    Conformance conformance(*schema_, names_);
    conformance.add_actions(entities_);
    std::string wrong = conformance.entities(entities_);
    if (!wrong.empty()) return bad("entities.invalid", wrong);
  }
  set_.freeze();
  return std::nullopt;
}

std::optional<Failure> Line::load_policies(const std::string& text) {
  ParseResult parsed = parse_policies(text, names_, heap_);
  if (parsed.error) {
    Position at = position_of(text, parsed.error->offset);
    return Failure{
        "policy.syntax",
        "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " + parsed.error->message, at,
        excerpt(text, parsed.error->offset)};
  }
  std::size_t number = 0;
  for (ParsedPolicy& policy : parsed.policies) {
    std::string id = "policy" + std::to_string(number++);
    if (!compat_) {
      const std::string* own = policy.annotation("id");
      if (own == nullptr || own->empty())
        return bad("policy.id_missing", "policy " + std::to_string(number) + " has no @id");
      id = *own;
    }
    std::shared_ptr<const Program> condition;
    if (policy.body.root != kNoNode)
      condition = std::make_shared<const Program>(compile(std::move(policy.body), heap_));
    if (policy.is_template()) {
      if (!ids_.emplace(id, true).second) return bad("policy.id_twice", "the id `" + id + "` is used twice");
      templates_.emplace(std::move(id), Template{std::move(policy), std::move(condition)});
    } else if (auto failure = add(policy, std::move(id), std::move(condition))) {
      return failure;
    }
  }
  return std::nullopt;
}

std::optional<Failure> Line::add(const ParsedPolicy& parsed, std::string id, std::shared_ptr<const Program> condition) {
  if (!ids_.emplace(id, true).second) return bad("policy.id_twice", "the id `" + id + "` is used twice");
  set_.add({std::move(id), parsed.permit, parsed.principal, parsed.action, parsed.resource, std::move(condition)});
  return std::nullopt;
}

std::optional<Failure> Line::load_links(const Json& links) {
  if (!links.is_array()) return bad("links.malformed", "`links` is an array");
  for (const Json& json : links) {
    if (auto failure = link(json)) return failure;
  }
  return std::nullopt;
}

std::optional<Failure> Line::link(const Json& json) {
  auto text = [&](const char* name) -> std::string {
    auto found = json.is_object() ? json.find(name) : json.end();
    return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  auto found = templates_.find(text("template_id"));
  std::string id = text("new_id");
  if (found == templates_.end() || id.empty()) return bad("links.malformed", "a link names no template or no new id");
  ParsedPolicy policy;
  policy.permit = found->second.parsed.permit;
  policy.principal = found->second.parsed.principal;
  policy.action = found->second.parsed.action;
  policy.resource = found->second.parsed.resource;
  auto values = json.find("values");
  if (values == json.end() || !values->is_object()) return bad("links.malformed", "a link needs `values`");
  std::size_t used = 0;
  JsonReader reader(names_, heap_, nullptr);
  for (auto [slot, scope] : {std::pair{"?principal", &policy.principal}, std::pair{"?resource", &policy.resource}}) {
    auto value = values->find(slot);
    if (scope->slot != (value != values->end()))
      return bad("links.malformed", "a link must fill exactly the template's slots");
    if (!scope->slot) continue;
    auto entity = reader.uid(*value);
    if (!entity) return bad("links.malformed", reader.error());
    scope->entity = *entity;
    scope->slot = false;
    ++used;
  }
  if (used != values->size()) return bad("links.malformed", "a link must fill exactly the template's slots");
  return add(policy, std::move(id), found->second.condition);
}

Json Line::answer_of(const Answer& answer) const {
  const auto& policies = set_.policies();
  std::vector<PolicyIndex> deciding = answer.forbids;
  if (!compat_) {
    // Cedar skips a policy that errs, so that an erring forbid lets through; here it denies.
    for (const auto& [policy, error] : answer.errors) {
      if (!policies[policy].permit) deciding.push_back(policy);
    }
    std::sort(deciding.begin(), deciding.end());
  }
  bool allow = deciding.empty() && !answer.permits.empty();
  if (deciding.empty()) deciding = answer.permits;
  Json out{{"decision", allow ? "allow" : "deny"},
           {"reason", Json::array()},
           {"errors", Json::array()},
           {"error_kinds", Json::object()}};
  for (PolicyIndex policy : deciding) out["reason"].push_back(policies[policy].id);
  for (const auto& [policy, error] : answer.errors) {
    out["errors"].push_back(policies[policy].id);
    out["error_kinds"][policies[policy].id] = to_string(error);
  }
  return out;
}

Json error_json(const Failure& failure) {
  Json error{{"code", failure.code}, {"message", failure.message}};
  if (failure.at.line > 0) {
    error["line"] = failure.at.line;
    error["column"] = failure.at.column;
    error["excerpt"] = failure.excerpt;
  }
  return {{"error", std::move(error)}};
}

Json Line::answer(const Json& test) {
  auto request = test.is_object() ? test.find("request") : test.end();
  if (!test.is_object() || request == test.end() || !request->is_object())
    return error_json(bad("request.malformed", "a case needs a `request`"));
  Names names(&names_);
  Heap heap;
  JsonReader reader(names, heap, schema_ ? &*schema_ : nullptr);
  EvalRequest asked;
  for (auto [part, target] : {std::pair{"principal", &asked.principal}, std::pair{"action", &asked.action},
                              std::pair{"resource", &asked.resource}}) {
    auto json = request->find(part);
    auto entity = json == request->end() ? std::nullopt : reader.uid(*json);
    if (!entity) return error_json(bad("request.malformed", std::string("`") + part + "` must be an entity id"));
    target->entity = *entity;
  }
  auto context = request->find("context");
  asked.context =
      reader.context(context == request->end() || context->is_null() ? nullptr : &*context, asked.action.entity);
  if (asked.context == nullptr) return error_json(bad("request.malformed", reader.error()));
  if (schema_ && test.value("validate_request", true)) {
    Conformance conformance(*schema_, names);
    std::string wrong =
        conformance.request(asked.principal.entity, asked.action.entity, asked.resource.entity, *asked.context);
    if (!wrong.empty()) return error_json(bad("request.invalid", wrong));
  }
  Hierarchy hierarchy(entities_);
  for (Anchored* part : {&asked.principal, &asked.action, &asked.resource})
    part->ancestors = hierarchy.ancestors(part->entity);
  Machine machine(names, hierarchy);
  Answer answer;
  set_.ask(asked, names, machine, answer);
  return answer_of(answer);
}

Json eval(const Json& json, bool cedar_compat) {
  auto cases = json.find("cases");
  if (cases == json.end() || !cases->is_array()) return error_json(bad("batch.malformed", "`cases` must be an array"));
  Line line(cedar_compat);
  if (auto failure = line.load(json)) return error_json(*failure);
  Json answers = Json::array();
  for (const Json& test : *cases) answers.push_back(line.answer(test));
  return {{"answers", std::move(answers)}};
}

}  // namespace

std::string eval_line(std::string_view text, bool cedar_compat) {
  return answer_batch_line(text, kLineNestingMax,
                           [&](const JsonResult& line) { return dump(eval(*line.value, cedar_compat)); });
}

}  // namespace libguard::policy
