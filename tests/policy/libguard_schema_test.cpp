#include "policy/libguard_schema.h"

#include <doctest/doctest.h>

#include "policy/context_table.h"
#include "policy/decider_fixture.h"
#include "policy/vocabulary.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

// The code and sentence under which a policy is refused, "" when it loads.
std::string refusal_of(const std::string& policy, std::shared_ptr<const Frame> frame = shop_frame()) {
  try {
    Decider({{"p.cedar", "@id(\"p\") " + policy}}, std::move(frame));
    return "";
  } catch (const Error& error) {
    return error.code() + " " + error.what();
  }
}

std::string deletes_when(const std::string& condition) {
  return refusal_of("forbid (principal, action == Action::\"delete\", resource) when { " + condition + " };");
}

}  // namespace

TEST_CASE("the shipped schema is read, and is the vocabulary") {
  Vocabulary words(shop_frame());
  cedar::SchemaError error;
  auto schema = cedar::resolve_schema(guard_schema(*shop_frame(), {}), words.names, error);
  INFO(error.message);
  REQUIRE(schema);
  for (std::size_t i = 0; i < kTypes; ++i) {
    auto type = static_cast<Type>(i);
    if (type != Type::action) CHECK(schema->entity(words.type(type)) != nullptr);
  }
  CHECK(schema->entities().size() == kTypes - 1);
  for (const cedar::ActionType& action : schema->actions()) {
    std::string name(words.names.id_of(action.uid));
    INFO(name);
    REQUIRE(words.action(name) != nullptr);
    CHECK(words.action(name)->ancestors == action.ancestors);
    if (!action.applies->principals.empty()) {
      for (const ContextAttribute& attribute : context_attributes()) {
        const cedar::Attribute* known = schema->types().attribute(action.context, words.names.symbol(attribute.name));
        bool there = name == "use" || attribute.presence != Presence::tool;
        INFO(attribute.name);
        REQUIRE((known != nullptr) == there);
        if (there) CHECK(known->required == (name != "use" || attribute.presence == Presence::always));
      }
    }
  }
}

TEST_CASE("names and types of context are checked before a policy may decide") {
  CHECK(deletes_when("context.bounded == \"none\" && context.rows_bound > 3 && context.hour < 8") == "");
  CHECK(deletes_when("context.approver_groups.contains(Group::\"dba\") && context.approvals >= 2") == "");
  CHECK(deletes_when("context has refund_cents && context.refund_cents > 20000") == "");
  CHECK(deletes_when("context.boundd == \"none\"") ==
        "policy.unknown_attribute p.cedar:1:82: there is no attribute `boundd` in context, when principal is Account, "
        "action is Action::\"delete\", resource is Table; did you mean `bounded`?\n"
        "  1 | ...cipal, action == Action::\"delete\", resource) when { context.boundd == \"none\" };\n"
        "    |                                                                ^");
  CHECK(deletes_when("context.bounded == 1").starts_with("policy.incompatible_types p.cedar:1:"));
  CHECK(deletes_when("context.refund_cents > 20000").starts_with("policy.unsafe_optional_attribute"));
  CHECK(deletes_when("context.approver_groups.contains(\"dba\")").starts_with("policy.incompatible_types"));
  CHECK(deletes_when("context.columns_written == \"a\"").starts_with("policy.incompatible_types"));
  CHECK(deletes_when("resource.owner == \"a\"").starts_with("policy.unknown_attribute"));
  CHECK(deletes_when("resource.hasTag(\"prod\")") == "");
}

TEST_CASE("scopes that can never be asked are refused, and conditions that can never hold are warned of") {
  CHECK(refusal_of("permit (principal, action == Action::\"select\", resource == Connection::\"shop\");")
            .starts_with("policy.impossible_action_application"));
  CHECK(refusal_of("permit (principal, action == Action::\"read\", resource);")
            .starts_with("policy.impossible_action_application"));
  CHECK(refusal_of("permit (principal in Tag::\"prod\", action, resource);")
            .starts_with("policy.impossible_action_application"));
  CHECK(refusal_of("permit (principal, action in [Action::\"read\", Action::\"use\"], resource in Tag::\"prod\");") ==
        "");
  Decider decider({{"p.cedar", "@id(\"p\") forbid (principal, action, resource) when { false };"}}, shop_frame());
  REQUIRE(decider.warnings().size() == 1);
  CHECK(decider.warnings()[0].starts_with("p.cedar:1:10: this policy can never apply"));
}

