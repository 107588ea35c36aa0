#include <doctest/doctest.h>

#include "libguard/error.h"
#include "model/catalogue.h"

namespace libguard {
namespace {

Catalogue full() {
  Catalogue catalogue;
  catalogue.dialect = Dialect::postgres;
  catalogue.version = "v1";
  catalogue.server_version = "15.18";
  catalogue.system_identifier = "7";
  catalogue.search_path = {"public", "app"};
  CatalogueRelation relation;
  relation.schema = "public";
  relation.name = "or\"ders é";
  relation.kind = 'p';
  relation.oid = 16'400;
  relation.columns = {{"id", "int4", true, true, false, 1}, {"b", "text", false, false, true, -2}};
  relation.keys = {{{"id"}, true}};
  relation.definition = "SELECT 1;\n";
  relation.depends = {"public.x"};
  relation.children = {"public.c"};
  relation.parents = {"public.p"};
  relation.triggers = {{"t", "public.f", {"insert", "update"}, true}};
  relation.rule_events = {"delete"};
  relation.rules = {{"r", "delete", true, false, 'A', "CREATE RULE r AS ON DELETE TO x DO INSTEAD NOTHING"}};
  relation.policies = {{"p", "all", true, "true", "false"}};
  relation.checks = {"(a > 0)"};
  relation.server = "s";
  relation.beyond = true;
  relation.row_security = true;
  relation.system = true;
  relation.temporary = true;
  catalogue.relations = {relation};
  CatalogueFunction& function = catalogue.functions.emplace_back();
  function.schema = "public";
  function.name = "f";
  function.oid = 5;
  function.argument_types = {"int4"};
  function.result_type = "int4";
  function.volatility = 's';
  function.language = "sql";
  function.body = "SELECT 1";
  function.argument_modes = "io";
  function.all_types = {"int4", "text"};
  function.settings = {"search_path=public"};
  function.parts = {"public.g"};
  catalogue.operators = {{"public", "===", "int4", "", "public.f"}};
  catalogue.casts = {{"a", "b", "public.f", 'i'}};
  catalogue.foreign_keys = {{"a.b", "c.d", "cascade", "set null", {"x"}, {"y"}}};
  catalogue.types = {"public.mood"};
  catalogue.domains = {"public.d"};
  catalogue.domain_checks = {{"public.d", "int4", {"(VALUE > 0)"}, "1"}};
  catalogue.event_triggers = {{"e", "public.f", {"ddl_command_end"}, false}};
  catalogue.server_options = {"standard_conforming_strings=on"};
  return catalogue;
}

TEST_CASE("catalogue: the file says all that the catalogue says") {
  std::string text = to_json_text(full());
  Catalogue read = catalogue_from_json_text(text);
  CHECK(to_json_text(read) == text);
  CHECK(read.relations[0].name == "or\"ders é");
  CHECK(read.relations[0].kind == 'p');
  CHECK(read.relations[0].columns[1].number == -2);
  CHECK(read.relations[0].columns[0].not_null);
  CHECK(read.relations[0].triggers[0].internal);
  CHECK(read.functions[0].volatility == 's');
  CHECK(read.functions[0].body == "SELECT 1");
  CHECK(read.functions[0].parts == std::vector<std::string>{"public.g"});
  CHECK(read.relations[0].rules[0].instead);
  CHECK(read.relations[0].policies[0].using_expression == "true");
  CHECK(read.domain_checks[0].checks == std::vector<std::string>{"(VALUE > 0)"});
  CHECK(read.event_triggers[0].name == "e");
  CHECK(read.foreign_keys[0].on_update == "set null");
  CHECK(to_json_text(catalogue_from_json_text(to_json_text(Catalogue{}))) == to_json_text(Catalogue{}));
}

TEST_CASE("catalogue: a malformed file is refused, with its place") {
  for (const char* text :
       {"",
        "[]",
        "{",
        "{}",
        "null",
        R"({"dialect":"mysql"})",
        R"({"dialect":5})",
        R"({"dialect":"sqlite","format":3})",
        R"({"dialect":"sqlite","dialect":"sqlite"})",
        R"({"dialect":"sqlite","unknown":1})",
        R"({"dialect":"sqlite","relations":{}})",
        R"({"dialect":"sqlite","relations":[5]})",
        R"({"dialect":"sqlite","relations":[{"schema":"main"}]})",
        R"({"dialect":"sqlite","relations":[{"schema":"main","name":"t","kind":"table"}]})",
        R"({"dialect":"sqlite","relations":[{"schema":"main","name":"t","system":1}]})",
        R"({"dialect":"sqlite","relations":[{"schema":"main","name":"t","not_nul":true}]})",
        R"({"dialect":"sqlite","relations":[{"schema":"main","name":"t","columns":[{"name":"a","number":99999}]}]})",
        R"({"dialect":"sqlite","relations":[{"schema":"main","name":"t","oid":18446744073709551615}]})",
        R"({"dialect":"sqlite","relations":[{"schema":"main","name":"t","oid":1.5}]})",
        R"({"dialect":"sqlite","types":[1]})"}) {
    CAPTURE(std::string(text));
    try {
      (void)catalogue_from_json_text(text);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.code() == "catalogue.malformed");
      CHECK(error.kind() == ErrorKind::invalid);
    }
  }
  std::string deep(5000, '[');
  CHECK_THROWS_AS((void)catalogue_from_json_text(deep), Error);
}

}  // namespace
}  // namespace libguard
