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

constexpr std::string_view kHead = R"cedar(// libguard's vocabulary as a Cedar schema, version 1. Every policy is checked against it before it may decide
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
