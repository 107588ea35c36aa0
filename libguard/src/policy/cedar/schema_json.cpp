// The JSON form of schemas, in and out.
#include <algorithm>

#include "policy/cedar/json_reader.h"
#include "policy/cedar/lexer.h"
#include "policy/cedar/schema_syntax.h"

namespace libguard::policy::cedar {
namespace {

constexpr std::string_view kTaken[] = {"Bool", "Boolean", "Entity", "Extension", "Long", "Record", "Set", "String"};

class SchemaJsonParser {
 public:
  std::optional<WrittenSchema> run(const Json& json, SchemaError& error) {
    WrittenSchema schema;
    if (object(json, "a schema in JSON")) {
      for (const auto& [name, space] : json.items()) schema.namespaces.push_back(space_of(name, space));
    }
    if (error_.empty()) return schema;
    error = {error_, 0};
    return std::nullopt;
  }

 private:
  bool good() const { return error_.empty(); }
  bool fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
    return false;
  }
  bool object(const Json& json, const std::string& what) {
    return json.is_object() || fail(what + " must be an object");
  }
  // An object with no other members than these.
  bool members(const Json& json, const std::string& what, std::initializer_list<std::string_view> known) {
    if (!object(json, what)) return false;
    for (const auto& [name, value] : json.items()) {
      if (std::find(known.begin(), known.end(), name) == known.end())
        return fail(what + " has a member it cannot have");
    }
    return true;
  }
  // Cedar takes `[]` for an entity type or action without members.
  static const Json& or_empty(const Json& json) {
    static const Json kEmpty = Json::object();
    return json.is_array() && json.empty() ? kEmpty : json;
  }
  static const Json* member(const Json& json, const char* name) {
    auto found = json.find(name);
    return found == json.end() ? nullptr : &*found;
  }
  // Absent and null are the same where Cedar says so.
  static const Json* given(const Json& json, const char* name) {
    const Json* found = member(json, name);
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  std::string string(const Json* json, const std::string& what) {
    if (json == nullptr || !json->is_string()) return fail(what + " must be a text"), std::string();
    return json->get<std::string>();
  }
  std::string type_name(const Json* json, const std::string& what) {
    std::string name = string(json, what);
    // `__cedar::Long` names Cedar's own type.
    std::string_view rest = std::string_view(name).starts_with("__cedar::") ? std::string_view(name).substr(9) : name;
    if (good() && !is_type_name(rest)) fail(what + " is not a name");
    return name;
  }
  std::string declared(const std::string& name, const std::string& what) {
    if (name.find("::") != std::string::npos || !is_type_name(name)) fail(what + " is not a name");
    return name;
  }
  WrittenAnnotations annotations(const Json& json) {
    WrittenAnnotations out;
    const Json* notes = member(json, "annotations");
    if (notes == nullptr || !object(*notes, "`annotations`")) return out;
    for (const auto& [name, text] : notes->items()) {
      Lexer lexer(name);
      Token token = lexer.next();
      if (token.kind != Tok::identifier || token.text.size() != name.size()) fail("an annotation has no proper name");
      if (!text.is_string() && !text.is_null()) fail("an annotation must be a text");
      out.emplace_back(name, text.is_string() ? text.get<std::string>() : std::string());
    }
    return out;
  }

  WrittenNamespace space_of(const std::string& name, const Json& json) {
    WrittenNamespace space;
    space.name = name;
    if (!name.empty() && !is_type_name(name)) fail("a namespace is not a name");
    if (!members(json, "a namespace", {"commonTypes", "entityTypes", "actions", "annotations"})) return space;
    space.annotations = annotations(json);
    if (name.empty() && !space.annotations.empty()) fail("what stands outside of namespaces has no annotations");
    const Json* commons = member(json, "commonTypes");
    const Json* entities = member(json, "entityTypes");
    const Json* actions = member(json, "actions");
    if (entities == nullptr || actions == nullptr) fail("a namespace needs `entityTypes` and `actions`");
    if (!good() || !object(*entities, "`entityTypes`") || !object(*actions, "`actions`")) return space;
    if (commons != nullptr && object(*commons, "`commonTypes`")) {
      for (const auto& [id, type] : commons->items()) space.commons.push_back(common(id, type));
    }
    for (const auto& [id, entity] : entities->items()) space.entities.push_back(this->entity(id, or_empty(entity)));
    for (const auto& [id, action] : actions->items()) space.actions.push_back(this->action(id, or_empty(action)));
    return space;
  }

  WrittenCommon common(const std::string& id, const Json& json) {
    WrittenCommon out;
    out.name.name = declared(id, "a common type");
    if (std::find(std::begin(kTaken), std::end(kTaken), id) != std::end(kTaken))
      fail("`" + id + "` is Cedar's own; choose another name");
    if (!object(json, "a common type")) return out;
    out.annotations = annotations(json);
    out.type = type(json, 0, {"annotations"});
    return out;
  }

  std::vector<WrittenName> names(const Json* json, const std::string& what) {
    std::vector<WrittenName> out;
    if (json == nullptr) return out;
    if (!json->is_array()) return fail(what + " must be an array"), out;
    for (const Json& name : *json) out.push_back({type_name(&name, what), 0});
    return out;
  }

  WrittenEntity entity(const std::string& id, const Json& json) {
    WrittenEntity out;
    out.names.push_back({declared(id, "an entity type"), 0});
    if (!members(json, "an entity type", {"memberOfTypes", "shape", "tags", "enum", "annotations"})) return out;
    out.annotations = annotations(json);
    if (const Json* choices = member(json, "enum")) {
      if (member(json, "memberOfTypes") != nullptr || member(json, "shape") != nullptr ||
          member(json, "tags") != nullptr)
        fail("an enum has neither parents nor attributes nor tags");
      if (!choices->is_array() || choices->empty()) return fail("`enum` must be an array of ids"), out;
      for (const Json& choice : *choices) out.choices.push_back(string(&choice, "an id of an enum"));
      return out;
    }
    out.parents = names(member(json, "memberOfTypes"), "`memberOfTypes`");
    if (const Json* shape = member(json, "shape")) out.shape = type(*shape, 0, {});
    if (const Json* tags = member(json, "tags")) out.tags = type(*tags, 0, {});
    return out;
  }

  WrittenAction action(const std::string& id, const Json& json) {
    WrittenAction out;
    out.names.push_back({id, 0});
    if (!members(json, "an action", {"attributes", "appliesTo", "memberOf", "annotations"})) return out;
    out.annotations = annotations(json);
    if (given(json, "attributes") != nullptr) fail("actions have no attributes");
    if (const Json* parents = given(json, "memberOf")) {
      if (!parents->is_array()) return fail("`memberOf` must be an array"), out;
      for (const Json& parent : *parents) out.parents.push_back(action_name(parent));
    }
    const Json* applies = given(json, "appliesTo");
    if (applies == nullptr || !members(*applies, "`appliesTo`", {"principalTypes", "resourceTypes", "context"}))
      return out;
    out.applies = true;
    const Json* principals = member(*applies, "principalTypes");
    const Json* resources = member(*applies, "resourceTypes");
    if (principals == nullptr || resources == nullptr) fail("`appliesTo` needs `principalTypes` and `resourceTypes`");
    out.principals = names(principals, "`principalTypes`");
    out.resources = names(resources, "`resourceTypes`");
    if (const Json* context = member(*applies, "context")) out.context = type(*context, 0, {});
    return out;
  }

  WrittenActionName action_name(const Json& json) {
    WrittenActionName out;
    if (!members(json, "a member of `memberOf`", {"id", "type"})) return out;
    out.id = string(member(json, "id"), "an action's id");
    if (given(json, "type") != nullptr) out.type = type_name(member(json, "type"), "an action's type");
    return out;
  }

  WrittenType type(const Json& json, int depth, std::initializer_list<std::string_view> beside) {
    WrittenType out;
    if (depth > limits::kTypeDepthMax) return fail("the type is nested too deeply"), out;
    if (!object(json, "a type")) return out;
    std::string kind = string(member(json, "type"), "a type's `type`");
    std::vector<std::string_view> known{"type"};
    known.insert(known.end(), beside.begin(), beside.end());
    if (kind == "Set") {
      known.emplace_back("element");
      set(json, depth, out);
    } else if (kind == "Record") {
      known.insert(known.end(), {"attributes", "additionalAttributes"});
      record(json, depth, out);
    } else if (kind == "Entity" || kind == "EntityOrCommon" || kind == "Extension") {
      known.emplace_back("name");
      out.kind = kind == "Entity"      ? WrittenType::Kind::entity
                 : kind == "Extension" ? WrittenType::Kind::extension
                                       : WrittenType::Kind::name;
      out.name = type_name(member(json, "name"), "a type's `name`");
    } else {
      plain(kind, out);
    }
    for (const auto& [name, value] : json.items()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) fail("a type has a member it cannot have");
    }
    return out;
  }

