#include "policy/libguard_schema.h"

#include "libguard/error.h"
#include "policy/context_table.h"

namespace libguard::policy {
namespace {

using cedar::WrittenAttribute;
using cedar::WrittenSchema;
using cedar::WrittenType;

constexpr std::string_view kCommandContext = "CommandContext";
constexpr std::string_view kToolContext = "ToolContext";
constexpr std::string_view kArgumentSizes = "argument_sizes";

constexpr std::string_view kHead =
    R"cedar(// libguard's vocabulary as a Cedar schema, version 1. Every policy is checked against it before it may decide
// anything. Names of your own join it from guard.yaml: each entry of `facts:` is an optional Long of both contexts.

// ---- Who. An Account is a machine with an identity that was verified; a User is a person.
entity Group;
entity Account, User in [Group];

// ---- What. Ids say where a thing lies: Table::"shop/main.orders" is in Schema::"shop/main" and Connection::"shop".
// Tags are those that guard.yaml gives to a connection; whatever lies on the connection carries them, and tools that
// use it do. Tag::"safe" is libguard's own, for vetted built-in functions.
entity Tag;
entity Connection in [Tag];
entity Schema in [Connection];
entity Table, Function in [Schema, Connection, Tag];
entity Host in [Connection, Tag];
entity Endpoint in [Host, Connection, Tag];
entity Tool in [Tag];
// pii.email is in pii.
entity DataClass in [DataClass];

// ---- Actions. The three groups are asked of nobody; they stand for what is in them.
action "read", "write", "admin";

@doc("to open a connection at all, and statements such as SET that change the session")
action "connect", "session" appliesTo {
  principal: [Account, User],
  resource: [Connection],
  context: CommandContext,
};

@doc("a tool of an agent is called, with or without a command")
action "use" appliesTo {
  principal: [Account, User],
  resource: [Tool],
  context: ToolContext,
};

action "select" in ["read"] appliesTo {
  principal: [Account, User],
  resource: [Table],
  context: CommandContext,
};
action "insert", "update", "delete", "merge" in ["write"] appliesTo {
  principal: [Account, User],
  resource: [Table],
  context: CommandContext,
};
@doc("structure, privileges and the server itself; of the connection when no table is named")
action "ddl", "dcl", "maintenance" in ["admin"] appliesTo {
  principal: [Account, User],
  resource: [Table, Connection],
  context: CommandContext,
};

action "http.get", "http.head" in ["read"] appliesTo {
  principal: [Account, User],
  resource: [Endpoint, Host],
  context: CommandContext,
};
action "http.post", "http.put", "http.patch", "http.delete" in ["write"] appliesTo {
  principal: [Account, User],
  resource: [Endpoint, Host],
  context: CommandContext,
};

action "call" appliesTo {
  principal: [Account, User],
  resource: [Function],
  context: CommandContext,
};

@doc("to see values of a class; to compare them with one given value; to learn of them in any other way")
action "unmask", "match", "infer" appliesTo {
  principal: [Account, User],
  resource: [DataClass],
  context: CommandContext,
};

// ---- Facts. A command brings these with every question that it raises.
)cedar";

constexpr std::string_view kToolHead = R"cedar(
// A tool is asked about with the facts of its command, or without one with those of its arguments: ask with `has` for
// what belongs to one of the two. argument_sizes holds the length of each argument under its name.
)cedar";

std::string line_of(const ContextAttribute& attribute, bool optional) {
  return "  " + std::string(attribute.name) + (optional ? "?: " : ": ") + std::string(attribute.type) + ",\n";
}

std::string contexts_text() {
  std::string command = "type CommandContext = {\n";
  std::string tool = "type ToolContext = {\n";
  for (const ContextAttribute& attribute : context_attributes()) {
    if (attribute.presence != Presence::tool) command += line_of(attribute, false);
    tool += line_of(attribute, attribute.presence != Presence::always);
  }
  return command + "};\n" + std::string(kToolHead) + tool + "};\n";
}

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorKind::configuration, "policy.schema", sentence);
}

WrittenType number() {
  WrittenType type;
  type.kind = WrittenType::Kind::integer;
  return type;
}

WrittenAttribute optional_number(const std::string& name) {
  WrittenAttribute attribute;
  attribute.name = name;
  attribute.required = false;
  attribute.type = number();
  return attribute;
}

void add_facts(const Frame& frame, WrittenType& context) {
  for (const Fact& fact : frame.facts) {
    for (const WrittenAttribute& known : context.attributes) {
      if (known.name == fact.name) refuse("facts." + fact.name + ": this name is taken in context; choose another");
    }
    context.attributes.push_back(optional_number(fact.name));
  }
}

void add_arguments(const std::set<std::string>& arguments, WrittenType& context) {
  for (WrittenAttribute& attribute : context.attributes) {
    if (attribute.name != kArgumentSizes) continue;
    for (const std::string& name : arguments) attribute.type.attributes.push_back(optional_number(name));
  }
}

}  // namespace

