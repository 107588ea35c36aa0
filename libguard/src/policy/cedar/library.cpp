#include "policy/cedar/library.h"

#include <map>
#include <set>

#include "policy/cedar/excerpt.h"
#include "policy/cedar/json_reader.h"
#include "policy/cedar/parser.h"

namespace libguard::policy::cedar {
namespace {

std::optional<Complaint> bad_link(std::string message) { return Complaint{"links.malformed", std::move(message)}; }

const std::string* text_of(const Json& json, const char* name, const char* other) {
  for (const char* key : {name, other}) {
    auto found = json.find(key);
    if (found != json.end() && found->is_string()) return &found->get_ref<const std::string&>();
  }
  return nullptr;
}

std::optional<Complaint> read_link(const Json& json, JsonReader& reader, Library& out) {
  if (!json.is_object()) return bad_link("a link is an object");
  const std::string* of = text_of(json, "template_id", "templateId");
  const std::string* id = text_of(json, "new_id", "newId");
  auto values = json.find("values");
  if (of == nullptr || id == nullptr || id->empty() || values == json.end() || !values->is_object())
    return bad_link("a link needs a template's id, a new id and `values`");
  Link link{*of, *id, {}, {}};
  for (const auto& [slot, value] : values->items()) {
    auto& target = slot == "?principal" ? link.principal : link.resource;
    if (slot != "?principal" && slot != "?resource") return bad_link("a link must fill exactly the template's slots");
    target = reader.uid(value);
    if (!target) return bad_link(reader.error());
  }
  out.links.push_back(std::move(link));
  return std::nullopt;
}

Policy scope_of(const ParsedPolicy& parsed, std::string id, std::shared_ptr<const Program> condition) {
  return {std::move(id), parsed.permit, parsed.principal, parsed.action, parsed.resource, std::move(condition)};
}

void fill(Scope& scope, const std::optional<EntityIndex>& entity) {
  if (!entity) return;
  scope.entity = *entity;
  scope.slot = false;
}

}  // namespace

std::string Complaint::sentence() const {
  if (line == 0) return message;
  std::string out = "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + message;
  return excerpt.empty() ? out : out + "\n" + excerpt;
}

std::optional<Complaint> library_of_text(std::string_view text, Names& names, Heap& heap, Library& out) {
  ParseResult parsed = parse_policies(text, names, heap);
  if (parsed.error) {
    Position at = position_of(text, parsed.error->offset);
    return Complaint{"policy.syntax", std::move(parsed.error->message), at.line, at.column,
                     excerpt(text, parsed.error->offset)};
  }
  std::size_t number = 0;
  out.policies.reserve(parsed.policies.size());
  for (ParsedPolicy& policy : parsed.policies)
    out.policies.push_back({"policy" + std::to_string(number++), std::move(policy)});
  return std::nullopt;
}

std::optional<Complaint> read_links(const Json& links, Names& names, Heap& heap, Library& out) {
  if (!links.is_array()) return bad_link("`links` is an array");
  JsonReader reader(names, heap, nullptr);
  for (const Json& json : links) {
    if (auto complaint = read_link(json, reader, out)) return complaint;
  }
  return std::nullopt;
}

std::optional<Complaint> check_library(const Library& library) {
  std::set<std::string_view> ids;
  std::map<std::string_view, const ParsedPolicy*> templates;
  auto twice = [](const std::string& id) { return Complaint{"policy.id_twice", "the id `" + id + "` is used twice"}; };
  for (const NamedPolicy& policy : library.policies) {
    if (!ids.insert(policy.id).second) return twice(policy.id);
    if (policy.parsed.is_template()) templates.emplace(policy.id, &policy.parsed);
  }
  for (const Link& link : library.links) {
    auto found = templates.find(link.template_id);
    if (found == templates.end()) return bad_link("a link names no template");
    const ParsedPolicy& of = *found->second;
    if (of.principal.slot != link.principal.has_value() || of.resource.slot != link.resource.has_value())
      return bad_link("a link must fill exactly the template's slots");
    if (!ids.insert(link.id).second) return twice(link.id);
  }
  return std::nullopt;
}

void compile_library(Library library, Heap& heap, PolicySet& out) {
  struct Template {
    ParsedPolicy parsed;
    std::shared_ptr<const Program> condition;
  };
  std::map<std::string, Template, std::less<>> templates;
  for (NamedPolicy& policy : library.policies) {
    std::shared_ptr<const Program> condition;
    if (policy.parsed.body.root != kNoNode)
      condition = std::make_shared<const Program>(compile(std::move(policy.parsed.body), heap));
    if (policy.parsed.is_template())
      templates.emplace(std::move(policy.id), Template{std::move(policy.parsed), std::move(condition)});
    else
      out.add(scope_of(policy.parsed, std::move(policy.id), std::move(condition)));
  }
  for (Link& link : library.links) {
    const Template& of = templates.find(link.template_id)->second;
    Policy policy = scope_of(of.parsed, std::move(link.id), of.condition);
    fill(policy.principal, link.principal);
    fill(policy.resource, link.resource);
    out.add(std::move(policy));
  }
}

}  // namespace libguard::policy::cedar
