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

// As Cedar reads it: further members are passed over.
bool is_type_and_id(const Json& json) {
  return json.is_object() && text_member(json, "type") != nullptr && text_member(json, "id") != nullptr;
}

bool is_call(const Json& json) {
  if (!json.is_object() || text_member(json, "fn") == nullptr) return false;
  const Json* several = member(json, "args");
  return member(json, "arg") != nullptr || (several != nullptr && several->is_array());
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
  const Json* inner = outer.is_object() ? member(outer, "__entity") : nullptr;
  const Json& json = inner != nullptr && is_type_and_id(*inner) ? *inner : outer;
  if (!is_type_and_id(json)) return fail("an entity id is an object with `type` and `id`");
  const std::string* type = text_member(json, "type");
  const std::string* id = text_member(json, "id");
  if (!is_type_name(*type)) return fail("an entity type is not a name");
  return names_.entity(*type, *id);
}

// `{"fn": f, "arg": x}`, or `{"fn": f, "args": [x, ...]}` whose arguments are values themselves.
std::optional<Value> JsonReader::extension(const Json& json) {
  const FunctionSpec* spec = is_call(json) ? find_function(*text_member(json, "fn")) : nullptr;
  if (spec == nullptr) return fail("`__extn` is a known `fn` with `arg` or `args`");
  const Json* single = member(json, "arg");
  const Json* several = member(json, "args");
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

const FunctionSpec* JsonReader::constructor_of(TypeIndex type) const {
  if (!is(type, TypeKind::extension)) return nullptr;
  std::string_view name = names_.text(schema_->types().name(type));
  return find_function(name == "ipaddr" ? "ip" : name);
}

std::optional<Value> JsonReader::typed_text(const Json& json, TypeIndex type) {
  const auto* text = json.get_ptr<const std::string*>();
  if (text == nullptr) return std::nullopt;  // callers have looked
  if (const FunctionSpec* constructor = constructor_of(type))
    return call_extension(*constructor, {Value::of(std::string_view(*text))});
  return heap_.text(*text);
}

std::optional<Value> JsonReader::set(const Json& json, TypeIndex type) {
  TypeIndex inner = is(type, TypeKind::set) ? schema_->types().element(type) : kNoType;
  std::vector<Value> members;
  for (const Json& item : json) {
    auto member = value(item, inner);
    if (!member) return std::nullopt;
    members.push_back(*member);
  }
  return heap_.set(std::move(members));
}

// Where the schema says what is wanted, that is read, whatever else the object holds. Elsewhere an escape stands alone
// in its object, and everything that is not quite one is a record.
std::optional<Value> JsonReader::object(const Json& json, TypeIndex type) {
  if (is(type, TypeKind::entity)) return entity_value(json);
  const Json* call = member(json, "__extn");
  if (is(type, TypeKind::extension)) return extension(call != nullptr && is_call(*call) ? *call : json);
  if (json.size() == 1) {
    if (text_member(json, "__expr") != nullptr) return fail("`__expr` is not supported");
    const Json* escaped = is(type, TypeKind::record) ? nullptr : member(json, "__entity");
    if (escaped != nullptr && is_type_and_id(*escaped)) return entity_value(json);
    if (call != nullptr && !is(type, TypeKind::record) && is_call(*call)) return extension(*call);
  }
  const Record* fields = record(&json, type);
  if (fields == nullptr) return std::nullopt;
  return Value::of(fields);
}

std::optional<Value> JsonReader::entity_value(const Json& json) {
  auto entity = uid(json);
  if (!entity) return std::nullopt;
  return Value::of_entity(*entity);
}

std::optional<Value> JsonReader::value(const Json& json, TypeIndex type) {
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
      return typed_text(json, type);
    case Json::value_t::array:
      return set(json, type);
    case Json::value_t::object:
      return object(json, type);
    default:
      return fail("a value is a boolean, an integer, a text, an array or an object");
  }
}

const Record* JsonReader::record(const Json* json, TypeIndex type) {
  std::vector<std::pair<Symbol, Value>> fields;
  if (json != nullptr) {
    if (!json->is_object()) {
      fail("expected an object");
      return nullptr;
    }
    for (const auto& [name, item] : json->items()) {
      Symbol symbol = names_.symbol(name);
      const Attribute* declared = is(type, TypeKind::record) ? schema_->types().attribute(type, symbol) : nullptr;
      auto field = value(item, declared != nullptr ? declared->type : kNoType);
      if (!field) return nullptr;
      fields.emplace_back(symbol, *field);
    }
  }
  return heap_.record(std::move(fields)).record;
}

// Tags are all of one type.
const Record* JsonReader::tags(const Json& json, TypeIndex type) {
  std::vector<std::pair<Symbol, Value>> fields;
  if (!json.is_object()) {
    fail("expected an object");
    return nullptr;
  }
  for (const auto& [name, item] : json.items()) {
    auto field = value(item, type);
    if (!field) return nullptr;
    fields.emplace_back(names_.symbol(name), *field);
  }
  return heap_.record(std::move(fields)).record;
}

const Record* JsonReader::context(const Json* json, EntityIndex action) {
  const ActionType* declared = schema_ != nullptr ? schema_->action(action) : nullptr;
  if (declared != nullptr || json == nullptr || !json->is_object())
    return record(json, declared != nullptr ? declared->context : kNoType);
  auto read = value(*json);
  if (!read) return nullptr;
  if (read->kind == Kind::record) return read->record;
  fail("a context is a record");
  return nullptr;
}

bool JsonReader::entity(const Json& json, Entities& out) {
  const Json* id = json.is_object() ? member(json, "uid") : nullptr;
  auto index = id != nullptr ? uid(*id) : std::nullopt;
  if (!index) {
    fail("an entity needs a `uid`");
    return false;
  }
  if (member(json, "attrs") == nullptr || member(json, "parents") == nullptr) {
    fail("an entity needs `attrs` and `parents`, even if there are none");
    return false;
  }
  const EntityType* declared = schema_ != nullptr ? schema_->entity(names_.type_of(*index)) : nullptr;
  Entity entity;
  entity.attributes = record(member(json, "attrs"), declared != nullptr ? declared->shape : kNoType);
  if (entity.attributes == nullptr) return false;
  if (const Json* tags = member(json, "tags")) {
    entity.tags = this->tags(*tags, declared != nullptr ? declared->tags : kNoType);
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
