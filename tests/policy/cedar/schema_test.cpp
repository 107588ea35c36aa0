#include "policy/cedar/schema.h"

#include <doctest/doctest.h>

using namespace libguard;
using namespace libguard::policy::cedar;

namespace {

// "" when the schema is read; else what is wrong with it.
std::string refusal_of(const std::string& text, std::size_t* offset = nullptr) {
  Names names;
  SchemaError error;
  if (parse_schema(text, names, error)) return {};
  CHECK_FALSE(error.message.empty());
  if (offset != nullptr) *offset = error.offset;
  return error.message;
}

std::string refusal_of_json(const Json& json) {
  Names names;
  SchemaError error;
  auto written = read_schema_json(json, error);
  return written && resolve_schema(*written, names, error) ? std::string() : error.message;
}

}  // namespace

TEST_CASE("what Cedar reads is read") {
  for (const char* good :
       {"", "entity A;", "entity A, B in [A, C] { a?: Long, \"b c\": Set<{x: A}>, } tags String; entity C = {};",
        "entity E enum [\"a\", \"a\"]; entity B in E;", "@doc @if(\"x\") entity A { @d(\"e\") a: Long };",
        "namespace N::M { type T = {a: ipaddr}; entity A = {t: T, d: decimal}; action x appliesTo {principal: A, "
        "resource: [A], context: T}; } entity D { a: N::M::A, e: __cedar::datetime };",
        "entity Set {a: Set, s: Set<Set>};", "entity Long { a: Long, b: __cedar::Long };",
        "action \"a b\", c in d; action d in [Action::\"e\", \"f\"]; action e, f attributes {};",
        "entity A { a: Action }; action x;", "namespace A { entity X; type X = Long; }",
        "entity A { a: Long, a: String };",
        "// only a comment\n\xE3\x80\x80"
        "entity A;"}) {
    INFO(good);
    CHECK(refusal_of(good) == "");
  }
}

TEST_CASE("what Cedar refuses is refused") {
  for (const char* bad : {"entity",
                          "entity A",
                          "entity A::B;",
                          "entity \"A\";",
                          "entity A in [B,]; entity B;",
                          "entity A in [B];",
                          "entity A {a: Long b: Long};",
                          "entity A {,};",
                          "entity A = B; type B = {};",
                          "entity A {a: Nope};",
                          "entity A { if: Long };",
                          "entity A {a: Set};",
                          "entity A {a: Set<Long};",
                          "entity A {a: Boolean};",
                          "entity A enum [];",
                          "entity A enum [\"a\",];",
                          "entity A, A;",
                          "entity Action;",
                          "entity __cedar;",
                          "type Long = String;",
                          "type A = {b: A};",
                          "type A = Set<B>; type B = A;",
                          "type A = Long; type A = Long;",
                          "namespace A {} namespace A {}",
                          "namespace A { entity X; } entity X;",
                          "namespace A { type X = Long; } entity X;",
                          "namespace A { action x; } action x;",
                          "namespace __cedar { entity A; }",
                          "namespace A { namespace B {} }",
                          "action a in a;",
                          "action a in b; action b in a;",
                          "action a in [];",
                          "action a in nope;",
                          "action a appliesTo {};",
                          "entity A; action a appliesTo {principal: A};",
                          "entity A; action a appliesTo {principal: [], resource: A};",
                          "entity A; action a appliesTo {principal: A, resource: A, principal: A};",
                          "action a; action a;",
                          "entity A; action a appliesTo {principal: A, resource: A, context: Long};",
                          "entity A; action a appliesTo {principal: Action, resource: A};",
                          "entity A in [Action]; action x;",
                          "@a @a entity A;",
                          "@a(1) entity A;",
                          "action a attributes {x: Long};",
                          "\xFF"}) {
    INFO(bad);
    CHECK(refusal_of(bad) != "");
  }
}

TEST_CASE("a refusal says where and what") {
  std::size_t offset = 0;
  CHECK(refusal_of("entity A;\nentity B { a: Strng };", &offset) == "there is no type `Strng`");
  CHECK(offset == 24);
  CHECK(refusal_of("entity A\nentity B;", &offset) == "expected `;` at the end of the entity type, found `entity`");
  CHECK(offset == 9);
}

TEST_CASE("hierarchies are closed, and actions apply to what is listed") {
  Names names;
  SchemaError error;
  auto schema = parse_schema(
      "entity A in [B]; entity B in [C]; entity C in [C]; action w in v; action v in u; action u;"
      "action x appliesTo {principal: [B, A, B], resource: C, context: {n?: Long}};",
      names, error);
  REQUIRE(schema);
  auto type = [&](const char* name) { return names.symbol(name); };
  CHECK(schema->entity(type("A"))->ancestors == std::vector<Symbol>{type("B"), type("C")});
  CHECK(schema->entity(type("C"))->ancestors == std::vector<Symbol>{type("C")});
  CHECK(schema->entity(type("D")) == nullptr);
  CHECK(schema->action(names.entity("Action", "w"))->ancestors.size() == 2);
  const ActionType* x = schema->action(names.entity("Action", "x"));
  CHECK(x->applies->principals.size() == 2);
  const Attribute* n = schema->types().attribute(x->context, type("n"));
  REQUIRE(n != nullptr);
  CHECK_FALSE(n->required);
}

