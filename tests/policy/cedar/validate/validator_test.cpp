#include "policy/cedar/validate/validator.h"

#include <doctest/doctest.h>

#include <chrono>

#include "policy/cedar/parser.h"

using namespace libguard::policy::cedar;

namespace {

constexpr const char* kSchema = R"(
entity Group in [Group];
entity User in [Group] = {name: String, age?: Long, boss?: User, home: {city?: String, zip: Long}} tags Set<String>;
entity Doc in [Folder] = {owner: User, public: Bool, seen?: datetime};
entity Folder;
entity Level enum ["low", "high"];
action "all";
action view, edit in ["all"] appliesTo {principal: [User], resource: [Doc], context: {from: ipaddr, note?: String, level: Level}};
action list appliesTo {principal: [User, Group], resource: [Folder], context: {}};
)";

std::vector<Finding> findings_of(const std::string& text) {
  Names names;
  Heap heap;
  SchemaError error;
  auto schema = parse_schema(kSchema, names, error);
  REQUIRE(schema);
  ParseResult parsed = parse_policies(text, names, heap);
  INFO(text);
  REQUIRE_FALSE(parsed.error);
  Validator validator(*schema, names);
  std::vector<Finding> all;
  for (const ParsedPolicy& policy : parsed.policies) {
    for (Finding& finding : validator.check(policy)) all.push_back(std::move(finding));
  }
  return all;
}

std::string codes_of(const std::string& text) {
  std::string out;
  for (const Finding& finding : findings_of(text)) out += (out.empty() ? "" : " ") + std::string(finding.code);
  return out;
}

std::string when(const std::string& condition) {
  return codes_of("permit (principal is User, action == Action::\"view\", resource is Doc) when { " + condition +
                  " };");
}

}  // namespace

TEST_CASE("attributes, tags and what guards them") {
  CHECK(when("principal.name == \"a\" && resource.owner.home.zip > 3") == "");
  CHECK(when("principal.nmae == \"a\"") == "unknown_attribute");
  CHECK(when("principal.age > 3") == "unsafe_optional_attribute");
  CHECK(when("principal has age && principal.age > 3") == "");
  CHECK(when("principal.age > 3 && principal has age") == "unsafe_optional_attribute");
  CHECK(when("principal has age || principal.age > 3") == "unsafe_optional_attribute");
  CHECK(when("!(principal has age) || principal.age > 3") == "unsafe_optional_attribute");
  CHECK(when("if principal has age then principal.age > 3 else false") == "");
  CHECK(when("(principal has age && principal has boss || principal has age && true) && principal.age > 3") == "");
  CHECK(when("principal has home.city && principal.home.city like \"W*\"") == "");
  CHECK(when("principal has boss.boss.age && principal.boss.boss.age > 3") == "");
  CHECK(when("principal has boss.age && principal.boss.boss.age > 3") ==
        "unsafe_optional_attribute unsafe_optional_attribute");
  CHECK(when("principal.hasTag(\"t\") && principal.getTag(\"t\").contains(\"x\")") == "");
  CHECK(when("principal.hasTag(\"t\") && principal.getTag(\"u\").contains(\"x\")") == "unsafe_tag_access");
  CHECK(when("principal.hasTag(principal.name) && principal.getTag(principal.name).isEmpty()") == "");
  CHECK(when("resource.hasTag(\"t\") && resource.getTag(\"t\") == 1") == "impossible_policy");
  // What has() proved for a place holds for the same place written again, and for no other.
  CHECK(when("resource.owner has age && resource.owner.age > 3 && principal.age > 3") == "unsafe_optional_attribute");
}

TEST_CASE("dead code is not looked at, but what it names must exist") {
  CHECK(when("false && principal.nope == 1") == "impossible_policy");
  CHECK(when("true || principal.nope == 1") == "");
  CHECK(when("principal is Group && principal.nope == 1") == "impossible_policy");
  CHECK(when("if resource is Folder then principal.nope == 1 else true") == "");
  CHECK(when("principal has nope && principal.nope == 1") == "impossible_policy");
  CHECK(when("false && principal is Nope") == "unknown_entity_type impossible_policy");
  CHECK(when("false && action == Action::\"nope\"") == "unknown_action impossible_policy");
  CHECK(when("1 == \"a\"") == "impossible_policy");
}