TEST_CASE("arguments of tools may have any name, each of which may be missing") {
  auto uses_when = [](const std::string& condition) {
    return refusal_of("permit (principal, action == Action::\"use\", resource) when { " + condition + " };");
  };
  CHECK(uses_when("context has argument_sizes.path && context.argument_sizes.path < 20") == "");
  CHECK(
      uses_when(
          "context has argument_sizes && context.argument_sizes has \"a b\" && context.argument_sizes[\"a b\"] < 2") ==
      "");
  CHECK(uses_when("context has argument_sizes && context.argument_sizes.path < 20")
            .starts_with("policy.unsafe_optional_attribute"));
  CHECK(uses_when("context has argument_sizes.path && context.argument_sizes.path == \"a\"")
            .starts_with("policy.incompatible_types"));
}

TEST_CASE("a fact joins the schema and may not take a shipped name") {
  auto frame = std::make_shared<Frame>(*shop_frame());
  frame->facts.push_back({"hour", "shop", "main.orders.x", 0});
  CHECK_THROWS_AS((void)guard_schema(*frame, {}), Error);
}

TEST_CASE("own attributes and tags join the schema, with their values") {
  const std::string schema =
      "type Region = String; entity Account, Connection { clearance?: Long, region?: Region } tags String;";
  const std::string entities =
      R"([{"uid": {"type": "Account", "id": "support-crew"}, "attrs": {"clearance": 3}, "parents": []},
          {"uid": {"type": "Connection", "id": "shop"}, "attrs": {"region": "eu"}, "tags": {"tier": "gold"}, "parents": []}])";
  auto load = [&](const std::string& own, const std::string& values, const std::string& condition) {
    std::vector<PolicySource> sources{
        {"p.cedar",
         "@id(\"c\") permit (principal is Account, action == Action::\"connect\", resource in Tag::\"prod\") when { " +
             condition + " }; @id(\"r\") permit (principal, action == Action::\"select\", resource);"},
        {std::string(kOwnSchemaPrefix) + "own.cedarschema", own},
        {std::string(kOwnEntitiesPrefix) + "own.json", values}};
    return Decider(sources, shop_frame());
  };
  auto refusal = [&](const std::string& own, const std::string& values, const std::string& condition = "true") {
    try {
      (void)load(own, values, condition);
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  Command command = command_of(CommandEffect::read, {reads("main.orders")});
  auto verdict = [&](const std::string& condition) {
    return load(schema, entities, condition).decide(support(), {}, command, {}, 0).verdict();
  };
  CHECK(verdict("principal has clearance && principal.clearance >= 3") == Verdict::allow);
  CHECK(verdict("principal has clearance && principal.clearance >= 4") == Verdict::deny);
  CHECK(verdict("resource has region && resource.region == \"eu\"") == Verdict::allow);
  CHECK(verdict("resource.hasTag(\"tier\") && resource.getTag(\"tier\") == \"gold\"") == Verdict::allow);
  CHECK(refusal(schema, entities, "principal.clearance > 1").find("optional") != std::string::npos);
  CHECK(refusal("entity Account { clearance: Long };", "[]").find("write `clearance?`") != std::string::npos);
  CHECK(refusal("entity Crew;", "[]").find("never apply") != std::string::npos);
  CHECK(refusal("entity Account in [Tag];", "[]").find("nothing else") != std::string::npos);
  CHECK(refusal("action fly;", "[]").find("adds no actions") != std::string::npos);
  CHECK(refusal("type ToolContext = {};", "[]").find("`facts:`") != std::string::npos);
  CHECK(refusal("namespace N {}", "[]").find("no namespaces") != std::string::npos);
  CHECK(refusal("entity Account { a?: Nope };", "[]").find("there is no type `Nope`") != std::string::npos);
  CHECK(refusal("type Group = Long;", "[]").find("ships with libguard") != std::string::npos);
  CHECK(refusal(schema, "{").starts_with("entities: own.json:1:1: "));
  CHECK(refusal(schema, R"([{"uid": {"type": "Account", "id": "nobody"}, "attrs": {}, "parents": []}])")
            .find("unknown-account") != std::string::npos);
  CHECK(refusal(schema,
                R"([{"uid": {"type": "Account", "id": "support-crew"}, "attrs": {"clearance": "3"}, "parents": []}])")
            .find("must be Long") != std::string::npos);
  CHECK(
      refusal(
          schema,
          R"([{"uid": {"type": "Account", "id": "support-crew"}, "attrs": {}, "parents": [{"type": "Group", "id": "support"}]}])")
          .find("comes from guard.yaml") != std::string::npos);
}
