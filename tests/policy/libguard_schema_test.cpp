#include "policy/libguard_schema.h"

#include <doctest/doctest.h>

#include "policy/context_table.h"
#include "policy/decider_fixture.h"

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
        "policy.unknown_attribute p.cedar:1:77: there is no attribute `boundd` in CommandContext... ");
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
  CHECK(refusal_of("permit (principal, action in [Action::\"read\", Action::\"use\"], resource in Tag::\"prod\");") == "");
  Decider decider({{"p.cedar", "@id(\"p\") forbid (principal, action, resource) when { false };"}}, shop_frame());
  REQUIRE(decider.warnings().size() == 1);
  CHECK(decider.warnings()[0].starts_with("p.cedar:1:10: this policy can never apply"));
}

TEST_CASE("arguments of tools may have any name, each of which may be missing") {
  auto uses_when = [](const std::string& condition) {
    return refusal_of("permit (principal, action == Action::\"use\", resource) when { " + condition + " };");
  };
  CHECK(uses_when("context has argument_sizes.path && context.argument_sizes.path < 20") == "");
  CHECK(uses_when("context has argument_sizes && context.argument_sizes has \"a b\" && context.argument_sizes[\"a b\"] < 2") ==
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