TEST_CASE("types") {
  CHECK(when("principal.name == 1") == "incompatible_types");
  CHECK(when("principal.name + 1 == 2") == "unexpected_type");
  CHECK(when("principal < 3") == "unexpected_type");
  CHECK(when("[1, \"a\"].contains(1)") == "incompatible_types");
  CHECK(when("[principal, resource.owner].contains(resource.owner)") == "");
  CHECK(when("[principal, resource].contains(resource)") == "incompatible_types");
  CHECK(when("[].isEmpty()") == "empty_set_literal");
  CHECK(when("context.from.isInRange(ip(\"10.0.0.0/8\"))") == "");
  CHECK(when("context.from.isInRange(ip(principal.name))") == "extension_literal");
  CHECK(when("context.from.isInRange(ip(\"10.0.0.0/99\"))") == "extension_literal");
  CHECK(when("context.from.isIpv4(1)") == "wrong_number_of_arguments");
  CHECK(when("resource has seen && resource.seen < datetime(\"2024-01-01\")") == "");
  CHECK(when("decimal(\"1.0\") < decimal(\"2.0\")") == "unexpected_type unexpected_type");
  CHECK(when("context.level == Level::\"high\"") == "");
  CHECK(when("context.level == Level::\"hgih\"") == "invalid_enum_id");
  CHECK(when("{a: 1, b: true} == {b: false, a: 2}") == "");
  CHECK(when("{a: 1} == {a: 1, b: 2}") == "incompatible_types");
  CHECK(when("(if principal has age then 1 else \"a\") == 1") == "incompatible_types");
  CHECK(when("action in [Action::\"all\"] && principal in Group::\"g\"") == "");
}

TEST_CASE("scopes that no action applies to, and policies that can never be true") {
  CHECK(codes_of("permit (principal, action, resource);") == "");
  CHECK(codes_of("permit (principal is Doc, action, resource);") == "impossible_action_application impossible_policy");
  CHECK(codes_of("permit (principal, action == Action::\"all\", resource);") ==
        "impossible_action_application impossible_policy");
  CHECK(codes_of("permit (principal, action in Action::\"all\", resource);") == "");
  CHECK(codes_of("permit (principal, action in [], resource);") == "impossible_action_application empty_set_literal");
  CHECK(codes_of("permit (principal, action == Action::\"veiw\", resource);") ==
        "unknown_action impossible_action_application impossible_policy");
  CHECK(codes_of("permit (principal in ?principal, action, resource == ?resource);") == "");
  CHECK(codes_of("permit (principal, action == Action::\"list\", resource) when { principal has age };") == "");
  // A Group has no age, and this action lets groups in.
  CHECK(codes_of("permit (principal, action == Action::\"list\", resource) when { principal.name == \"a\" };") ==
        "unknown_attribute");
}

TEST_CASE("a finding points at its place and says what helps") {
  std::string text =
      "permit (principal is User, action == Action::\"view\",\n resource)\nwhen { principal.nmae == \"a\" };";
  std::vector<Finding> findings = findings_of(text);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].offset == text.find("nmae"));
  CHECK(findings[0].message ==
        "there is no attribute `nmae` in User, when principal is User, action is Action::\"view\", resource is Doc");
  CHECK(findings[0].help == "did you mean `name`?");
  CHECK_FALSE(findings[0].warning);
}

TEST_CASE("links are checked with what they fill in") {
  Names names;
  Heap heap;
  SchemaError error;
  auto schema = parse_schema(kSchema, names, error);
  ParseResult parsed = parse_policies("permit (principal == ?principal, action, resource in ?resource);", names, heap);
  Validator validator(*schema, names);
  SlotValues values{names.entity("User", "a"), names.entity("Folder", "f")};
  CHECK(validator.check_link(parsed.policies[0], values).empty());
  values.principal = names.entity("Doc", "d");
  CHECK(validator.check_link(parsed.policies[0], values).size() == 1);
  values.principal = names.entity("Nope", "d");
  CHECK(std::string(validator.check_link(parsed.policies[0], values)[0].code) == "unknown_entity_type");
}

TEST_CASE("deep and long conditions are answered") {
  std::string nots;
  for (int i = 0; i < 100; ++i) nots += "!(!(true) && ";
  CHECK(when(nots + "true" + std::string(100, ')')) == "");
  std::string chain = "true";
  for (int i = 0; i < 20'000; ++i) chain += " && principal.name != \"" + std::to_string(i) + "\"";
  CHECK(when(chain) == "");
  std::string sum = "1";
  for (int i = 0; i < 20'000; ++i) sum += i % 2 == 0 ? " + 1" : " - 1";
  CHECK(when(sum + " == 1") == "");
  std::string path = "principal";
  for (int i = 0; i < 5'000; ++i) path += ".boss";
  CHECK(when(path + ".name == \"a\"") == "too_complex");
  std::string has = "true";
  for (int i = 0; i < 5'000; ++i) has += " && principal.hasTag(\"" + std::to_string(i) + "\")";
  CHECK(when(has) == "too_complex");
}

TEST_CASE("ten thousand policies are checked in a second") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) {
    std::string id = "\"" + std::to_string(i) + "\"";
    text += "permit (principal in Group::" + id + ", action in Action::\"all\", resource in Folder::" + id +
            ") when { context has note && context.note like \"a*\" && resource.owner == principal };\n";
  }
  auto start = std::chrono::steady_clock::now();
  CHECK(codes_of(text) == "");
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  MESSAGE("parsed and checked 10,000 policies in ", took.count(), " ms (this build)");
  CHECK(took.count() < 30'000);  // a sanitizer and a busy machine included
}
