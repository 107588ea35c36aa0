// Bodies that are read, bodies that must not be, and what flows through them. That nothing is missed is judged by a
// server in postgres_server_test.cpp; here stands what a server cannot show.
#include <doctest/doctest.h>

#include <thread>

#include "command/postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;
using Set = std::set<std::string>;

namespace {

CatalogueFunction code(std::string name, std::string language, std::string body, std::vector<std::string> names = {},
                       std::vector<std::string> types = {}, std::string result = "int4") {
  CatalogueFunction entry = function("public", std::move(name), std::move(types), std::move(result));
  entry.language = std::move(language);
  entry.body = std::move(body);
  entry.argument_names = std::move(names);
  return entry;
}

std::shared_ptr<const Command> with(const CatalogueFunction& function, const std::string& sql) {
  Catalogue catalogue = shop();
  catalogue.functions.push_back(function);
  return command::postgres_understander(std::make_shared<const Catalogue>(catalogue))->understand(sql, {});
}

std::shared_ptr<const Command> body(const std::string& text) {
  return with(code("f", "plpgsql", text, {"a"}, {"int4"}), "SELECT f(1)");
}

}  // namespace

TEST_CASE("Postgres bodies: what cannot be read for certain stays opaque") {
  for (std::string text : {"BEGIN EXECUTE 'DELETE FROM ' || a; END",
                           "BEGIN EXECUTE format('DELETE FROM %I', a); END",
                           "BEGIN PERFORM set_config('search_path', 'app', true); DELETE FROM bills; END",
                           "BEGIN SET search_path = app; DELETE FROM bills; END",
                           "#variable_conflict use_variable\nBEGIN DELETE FROM bills WHERE id = a; END",
                           "DECLARE id int; BEGIN DELETE FROM bills WHERE id = a; END",
                           "BEGIN CREATE TABLE t(x int); END",
                           "BEGIN DROP TABLE bills; END",
                           "BEGIN GRANT ALL ON bills TO PUBLIC; END",
                           "BEGIN CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; END",
                           "BEGIN COPY bills TO PROGRAM 'sh'; END",
                           "BEGIN DO $x$ BEGIN END $x$; END",
                           "BEGIN FROBNICATE bills; END",
                           "BEGIN DELETE FROM bills; END garbage garbage",
                           "BEGIN DELETE FROM bills",
                           "BEGIN DELETE FROM no_such; END",
                           "BEGIN b := 1; END",
                           "DECLARE x no_such_type; BEGIN END",
                           "BEGIN FOR r IN EXECUTE a LOOP END LOOP; END",
                           "BEGIN RETURN QUERY EXECUTE a; END",
                           "DECLARE c CURSOR (x int) FOR SELECT 1; BEGIN OPEN c(1); END",
                           "BEGIN SELECT 1; DELETE FROM bills); END",
                           "BEGIN U&'x'; END",
                           "BEGIN 'unterminated; END",
                           ""}) {
    const auto command = body(text);
    INFO(text);
    REQUIRE(command->understood);
    CHECK(doubts(*command, "opaque_function public.f"));
    CHECK_FALSE(reason_of(*command, "opaque_function public.f").empty());
    CHECK_FALSE(command->readonly_safe);
    CHECK(command->destructive);
    CHECK(revealed(*command).contains("public.people.*"));
  }
  for (std::string language : {"c", "plpython3u", "internal"}) {
    CHECK(doubts(*with(code("f", language, "x"), "SELECT f()"), "opaque_function public.f"));
  }
}

