#include "policy/cedar/json_reader.h"

#include "policy/cedar/extension.h"
#include "policy/cedar/lexer.h"

namespace libguard::policy::cedar {
namespace {

const Json* member(const Json& json, const char* name) {
  auto found = json.find(name);
  return found == json.end() ? nullptr : &*found;
}

const std::string* text_member(const Json& json, const char* name) {
  const Json* found = member(json, name);
  return found != nullptr && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
}

}  // namespace

bool is_type_name(std::string_view text) {
  Lexer lexer(text);
  std::size_t length = 0;
  for (;;) {
    Token part = lexer.next();
    if (part.kind != Tok::identifier || is_reserved(part.text)) return false;
    length += part.text.size();
    Token separator = lexer.next();
    if (separator.kind == Tok::end) return length == text.size();
    if (separator.kind != Tok::path) return false;
    length += 2;
  }
}

std::optional<EntityIndex> JsonReader::uid(const Json& outer) {
  const Json* inner = outer.is_object() && outer.size() == 1 ? member(outer, "__entity") : nullptr;
  const Json& json = inner != nullptr ? *inner : outer;
  if (!json.is_object()) return fail("an entity id is an object with `type` and `id`");
  const std::string* type = text_member(json, "type");
  const std::string* id = text_member(json, "id");
  if (type == nullptr || id == nullptr || json.size() != 2)
    return fail("an entity id is an object with `type` and `id`");
  if (!is_type_name(*type)) return fail("an entity type is not a name");
  return names_.entity(*type, *id);
}

// `{"fn": f, "arg": x}`, or `{"fn": f, "args": [x, ...]}` whose arguments are values themselves.
std::optional<Value> JsonReader::extension(const Json& json) {
  const std::string* function = json.is_object() && json.size() == 2 ? text_member(json, "fn") : nullptr;
  const FunctionSpec* spec = function != nullptr ? find_function(*function) : nullptr;
  const Json* single = spec != nullptr ? member(json, "arg") : nullptr;
  const Json* several = spec != nullptr ? member(json, "args") : nullptr;
  if (single == nullptr && (several == nullptr || !several->is_array()))
    return fail("`__extn` is a known `fn` with `arg` or `args`");
  std::vector<Value> arguments;
  for (const Json& item : single != nullptr ? Json::array({*single}) : *several) {
    auto argument = value(item);
    if (!argument) return std::nullopt;
    arguments.push_back(*argument);
  }
  return call_extension(*spec, arguments);
}

std::optional<Value> JsonReader::call_extension(const FunctionSpec& spec, const std::vector<Value>& arguments) {
  Value result;
  if (call(spec.function, arguments.data(), arguments.size(), heap_, result) != EvalError::none) {
    return fail("an extension value is malformed");
  }
  return result;
}

std::optional<Value> JsonReader::typed_text(const Json& json, const SchemaType& type) {
  if (type.kind == SchemaType::Kind::extension) {
    return call_extension(*find_function(type.name), {Value::of(std::string_view(json.get_ref<const std::string&>()))});
  }
  return heap_.text(json.get<std::string>());
}

std::optional<Value> JsonReader::set(const Json& json, const SchemaType* type) {
  const SchemaType* inner = type != nullptr && type->kind == SchemaType::Kind::set ? type->element.get() : nullptr;
  std::vector<Value> members;
  for (const Json& item : json) {
    auto member = value(item, inner);
    if (!member) return std::nullopt;
    members.push_back(*member);
  }
  return heap_.set(std::move(members));
}

std::optional<Value> JsonReader::object(const Json& json, const SchemaType* type) {
  if (member(json, "__expr") != nullptr) return fail("`__expr` is not supported");
  const Json* escaped = member(json, "__entity");
  if (escaped != nullptr || (type != nullptr && type->kind == SchemaType::Kind::entity)) {
    auto entity = uid(json);
    if (!entity) return std::nullopt;
    return Value::of_entity(*entity);
  }
  if (const Json* call = member(json, "__extn")) {
    if (json.size() != 1) return fail("`__extn` stands alone in its object");
    return extension(*call);
  }
  if (type != nullptr && type->kind == SchemaType::Kind::extension) return extension(json);
  const Record* fields = record(&json, type);
  if (fields == nullptr) return std::nullopt;
  return Value::of(fields);
}

std::optional<Value> JsonReader::value(const Json& json, const SchemaType* type) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value::of(json.get<bool>());
    case Json::value_t::number_integer:
      return Value::of(json.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      if (json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        return fail("a number does not fit into 64 bits");
      return Value::of(json.get<std::int64_t>());
    case Json::value_t::string:
      if (type != nullptr) return typed_text(json, *type);
      return heap_.text(json.get<std::string>());
    case Json::value_t::array:
      return set(json, type);
    case Json::value_t::object:
      return object(json, type);
    default:
      return fail("a value is a boolean, an integer, a text, an array or an object");
  }
}

const Record* JsonReader::record(const Json* json, const SchemaType* type) {
  std::vector<std::pair<Symbol, Value>> fields;
  if (json != nullptr) {
    if (!json->is_object()) {
      fail("expected an object");
      return nullptr;
    }
    for (const auto& [name, item] : json->items()) {
      auto field = value(item, type != nullptr ? type->attribute(name) : nullptr);
      if (!field) return nullptr;
      fields.emplace_back(names_.symbol(name), *field);
    }
  }
  return heap_.record(std::move(fields)).record;
}

const Record* JsonReader::context(const Json* json, EntityIndex action) {
  if (json != nullptr && json->is_object() && json->size() == 1 && json->contains("__extn")) {
    fail("a context is a record");
    return nullptr;
  }
  const SchemaType* type =
      schema_ != nullptr ? schema_->context_of(names_.text(names_.type_of(action)), names_.id_of(action)) : nullptr;
  return record(json, type);
}

bool JsonReader::entity(const Json& json, Entities& out) {
  const Json* id = json.is_object() ? member(json, "uid") : nullptr;
  auto index = id != nullptr ? uid(*id) : std::nullopt;
  if (!index) {
    fail("an entity needs a `uid`");
    return false;
  }
  std::string type(names_.text(names_.type_of(*index)));
  const SchemaEntity* declared = schema_ != nullptr ? schema_->entity(type) : nullptr;
  Entity entity;
  entity.attributes = record(member(json, "attrs"), declared != nullptr ? &declared->attributes : nullptr);
  if (entity.attributes == nullptr) return false;
  if (const Json* tags = member(json, "tags")) {
    SchemaType tag_type;
    if (declared != nullptr && declared->tags) {
      tag_type.kind = SchemaType::Kind::record;
      for (const auto& [name, item] : tags->items()) tag_type.attributes.emplace(name, *declared->tags);
    }
    entity.tags = record(tags, &tag_type);
    if (entity.tags == nullptr) return false;
  }
  if (const Json* parents = member(json, "parents")) {
    if (!parents->is_array()) {
      fail("`parents` is an array");
      return false;
    }
    for (const Json& parent : *parents) {
      auto above = uid(parent);
      if (!above) return false;
      entity.parents.push_back(*above);
    }
  }
  if (!out.add(*index, std::move(entity))) {
    fail("an entity is listed twice");
    return false;
  }
  return true;
}

bool JsonReader::entities(const Json& json, Entities& out) {
  if (!json.is_array()) {
    fail("`entities` is an array");
    return false;
  }
  for (const Json& item : json) {
    if (!entity(item, out)) return false;
  }
  if (out.has_cycle()) {
    fail("an entity is its own ancestor");
    return false;
  }
  return true;
}

}  // namespace libguard::policy::cedar