TEST_CASE("the JSON form means the same, and its slips are refused") {
  Json good = {
      {"",
       {{"commonTypes",
         {{"T", {{"type", "Record"}, {"attributes", {{"a", {{"type", "Long"}, {"required", false}}}}}}}}},
        {"entityTypes",
         {{"A", {{"shape", {{"type", "T"}}}, {"tags", {{"type", "Set"}, {"element", {{"type", "String"}}}}}}},
          {"B", {{"memberOfTypes", {"A"}}}},
          {"E", {{"enum", {"x"}}}}}},
        {"actions",
         {{"x",
           {{"memberOf", {{{"id", "y"}}}},
            {"appliesTo", {{"principalTypes", {"A"}}, {"resourceTypes", {"B"}}, {"context", {{"type", "T"}}}}}}},
          {"y", {{"appliesTo", nullptr}}}}}}}};
  CHECK(refusal_of_json(good) == "");
  auto broken = [&](const char* pointer, const Json& value) {
    Json json = good;
    json[Json::json_pointer(pointer)] = value;
    INFO(pointer, " ", value.dump());
    CHECK(refusal_of_json(json) != "");
  };
  broken("/~1x", Json::object());
  broken("//more", 1);
  broken("//entityTypes/A/more", 1);
  broken("//entityTypes/A/shape", {{"type", "Long"}});
  broken("//entityTypes/A/tags", nullptr);
  broken("//entityTypes/E/shape", {{"type", "T"}});
  broken("//entityTypes/E/enum", Json::array());
  broken("//entityTypes/A B", Json::object());
  broken("//actions/x/appliesTo/principalTypes", {"Nope"});
  broken("//actions/x/appliesTo/context", {{"type", "Record"}});
  broken("//actions/x/attributes", Json::object());
  broken("//actions/x/memberOf", {{{"id", "nope"}}});
  broken("//commonTypes/T/additionalAttributes", true);
  broken("//commonTypes/Set", {{"type", "Long"}});
  broken("//commonTypes/T/name", "x");
}

TEST_CASE("one form can be turned into the other and back") {
  const std::string text =
      "@doc(\"a \\\"b\\\"\") namespace N { type T = {\"a b\"?: Long, s: Set<U>}; entity U in [G] = {t: T, i: ipaddr} "
      "tags T; "
      "entity G; entity E enum [\"x\", \"y\"]; action r; action \"w w\", v in [r, Action::\"r\"] appliesTo {principal: "
      "[U], "
      "resource: [G, E], context: T}; } entity X { u?: N::U };";
  SchemaError error;
  auto first = read_schema_text(text, error);
  REQUIRE(first);
  Json json = schema_to_json(*first);
  auto second = read_schema_json(json, error);
  REQUIRE(second);
  auto again = schema_to_text(*second, error);
  REQUIRE(again);
  INFO(*again);
  auto third = read_schema_text(*again, error);
  REQUIRE(third);
  CHECK(schema_to_json(*third) == json);
}

TEST_CASE("deep and huge schemas end in a sentence") {
  std::string deep = "entity A {a: ";
  for (int i = 0; i < 50'000; ++i) deep += "Set<";
  CHECK(refusal_of(deep) == "the type is nested too deeply");
  std::string records;
  for (int i = 0; i < 50'000; ++i) records += "{a: ";
  CHECK(refusal_of("type T = " + records) == "the type is nested too deeply");
  std::string chain = "type T0 = Long;";
  std::string back = "entity A;";
  for (int i = 1; i < 2'000; ++i) {
    chain += "type T" + std::to_string(i) + " = {a: T" + std::to_string(i - 1) + "};";
    back = "type T" + std::to_string(i) + " = Set<T" + std::to_string(i + 1) + ">;" + back;
  }
  CHECK(refusal_of(chain) == "the type is nested too deeply");
  CHECK(refusal_of(back + "type T2000 = Long;") == "the type is nested too deeply");
  // Doubling in every step costs nothing when equal types are one.
  std::string wide = "type T0 = {a: Long};";
  for (int i = 1; i < 90; ++i) {
    std::string below = "T" + std::to_string(i - 1);
    wide += "type T" + std::to_string(i) + " = {a: " + below + ", b: " + below + "};";
  }
  CHECK(refusal_of(wide) == "");
  std::string tower;
  for (int i = 0; i < 3'000; ++i) tower += "entity E" + std::to_string(i) + " in [E" + std::to_string(i + 1) + "];";
  CHECK(refusal_of(tower + "entity E3000;") == "the hierarchy of entity types is larger than the limit");
}
