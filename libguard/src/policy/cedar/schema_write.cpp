// Written schemas as JSON and as text.
#include <set>

#include "policy/cedar/lexer.h"
#include "policy/cedar/schema_syntax.h"

namespace libguard::policy::cedar {
namespace {

using Kind = WrittenType::Kind;

// ---- JSON

void put_annotations(const WrittenAnnotations& notes, Json& out) {
  for (const auto& [name, text] : notes) out["annotations"][name] = text;
}

Json type_json(const WrittenType& type) {
  switch (type.kind) {
    case Kind::name:
      return {{"type", "EntityOrCommon"}, {"name", type.name}};
    case Kind::common:
      return {{"type", type.name}};
    case Kind::entity:
      return {{"type", "Entity"}, {"name", type.name}};
    case Kind::extension:
      return {{"type", "Extension"}, {"name", type.name}};
    case Kind::boolean:
      return {{"type", "Boolean"}};
    case Kind::integer:
      return {{"type", "Long"}};
    case Kind::text:
      return {{"type", "String"}};
    case Kind::set:
      return {{"type", "Set"}, {"element", type_json(type.element.front())}};
    case Kind::record:
      break;
  }
  Json out{{"type", "Record"}, {"attributes", Json::object()}};
  for (const WrittenAttribute& attribute : type.attributes) {
    Json& written = out["attributes"][attribute.name] = type_json(attribute.type);
    if (!attribute.required) written["required"] = false;
    put_annotations(attribute.annotations, written);
  }
  return out;
}

bool is_empty_record(const WrittenType& type) { return type.kind == Kind::record && type.attributes.empty(); }

Json names_json(const std::vector<WrittenName>& names) {
  Json out = Json::array();
  for (const WrittenName& name : names) out.push_back(name.name);
  return out;
}

Json entity_json(const WrittenEntity& entity) {
  Json out = Json::object();
  put_annotations(entity.annotations, out);
  if (!entity.choices.empty()) {
    out["enum"] = entity.choices;
    return out;
  }
  if (!entity.parents.empty()) out["memberOfTypes"] = names_json(entity.parents);
  if (!is_empty_record(entity.shape)) out["shape"] = type_json(entity.shape);
  if (entity.tags) out["tags"] = type_json(*entity.tags);
  return out;
}

Json action_json(const WrittenAction& action) {
  Json out = Json::object();
  put_annotations(action.annotations, out);
  for (const WrittenActionName& parent : action.parents) {
    Json name{{"id", parent.id}};
    if (!parent.type.empty()) name["type"] = parent.type;
    out["memberOf"].push_back(std::move(name));
  }
  if (!action.applies) return out;
  out["appliesTo"] = {{"principalTypes", names_json(action.principals)},
                      {"resourceTypes", names_json(action.resources)}};
  if (!is_empty_record(action.context)) out["appliesTo"]["context"] = type_json(action.context);
  return out;
}

// ---- text

std::string in_quotes(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// As an identifier where the grammar takes one.
std::string plain_or_quoted(const std::string& name) {
  Lexer lexer(name);
  Token token = lexer.next();
  bool plain = token.kind == Tok::identifier && token.text.size() == name.size() && !is_reserved(name);
  return plain ? name : in_quotes(name);
}

class SchemaWriter {
 public:
  explicit SchemaWriter(const WrittenSchema& schema) {
    for (const WrittenNamespace& space : schema.namespaces) {
      for (const WrittenCommon& common : space.commons) commons_.insert(qualified(space, common.name.name));
      for (const WrittenEntity& entity : space.entities) {
        for (const WrittenName& name : entity.names) entities_.insert(qualified(space, name.name));
      }
    }
  }

  std::optional<std::string> run(const WrittenSchema& schema, SchemaError& error) {
    for (const WrittenNamespace& space : schema.namespaces) {
      space_ = &space;
      indent_ = space.name.empty() ? "" : "  ";
      if (!space.name.empty()) {
        annotations(space.annotations, "");
        out_ += "namespace " + space.name + " {\n";
      }
      for (const WrittenCommon& common : space.commons) {
        annotations(common.annotations, indent_);
        out_ += indent_ + "type " + common.name.name + " = " + type(common.type, indent_) + ";\n";
      }
      for (const WrittenEntity& entity : space.entities) this->entity(entity);
      for (const WrittenAction& action : space.actions) this->action(action);
      if (!space.name.empty()) out_ += "}\n";
    }
    if (error_.empty()) return std::move(out_);
    error = {error_, 0};
    return std::nullopt;
  }

 private:
  static std::string qualified(const WrittenNamespace& space, const std::string& name) {
    return space.name.empty() ? name : space.name + "::" + name;
  }
  void annotations(const WrittenAnnotations& notes, const std::string& indent) {
    for (const auto& [name, text] : notes) out_ += indent + "@" + name + "(" + in_quotes(text) + ")\n";
  }
  static std::string inline_annotations(const WrittenAnnotations& notes) {
    std::string out;
    for (const auto& [name, text] : notes) out += "@" + name + "(" + in_quotes(text) + ") ";
    return out;
  }
  // Whether the name means something in the other category here; the text form takes a common type first.
  std::string resolved(const WrittenType& type) {
    std::string near = qualified(*space_, type.name);
    bool relative = type.name.find("::") == std::string::npos;
    bool is_common = (relative && commons_.contains(near)) || commons_.contains(type.name);
    bool is_entity = (relative && entities_.contains(near)) || entities_.contains(type.name);
    if ((type.kind == Kind::entity && is_common) || (type.kind == Kind::common && is_entity)) {
      bool clash = type.kind == Kind::entity || !(relative && commons_.contains(near));
      if (clash)
        error_ = "`" + type.name + "` is both an entity type and a common type, which the text form cannot tell apart";
    }
    return type.name;
  }
  static std::string names(const std::vector<WrittenName>& names) {
    std::string out = "[";
    for (const WrittenName& name : names) out += (out.size() > 1 ? ", " : "") + name.name;
    return out + "]";
  }
  std::string type(const WrittenType& type, const std::string& indent) {
    switch (type.kind) {
      case Kind::name:
        return type.name;
      case Kind::common:
      case Kind::entity:
        return resolved(type);
      case Kind::extension:
        return "__cedar::" + type.name;
      case Kind::boolean:
        return "__cedar::Bool";
      case Kind::integer:
        return "__cedar::Long";
      case Kind::text:
        return "__cedar::String";
      case Kind::set:
        return "Set<" + this->type(type.element.front(), indent) + ">";
      case Kind::record:
        break;
    }
    if (type.attributes.empty()) return "{}";
    std::string out = "{\n";
    for (const WrittenAttribute& attribute : type.attributes) {
      out += indent + "  " + inline_annotations(attribute.annotations) + plain_or_quoted(attribute.name) +
             (attribute.required ? ": " : "?: ") + this->type(attribute.type, indent + "  ") + ",\n";
    }
    return out + indent + "}";
  }

  void entity(const WrittenEntity& entity) {
    annotations(entity.annotations, indent_);
    out_ += indent_ + "entity ";
    for (std::size_t i = 0; i < entity.names.size(); ++i) out_ += (i > 0 ? ", " : "") + entity.names[i].name;
    if (!entity.choices.empty()) {
      for (std::size_t i = 0; i < entity.choices.size(); ++i)
        out_ += (i > 0 ? ", " : " enum [") + in_quotes(entity.choices[i]);
      out_ += "]";
    }
    if (!entity.parents.empty()) out_ += " in " + names(entity.parents);
    if (entity.shape.kind != Kind::record)
      error_ = "the shape of `" + entity.names.front().name + "` is a named type, which the text form cannot say";
    if (!is_empty_record(entity.shape)) out_ += " = " + type(entity.shape, indent_);
    if (entity.tags) out_ += " tags " + type(*entity.tags, indent_);
    out_ += ";\n";
  }

  void action(const WrittenAction& action) {
    annotations(action.annotations, indent_);
    out_ += indent_ + "action ";
    for (std::size_t i = 0; i < action.names.size(); ++i)
      out_ += (i > 0 ? ", " : "") + plain_or_quoted(action.names[i].name);
    for (std::size_t i = 0; i < action.parents.size(); ++i) {
      const WrittenActionName& parent = action.parents[i];
      out_ += i > 0 ? ", " : " in [";
      out_ += parent.type.empty() ? plain_or_quoted(parent.id) : parent.type + "::" + in_quotes(parent.id);
    }
    if (!action.parents.empty()) out_ += "]";
    // An action for nobody or nothing is one that applies to nothing.
    if (action.applies && !action.principals.empty() && !action.resources.empty()) {
      out_ += " appliesTo {\n" + indent_ + "  principal: " + names(action.principals) + ",\n" + indent_ +
              "  resource: " + names(action.resources) + ",\n";
      if (!is_empty_record(action.context))
        out_ += indent_ + "  context: " + type(action.context, indent_ + "  ") + ",\n";
      out_ += indent_ + "}";
      if (action.context.kind != Kind::record && action.context.kind != Kind::common)
        error_ = "the context of `" + action.names.front().name + "` is no record";
    }
    out_ += ";\n";
  }

  const WrittenNamespace* space_ = nullptr;
  std::set<std::string> commons_;
  std::set<std::string> entities_;
  std::string indent_;
  std::string out_;
  std::string error_;
};

}  // namespace

Json schema_to_json(const WrittenSchema& schema) {
  Json out = Json::object();
  for (const WrittenNamespace& space : schema.namespaces) {
    Json& written = out[space.name] = {{"entityTypes", Json::object()}, {"actions", Json::object()}};
    put_annotations(space.annotations, written);
    for (const WrittenCommon& common : space.commons) {
      Json& type = written["commonTypes"][common.name.name] = type_json(common.type);
      put_annotations(common.annotations, type);
    }
    for (const WrittenEntity& entity : space.entities) {
      for (const WrittenName& name : entity.names) written["entityTypes"][name.name] = entity_json(entity);
    }
    for (const WrittenAction& action : space.actions) {
      for (const WrittenName& name : action.names) written["actions"][name.name] = action_json(action);
    }
  }
  return out;
}

std::optional<std::string> schema_to_text(const WrittenSchema& schema, SchemaError& error) {
  return SchemaWriter(schema).run(schema, error);
}

}  // namespace libguard::policy::cedar
