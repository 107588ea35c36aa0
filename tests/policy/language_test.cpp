// The expression language, and what hostile text can do to its parser.
#include <doctest/doctest.h>

#include "policy/cedar/json_reader.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/policy_set.h"
#include "support/small_stack.h"

using namespace libguard::policy::cedar;

namespace {

// "true", "false", the value's kind, or the word of the error.
std::string evaluate(const std::string& text) {
  Names names;
  Heap heap;
  ExpressionResult parsed = parse_expression(text, names, heap);
  if (parsed.error) return "syntax: " + parsed.error->message;
  Program program = compile(std::move(parsed.expression), heap);
  Entities entities;
  EntityIndex group = names.entity("Group", "g");
  EntityIndex alice = names.entity("User", "alice");
  Record attributes = {{{names.symbol("age"), Value::of(std::int64_t{41})}}};
  Record tags = {{{names.symbol("team"), Value::of(std::string_view("red"))}}};
  entities.add(alice, {&attributes, &tags, {group}});
  Hierarchy hierarchy(entities);
  Record context = {{{names.symbol("n"), Value::of(std::int64_t{7})}}};
  EvalRequest request{{alice, hierarchy.ancestors(alice)},
                      {names.entity("Action", "view"), {}},
                      {names.entity("Doc", "d"), {}},
                      &context};
  Machine machine(names, hierarchy);
  Value result;
  EvalError error = machine.run(program, request, result);
  if (error != EvalError::none) return to_string(error);
  if (result.kind == Kind::boolean) return result.boolean ? "true" : "false";
  return "kind " + std::to_string(static_cast<int>(result.kind));
}

bool parses(const std::string& text) {
  Names names;
  Heap heap;
  return !parse_policies(text, names, heap).error.has_value();
}

std::string repeated(const std::string& piece, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += piece;
  return out;
}

}  // namespace