const std::string& shipped_schema_text() {
  static const std::string text = std::string(kHead) + contexts_text();
  return text;
}

WrittenSchema guard_schema(const Frame& frame, const std::set<std::string>& arguments) {
  cedar::SchemaError error;
  auto schema = cedar::read_schema_text(shipped_schema_text(), error);
  if (!schema) throw Error(ErrorKind::internal, "policy.schema", "the shipped schema: " + error.message);
  for (cedar::WrittenCommon& common : schema->namespaces.front().commons) {
    if (common.name.name != kCommandContext && common.name.name != kToolContext) continue;
    add_facts(frame, common.type);
    add_arguments(arguments, common.type);
  }
  return std::move(*schema);
}

namespace {

// The shipped declaration of an entity type, with room for attributes of its own.
cedar::WrittenEntity* shipped_entity(cedar::WrittenNamespace& space, const std::string& name) {
  for (std::size_t i = 0; i < space.entities.size(); ++i) {
    std::vector<cedar::WrittenName>& names = space.entities[i].names;
    for (std::size_t j = 0; j < names.size(); ++j) {
      if (names[j].name != name) continue;
      if (names.size() == 1) return &space.entities[i];
      cedar::WrittenEntity alone = space.entities[i];
      alone.names = {names[j]};
      names.erase(names.begin() + static_cast<std::ptrdiff_t>(j));
      return &space.entities.emplace_back(std::move(alone));
    }
  }
  return nullptr;
}

bool object_to(cedar::SchemaError& error, std::size_t offset, std::string message) {
  error = {std::move(message), offset};
  return false;
}

bool extend_entity(cedar::WrittenNamespace& space, const cedar::WrittenEntity& own, cedar::SchemaError& error) {
  for (const cedar::WrittenName& name : own.names) {
    cedar::WrittenEntity* entity = shipped_entity(space, name.name);
    if (entity == nullptr)
      return object_to(error, name.offset,
                       "`" + name.name + "` is no type that libguard asks about, so that it would never apply");
    if (!own.parents.empty() || !own.choices.empty())
      return object_to(error, name.offset,
                       "an own schema adds attributes and tags to `" + name.name + "` and nothing else");
    if (own.tags && entity->tags) return object_to(error, name.offset, "`" + name.name + "` has tags already");
    for (const WrittenAttribute& attribute : own.shape.attributes) {
      if (attribute.required)
        return object_to(error, name.offset,
                         "write `" + attribute.name + "?`: not every " + name.name + " has an attribute of your own");
      for (const WrittenAttribute& known : entity->shape.attributes) {
        if (known.name == attribute.name)
          return object_to(error, name.offset, "`" + attribute.name + "` of " + name.name + " is declared twice");
      }
      entity->shape.attributes.push_back(attribute);
    }
    if (own.tags) entity->tags = own.tags;
  }
  return true;
}

}  // namespace

bool extend_schema(WrittenSchema& schema, std::string_view own, cedar::SchemaError& error) {
  auto written = cedar::read_schema_text(own, error);
  if (!written) return false;
  cedar::WrittenNamespace& space = schema.namespaces.front();
  for (cedar::WrittenNamespace& added : written->namespaces) {
    if (!added.name.empty()) return object_to(error, added.offset, "an own schema has no namespaces");
    if (!added.actions.empty())
      return object_to(error, added.actions.front().names.front().offset, "an own schema adds no actions");
    for (const cedar::WrittenEntity& entity : added.entities) {
      if (!extend_entity(space, entity, error)) return false;
    }
    for (cedar::WrittenCommon& common : added.commons) {
      if (common.name.name == kCommandContext || common.name.name == kToolContext)
        return object_to(error, common.name.offset, "facts of your own come from `facts:` in guard.yaml");
      if (shipped_entity(space, common.name.name) != nullptr)
        return object_to(error, common.name.offset, "`" + common.name.name + "` is a type that ships with libguard");
      space.commons.push_back(std::move(common));
    }
  }
  return true;
}

void collect_arguments(const cedar::Expression& body, const cedar::Names& names, std::set<std::string>& out) {
  using namespace cedar;
  auto is_sizes = [&](NodeIndex index) {
    const Node& node = body.nodes[index];
    return node.op == Op::attribute && names.text(node.b) == kArgumentSizes;
  };
  for (const Node& node : body.nodes) {
    if (node.op == Op::attribute && is_sizes(node.a)) out.emplace(names.text(node.b));
    if (node.op != Op::has) continue;
    const std::uint32_t* path = &body.lists[node.b];
    if (is_sizes(node.a)) out.emplace(names.text(path[0]));
    if (node.c > 1 && names.text(path[0]) == kArgumentSizes) out.emplace(names.text(path[1]));
  }
}

}  // namespace libguard::policy