  void plain(const std::string& kind, WrittenType& out) {
    static constexpr std::pair<std::string_view, WrittenType::Kind> kPlain[] = {
        {"String", WrittenType::Kind::text},
        {"Long", WrittenType::Kind::integer},
        {"Boolean", WrittenType::Kind::boolean}};
    for (const auto& [name, known] : kPlain) {
      if (kind == name) {
        out.kind = known;
        return;
      }
    }
    out.kind = WrittenType::Kind::common;
    Json name = kind;
    out.name = type_name(&name, "a type");
  }

  void set(const Json& json, int depth, WrittenType& out) {
    out.kind = WrittenType::Kind::set;
    const Json* element = member(json, "element");
    if (element == nullptr) fail("a Set needs `element`");
    out.element.push_back(element != nullptr ? type(*element, depth + 1, {}) : WrittenType());
  }

  void record(const Json& json, int depth, WrittenType& out) {
    const Json* attributes = member(json, "attributes");
    if (attributes == nullptr) {
      fail("a Record needs `attributes`");
      return;
    }
    if (const Json* more = member(json, "additionalAttributes"); more != nullptr && *more != Json(false))
      fail("records with additional attributes are not supported");
    if (!object(*attributes, "`attributes`")) return;
    for (const auto& [name, type] : attributes->items()) {
      WrittenAttribute attribute;
      attribute.name = name;
      if (!object(type, "an attribute's type")) return;
      attribute.annotations = annotations(type);
      if (const Json* required = member(type, "required")) {
        if (!required->is_boolean()) fail("`required` is true or false");
        attribute.required = *required != Json(false);
      }
      attribute.type = this->type(type, depth + 1, {"required", "annotations"});
      out.attributes.push_back(std::move(attribute));
    }
  }

  std::string error_;
};

}  // namespace

std::optional<WrittenSchema> read_schema_json(const Json& json, SchemaError& error) {
  return SchemaJsonParser().run(json, error);
}

}  // namespace libguard::policy::cedar
