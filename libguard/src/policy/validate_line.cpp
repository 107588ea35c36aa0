// One line of `libguard policy validate --batch`: a schema and policies in, findings out.
#include <algorithm>
#include <map>

#include "base/batch_line.h"
#include "policy/cedar/excerpt.h"
#include "policy/cedar/json_reader.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/validate/validator.h"
#include "policy/decider.h"

namespace libguard::policy {
namespace {

using namespace cedar;

constexpr int kLineNestingMax = 400;

Json refusal(const char* code, std::string message) {
  return {{"error", {{"code", code}, {"message", std::move(message)}}}};
}

// "line 3, column 5: <what>" with the line and a caret below as `excerpt`.
Json placed_refusal(const char* code, std::string_view source, std::size_t offset, const std::string& message) {
  Position at = position_of(source, offset);
  Json out =
      refusal(code, "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " + message);
  out["error"]["line"] = at.line;
  out["error"]["column"] = at.column;
  out["error"]["excerpt"] = excerpt(source, offset);
  return out;
}

class ValidateLine {
 public:
  Json run(const Json& json) {
    auto policies = json.find("policies");
    auto schema = json.find("schema");
    if (policies == json.end() || !policies->is_string())
      return refusal("batch.malformed", "`policies` must be a text of Cedar policies");
    if (schema == json.end() || !(schema->is_string() || schema->is_object()))
      return refusal("batch.malformed", "`schema` must be a text or an object");
    source_ = policies->get_ref<const std::string&>();
    SchemaError error;
    auto written = read_schema(*schema, error);
    auto resolved = written ? resolve_schema(*written, names_, error) : std::nullopt;
    if (!resolved) {
      if (!schema->is_string()) return refusal("schema.malformed", error.message);
      return placed_refusal("schema.malformed", schema->get_ref<const std::string&>(), error.offset, error.message);
    }
    ParseResult parsed = parse_policies(source_, names_, heap_);
    if (parsed.error) return placed_refusal("policy.syntax", source_, parsed.error->offset, parsed.error->message);
    return check(*resolved, parsed.policies, json);
  }

 private:
  Json check(const Schema& schema, const std::vector<ParsedPolicy>& policies, const Json& json) {
    Validator validator(schema, names_);
    Json findings = Json::array();
    for (std::size_t number = 0; number < policies.size(); ++number) {
      std::string id = "policy" + std::to_string(number);
      for (const Finding& finding : validator.check(policies[number])) add(findings, id, policies[number], finding);
      ids_.emplace(std::move(id), &policies[number]);
    }
    if (auto links = json.find("links"); links != json.end() && !links->is_null()) {
      if (!links->is_array()) return refusal("links.malformed", "`links` is an array");
      for (const Json& link : *links) {
        if (auto bad = this->link(validator, link, findings)) return *bad;
      }
    }
    return {{"valid", valid_}, {"findings", std::move(findings)}};
  }

  void add(Json& findings, const std::string& id, const ParsedPolicy& policy, const Finding& finding) {
    Position at = position_of(source_, finding.offset);
    valid_ = valid_ && finding.warning;
    Json out{{"policy", id},
             {"code", finding.code},
             {"severity", finding.warning ? "warning" : "error"},
             {"line", at.line},
             {"column", at.column},
             {"message", finding.message},
             {"help", finding.help},
             {"excerpt", excerpt(source_, finding.offset)}};
    if (const std::string* name = policy.annotation("id")) out["id"] = *name;
    findings.push_back(std::move(out));
  }

  std::optional<Json> link(Validator& validator, const Json& json, Json& findings) {
    auto text = [&](const char* name) {
      auto found = json.is_object() ? json.find(name) : json.end();
      return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    auto found = ids_.find(text("template_id"));
    std::string id = text("new_id");
    auto values = json.is_object() ? json.find("values") : json.end();
    if (found == ids_.end() || id.empty() || values == json.end() || !values->is_object())
      return refusal("links.malformed", "a link names a template, a new id and `values`");
    SlotValues slots;
    JsonReader reader(names_, heap_, nullptr);
    for (auto [slot, scope, value] : {std::tuple{"?principal", &found->second->principal, &slots.principal},
                                      std::tuple{"?resource", &found->second->resource, &slots.resource}}) {
      auto given = values->find(slot);
      if (scope->slot != (given != values->end()))
        return refusal("links.malformed", "a link must fill exactly the template's slots");
      if (!scope->slot) continue;
      *value = reader.uid(*given);
      if (!*value) return refusal("links.malformed", reader.error());
    }
    for (const Finding& finding : validator.check_link(*found->second, slots))
      add(findings, id, *found->second, finding);
    return std::nullopt;
  }

  std::string_view source_;
  Names names_;
  Heap heap_;
  std::map<std::string, const ParsedPolicy*> ids_;
  bool valid_ = true;
};

}  // namespace

std::string validate_line(std::string_view text) {
  return answer_batch_line(text, kLineNestingMax,
                           [](const JsonResult& line) { return dump(ValidateLine().run(*line.value)); });
}

}  // namespace libguard::policy