TEST_CASE("expressions mean what Cedar says") {
  struct Case {
    const char* text;
    const char* result;
  };
  const Case cases[] = {
      {"1 + 2 * 3 == 7", "true"},
      {"(1 + 2) * 3 == 9", "true"},
      {"1 - 2 - 3 == -4", "true"},
      {"--1 == 1", "true"},
      {"9223372036854775807 + 1 == 0", "overflow"},
      {"-9223372036854775808 - 1 == 0", "overflow"},
      {"-(-9223372036854775808) == 0", "overflow"},
      {"4611686018427387904 * 2 == 0", "overflow"},
      {"true || 1", "true"},
      {"false && 1", "false"},
      {"true && 1", "type_error"},
      {"1 || true", "type_error"},
      {"if 1 then true else false", "type_error"},
      {"if false then 1 + \"a\" else true", "true"},
      {"!5", "type_error"},
      {"1 < \"a\"", "type_error"},
      {"1 == \"a\"", "false"},
      {"[1, 2, 2] == [2, 1]", "true"},
      {"[[1], []].contains([])", "true"},
      {"[].isEmpty()", "true"},
      {"[1, 2].containsAll([2])", "true"},
      {"[1].containsAny([2, 3])", "false"},
      {"1.contains(1)", "type_error"},
      {"{a: 1, \"b c\": 2}[\"b c\"] == 2", "true"},
      {"{a: 1} == {\"a\": 1}", "true"},
      {"{a: 1}.b", "missing_attribute"},
      {"{a: {b: 1}} has a.b", "true"},
      {"{a: {b: 1}} has a.c.d", "false"},
      {"{a: 1} has a.c", "type_error"},
      {"1 has a", "type_error"},
      {"principal.age == 41", "true"},
      {"principal.nope", "missing_attribute"},
      {"resource.x", "unknown_entity"},
      {"resource has x", "false"},
      {"principal.getTag(\"team\") == \"red\"", "true"},
      {"principal.getTag(\"x\")", "missing_tag"},
      {"resource.getTag(\"x\")", "unknown_entity"},
      {"resource.hasTag(\"x\")", "false"},
      {"principal in Group::\"g\"", "true"},
      {"resource in resource", "true"},
      {"principal in [Group::\"x\", Group::\"g\"]", "true"},
      {"principal in [Group::\"g\", 1]", "type_error"},
      {"1 in principal", "type_error"},
      {"principal is User", "true"},
      {"principal is User in Group::\"g\"", "true"},
      {"principal is Doc in 1", "false"},
      {"principal is User in 1", "type_error"},
      {"\"abc\" like \"a*c\"", "true"},
      {"\"a*c\" like \"a\\*c\"", "true"},
      {"\"abc\" like \"a\\*c\"", "false"},
      {"\"aXbXc\" like \"*X*X*\"", "true"},
      {"\"ab\" like \"ab*ab\"", "false"},
      {"\"\" like \"*\"", "true"},
      {"\"\" like \"\"", "true"},
      {"1 like \"a\"", "type_error"},
      {"\"\\u{1F600}\" == \"\xF0\x9F\x98\x80\"", "true"},
      {"ip(\"10.1.2.3\").isInRange(ip(\"10.0.0.0/8\"))", "true"},
      {"ip(\"10.0.0.1/8\") == ip(\"10.0.0.0/8\")", "false"},
      {"ip(\"::ffff:1.2.3.4\").isIpv6()", "extension_error"},
      {"ip(\"1.2.3.4\").isInRange(ip(\"::/0\"))", "false"},
      {"ip(\"127.0.0.0/7\").isLoopback()", "false"},
      {"ip(\"ff02::1\").isMulticast()", "true"},
      {"ip(\"01.2.3.4\")", "extension_error"},
      {"ip(\"1:2:3:4:5:6:7::\") == ip(\"1:2:3:4:5:6:7:0\")", "true"},
      {"ip(\"1::2::3\")", "extension_error"},
      {"ip(\"::/129\")", "extension_error"},
      {"ip()", "arity"},
      {"ip(\"a\", \"b\")", "arity"},
      {"decimal(\"1.5\").lessThan(decimal(\"1.50001\"))", "extension_error"},
      {"decimal(\"-0.1\").lessThan(decimal(\"0.0\"))", "true"},
      {"decimal(\"1.0\") < decimal(\"2.0\")", "type_error"},
      {"decimal(\"922337203685477.5808\")", "extension_error"},
      {"decimal(\"-922337203685477.5808\") == decimal(\"-922337203685477.5808\")", "true"},
      {"datetime(\"2024-02-29\") < datetime(\"2024-03-01\")", "true"},
      {"datetime(\"2023-02-29\")", "extension_error"},
      {"datetime(\"2024-01-01T00:00:00+0100\") == datetime(\"2023-12-31T23:00:00Z\")", "true"},
      {"datetime(\"1969-12-31T23:00:00Z\").toDate() == datetime(\"1969-12-31\")", "true"},
      {"datetime(\"1969-12-31T23:00:00Z\").toTime() == duration(\"23h\")", "true"},
      {"datetime(\"9999-12-31\").offset(duration(\"9223372036854775807ms\"))", "extension_error"},
      {"duration(\"1d2h3m4s5ms\").toSeconds() == 93784", "true"},
      {"duration(\"1h1d\")", "extension_error"},
      {"duration(\"-9223372036854775808ms\").toMilliseconds() == -9223372036854775808", "true"},
      {"duration(\"1d\") < 1", "type_error"},
      {"principal.isIpv4(1)", "arity"},
      {"context.n == 7", "true"},
      {"context == {n: 7}", "true"},
      {"[context, {}].contains({n: 7})", "true"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    CHECK(evaluate(one.text) == one.result);
  }
}

TEST_CASE("what Cedar refuses to parse is refused") {
  for (const char* bad : {"!-1",
                          "-!true",
                          "!!!!!true",
                          "true && if true then true else false",
                          "1 == 2 == 3",
                          "1 - 9223372036854775808",
                          "-9223372036854775808.a",
                          "context has (a)",
                          "context has a::b",
                          "\"a\" like (\"a\")",
                          "principal is \"User\"",
                          "a",
                          "context.if",
                          "{a: 1, a: 2}",
                          "{1: 2}",
                          "[,]",
                          "()",
                          "ip.a",
                          "true::\"a\"",
                          "A::in::\"a\"",
                          "__cedar::\"a\"",
                          "contains([1], 1)",
                          "[1].contains()",
                          "principal.foo()",
                          "1 / 2",
                          "1 % 2",
                          "1 = 1",
                          "?principal",
                          "\"\\u{D800}\"",
                          "\"\\x80\"",
                          "\"\\q\"",
                          "context.contains(1)(2)",
                          "unknown(\"x\")",
                          "principal is User - 1",
                          "principal has a * 2",
                          "\"a\" like \"a\" + 1",
                          "",
                          "1 1"}) {
    INFO(bad);
    CHECK(evaluate(bad).starts_with("syntax: "));
  }
}

TEST_CASE("nesting is bounded, chains are not, on a 256 KiB stack") {
  auto policy = [](const std::string& condition) {
    return "permit (principal, action, resource) when { " + condition + " };";
  };
  libguard::test::on_small_stack([&] {
    for (const auto& [open, close] : {std::pair{"(", ")"},
                                      {"[", "]"},
                                      {"{a:", "}"},
                                      {"ip(", ")"},
                                      {"!(", ")"},
                                      {"if true then ", " else true"},
                                      {"true || true && 1 == 1 + 1 * (", ")"},
                                      {"[true].contains(", ")"},
                                      {"principal in [", "]"},
                                      {"-(", ")"},
                                      {"if ", " then true else true"}}) {
      CAPTURE(open);
      CHECK(parses(policy(repeated(open, 30) + "true" + repeated(close, 30))));
      for (int depth : {1'000, 100'000}) {
        CHECK_FALSE(parses(policy(repeated(open, depth) + "true" + repeated(close, depth))));
        CHECK_FALSE(parses(policy(repeated(open, depth))));
      }
    }
    CHECK(parses(policy(repeated("(", 200) + "true" + repeated(")", 200))));
    for (const char* link : {" && true", " || true", " == true && true", " + 1", " * 1", " - 1"})
      CHECK(parses(policy("true" + repeated(link, 20'000))));
    for (const char* link : {".a", "[\"a\"]", ".contains(1)"})
      CHECK(parses(policy("context" + repeated(link, 20'000))));
    CHECK(evaluate("true" + repeated(" && true", 20'000)) == "true");
    CHECK(evaluate("0" + repeated(" + 1", 20'000) + " == 20000") == "true");
    CHECK(evaluate(repeated("[", 200) + "1" + repeated("]", 200) + " == " + repeated("[", 200) + "1" +
                   repeated("]", 200)) == "true");
    CHECK_FALSE(parses(policy("principal == " + repeated("(", 100'000))));
    CHECK_FALSE(parses("permit (principal == " + repeated("(", 100'000)));
    CHECK_FALSE(parses(repeated("@a", 100'000)));
    CHECK(parses(policy("true") + repeated(" ", 1'000'000)));
  });
}

TEST_CASE("no prefix and no single wrong byte of a policy crashes the parser") {
  const std::string text =
      "@id(\"a\\u{41}\") forbid (principal is A::B in ?principal, action in [Action::\"x\", Action::\"y\"], resource "
      "== C::\"\\\"q\") // c\n"
      "when { if context has a.b then [1, -2].contains({k: ip(\"1.2.3.4\")}[\"k\"]) else \"a*\" like \"\\*b*\" } "
      "unless { !principal.hasTag(\"t\") || 1 * 2 <= 3 };";
  CHECK(parses(text));
  for (std::size_t i = 0; i < text.size(); ++i) CHECK_FALSE(parses(text.substr(0, i) + (i == 0 ? "x" : "")));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (char c : {'\0', '"', '\\', '(', '}', '\xFF', '\xC2', '?', ':', '9'}) {
      std::string changed = text;
      changed[i] = c;
      (void)parses(changed);
    }
  }
  CHECK_FALSE(parses("permit (principal, action, resource); \xC3\x28"));
  CHECK_FALSE(parses(std::string("permit (principal, action, resource);\0", 38)));
}

TEST_CASE("patterns with many stars do not take quadratic time") {
  std::string stars = repeated("a*", 2'000);
  std::string text = repeated("a", 20'000);
  CHECK(evaluate("\"" + text + "\" like \"" + stars + "b\"") == "false");
  CHECK(evaluate("\"" + text + "\" like \"" + stars + "a\"") == "true");
}