TEST_CASE("Postgres bodies: hostile nesting ends") {
  std::string deep = "BEGIN ";
  for (int i = 0; i < 2000; ++i) deep += "BEGIN ";
  CHECK(doubts(*body(deep), "opaque_function public.f"));
  std::string loops = "BEGIN ";
  for (int i = 0; i < 500; ++i) loops += "LOOP ";
  CHECK(doubts(*body(loops), "opaque_function public.f"));
  // A long chain of calls needs no stack.
  Catalogue catalogue = shop();
  for (int i = 0; i < 300; ++i) {
    catalogue.functions.push_back(code("g" + std::to_string(i), "sql", "SELECT g" + std::to_string(i + 1) + "()"));
  }
  catalogue.functions.push_back(code("g300", "sql", "DELETE FROM bills; SELECT g0()"));
  const auto understander = command::postgres_understander(std::make_shared<const Catalogue>(catalogue));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { CHECK(understander->understand("SELECT g0()", {})->writes == Set{"public.bills"}); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("Postgres bodies: one call with constants keeps its bound, any number of calls does not") {
  const auto keyed = code("f", "plpgsql", "BEGIN DELETE FROM bills WHERE id = a; RETURN 1; END", {"a"}, {"int4"});
  CHECK(touch(*with(keyed, "SELECT f(1)"), "delete", "public.bills")->bound == Bound::eq);
  CHECK(touch(*with(keyed, "SELECT * FROM f(1)"), "delete", "public.bills")->bound == Bound::eq);
  for (std::string sql :
       {"SELECT f(id) FROM people", "SELECT f(1) FROM people", "SELECT f(1), f(2)", "SELECT f(generate_series(1, 9))",
        "SELECT f(1), generate_series(1, 9)", "SELECT 1 WHERE f(1) = 1", "VALUES (f(1)), (f(2))"}) {
    const auto command = with(keyed, sql);
    INFO(sql << ": " << command->not_understood);
    REQUIRE(touch(*command, "delete", "public.bills") != nullptr);
    CHECK(touch(*command, "delete", "public.bills")->bound == Bound::weak);
    CHECK(touch(*command, "delete", "public.bills")->rows_bound == kUnproven);
  }
  const auto loop =
      code("f", "plpgsql", "BEGIN FOR i IN 1..a LOOP DELETE FROM bills WHERE id = i; END LOOP; RETURN 1; END", {"a"},
           {"int4"});
  CHECK(touch(*with(loop, "SELECT f(1)"), "delete", "public.bills")->bound == Bound::weak);
}

TEST_CASE("Postgres bodies: what a function shows, carries and tests is its caller's") {
  const auto email =
      code("f", "plpgsql",
           "DECLARE x text; y text; BEGIN SELECT email INTO x FROM people WHERE id = a; y := x; RETURN y; END", {"a"},
           {"int4"}, "text");
  CHECK(revealed(*with(email, "SELECT f(1)")) == Set{"public.people.email"});
  const auto sql = code("f", "sql", "SELECT note FROM bills WHERE id = a", {"a"}, {"int4"}, "text");
  CHECK(revealed(*with(sql, "SELECT f(1)")) == Set{"public.bills.note"});
  CHECK(tested(*with(sql, "SELECT f(1)"), "public.bills.id") == "match");
  const auto hidden =
      code("f", "plpgsql", "BEGIN IF EXISTS (SELECT FROM people WHERE ssn = '1') THEN RETURN 1; END IF; RETURN 2; END");
  CHECK(tested(*with(hidden, "SELECT f()"), "public.people.ssn") != "");
  const auto carries = code("f", "sql", "INSERT INTO bills(id, note) VALUES (1, a); SELECT 1", {"a"}, {"text"});
  CHECK(with(carries, "SELECT f(ssn) FROM people")->carries.contains("public.people.ssn"));
  const auto shows = code("f", "plpgsql", "BEGIN RAISE EXCEPTION 'no %', a; END", {"a"}, {"text"});
  CHECK(with(shows, "SELECT f(ssn) FROM people")->error_reveals.contains("public.people.ssn"));
  const auto pure = code("f", "sql", "SELECT a + 1", {"a"}, {"int4"});
  CHECK(with(pure, "SELECT f(id) FROM people")->readonly_safe);
  CHECK(revealed(*with(pure, "SELECT f(id) FROM people")) == Set{"public.people.id"});
}

TEST_CASE("Postgres bodies: a setting changed in the same statement makes names in bodies uncertain") {
  const auto reads = code("f", "sql", "SELECT count(*)::int FROM bills");
  CHECK(with(reads, "SELECT f()")->readonly_safe);
  CHECK(doubts(*with(reads, "SELECT set_config('search_path', 'app', true), f()"), "opaque_setting"));
}

TEST_CASE("Postgres bodies: a catalogue of the first format still loads, and its code is opaque") {
  const Catalogue old = catalogue_from_json_text(
      R"({"dialect":"postgres","format":1,"version":"v","search_path":["public"],"relations":[{"schema":"public","name":"t","kind":"r",)"
      R"("columns":[{"name":"id","type":"int4"}],"triggers":[{"name":"tr","function":"public.f","events":["insert"]}],)"
      R"("rule_events":["delete"]}],"functions":[{"schema":"public","name":"g","kind":"f","volatility":"v","language":"plpgsql"}]})");
  const auto understander = command::postgres_understander(std::make_shared<const Catalogue>(old));
  CHECK(doubts(*understander->understand("INSERT INTO t VALUES (1)", {}), "opaque_trigger tr"));
  CHECK(doubts(*understander->understand("DELETE FROM t", {}), "opaque_rule public.t"));
  CHECK(doubts(*understander->understand("SELECT g()", {}), "opaque_function public.g"));
  const Catalogue again = catalogue_from_json_text(to_json_text(shop()));
  CHECK(again.format == 2);
}
