// The formatter: golden layouts, comments, and that nothing is changed but blanks.
#include "policy/cedar/formatter.h"

#include <doctest/doctest.h>

#include "policy/cedar/commented_tokens.h"

using namespace libguard::policy::cedar;

namespace {

std::string formatted(std::string_view source, std::size_t width = limits::kFormatWidth) {
  std::string out;
  auto complaint = format_policies(source, width, out);
  return complaint ? complaint->sentence() : out;
}

void becomes(std::string_view source, std::string_view expected, std::size_t width = limits::kFormatWidth) {
  const std::string once = formatted(source, width);
  CHECK(once == expected);
  CHECK(formatted(once, width) == once);
}

}  // namespace

TEST_CASE("what fits stands on one line, clauses on lines of their own") {
  becomes("permit(principal,action,resource);", "permit (principal, action, resource);\n");
  becomes(
      "@id( \"a\" )@why permit(principal in?principal,action in[Action::\"a\",],resource is N::T in "
      "G::\"g\",)when{true}unless{false};",
      "@id(\"a\")\n@why\npermit (principal in ?principal, action in [Action::\"a\",], resource is N::T in G::\"g\",)\n"
      "when { true }\nunless { false };\n");
  becomes(
      "forbid(principal,action,resource)when{{a:[1,-2],\"b c\":{}}has a.b&&-(- "
      "1)<=!!context[\"x\"].f&&ip(\"::1\").isInRange(ip(\"::/0\"))};",
      "forbid (principal, action, resource)\nwhen {\n  {a: [1, -2], \"b c\": {}} has a.b &&\n  -(-1) <= "
      "!!context[\"x\"].f &&\n"
      "  ip(\"::1\").isInRange(ip(\"::/0\"))\n};\n",
      90);
}

TEST_CASE("what does not fit is broken where operators and brackets are") {
  becomes(
      "permit(principal == User::\"alice\", action in [Action::\"one\", Action::\"two\"], resource);",
      "permit (\n  principal == User::\"alice\",\n  action in [Action::\"one\", Action::\"two\"],\n  resource\n);\n",
      60);
  becomes(
      "permit(principal,action,resource)when{if context.aaaaaaaaaa then context.bbbbbbbbb||context.ccccccccc else "
      "false};",
      "permit (principal, action, resource)\nwhen {\n  if context.aaaaaaaaaa\n    then context.bbbbbbbbb || "
      "context.ccccccccc\n"
      "    else false\n};\n",
      50);
}

TEST_CASE("comments stay with their tokens") {
  becomes(
      "// head\n\n\n// of a\n@id(\"a\") // name\npermit( // who\nprincipal, action // what\n, resource) // scope\nwhen "
      "{ // if\n// so\ntrue "
      "&& // and\nfalse\n// last\n}; // done\r\n\n// tail",
      "// head\n\n// of a\n@id(\"a\") // name\npermit ( // who\n  principal,\n  action // what\n  ,\n  resource\n) // "
      "scope\nwhen { // if\n"
      "  // so\n  true && // and\n  false\n// last\n}; // done\n\n// tail\n");
  becomes("// only\r// comments\n", "// only\n// comments\n");
  becomes("", "");
  becomes(" \n\t", "");
}

TEST_CASE("strings are left as they are, with whatever they hold") {
  becomes("@x(\"a\n// no comment \\u{41}\")permit(principal,action,resource);",
          "@x(\"a\n// no comment \\u{41}\")\npermit (principal, action, resource);\n");
}

TEST_CASE("what is not Cedar is left alone, and says where") {
  std::string out = "before";
  auto complaint = format_policies("permit(principal,\n  acton, resource);", 100, out);
  REQUIRE(complaint.has_value());
  CHECK(complaint->line == 2);
  CHECK(complaint->column == 3);
  CHECK(complaint->excerpt.find('^') != std::string::npos);
  CHECK(out == "before");
}

TEST_CASE("as deep as the parser goes, and long chains") {
  std::string deep =
      "permit(principal,action,resource)when{" + std::string(200, '(') + "true" + std::string(200, ')') + "};";
  CHECK(formatted(deep).find("true") != std::string::npos);
  std::string chain = "permit(principal,action,resource)when{true";
  for (int i = 0; i < 20'000; ++i) chain += "&&true";
  const std::string once = formatted(chain + "};");
  CHECK(formatted(once) == once);
}
