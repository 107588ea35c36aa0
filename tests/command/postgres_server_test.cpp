// The server is the judge: every statement of tests/cases/command/behind runs in a transaction of a real cluster, and
// each table that it changed must be among those that the facts name.
#include "command/postgres_server.h"

#include <doctest/doctest.h>

using namespace libguard;
using namespace libguard::test;

TEST_CASE("Postgres server: what a statement changes is what the facts say, however deep it hides") {
  if (pg_cluster() == nullptr) return;
  const std::string cases = std::string(LIBGUARD_SOURCE_DIR) + "/tests/cases/command/behind/";
  Server server("behind", file_text(cases + "schema.sql"));
  const auto understander = command::postgres_understander(server.catalogue({"shop", "tools"}));
  std::size_t judged = 0;
  std::size_t wider = 0;
  for (const Json& row : lines(cases + "statements.jsonl")) {
    const std::string sql = row["sql"];
    const auto command = understander->understand(sql, {});
    INFO(sql << "\n" << explain_json_text(*command));
    std::string error;
    const Names changed = server.changed(sql, row.value("alone", false), error);
    CHECK_MESSAGE(error.empty(), error);
    CHECK(command->understood);
    CHECK(opaque(*command) == row.value("opaque", false));
    Names named = command->writes;
    named.insert(command->behind.cascades.begin(), command->behind.cascades.end());
    if (!opaque(*command)) {
      for (const std::string& table : changed) CHECK_MESSAGE(named.contains(table), "missed: " << table);
    }
    if (!changed.empty()) CHECK_FALSE(command->readonly_safe);
    if (std::any_of(named.begin(), named.end(), [&](const std::string& t) { return !changed.contains(t); })) ++wider;
    // Whatever is changed, policy is asked for.
    for (const std::string& table : named) {
      CHECK(std::any_of(command->touches.begin(), command->touches.end(),
                        [&](const Touch& touch) { return touch.object == table && touch.action != "select"; }));
    }
    ++judged;
  }
  CHECK(judged >= 150);
  MESSAGE(judged << " statements judged by the server; " << wider << " may change more tables than they did");
}

TEST_CASE("Postgres server: a large schema loads, and its code with it") {
  if (pg_cluster() == nullptr) return;
  Server server("large",
                "CREATE TABLE log(what text);"
                "DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s(id int PRIMARY KEY, a text DEFAULT "
                "''x'', b int CHECK (b > 0))', i); END LOOP;"
                "FOR i IN 1..500 LOOP EXECUTE format('CREATE FUNCTION f%s(k int) RETURNS int LANGUAGE plpgsql AS $f$ "
                "DECLARE r record; BEGIN FOR r IN SELECT * FROM t%s WHERE id > k LOOP INSERT INTO log VALUES (r.a); "
                "END LOOP; RETURN 1; END $f$', i, i); END LOOP; END $$;");
  const auto begin = std::chrono::steady_clock::now();
  const auto catalogue = server.catalogue({"public"});
  const auto loaded = std::chrono::steady_clock::now();
  const auto understander = command::postgres_understander(catalogue);
  for (int i = 1; i <= 500; ++i) {
    const auto command = understander->understand("SELECT f" + std::to_string(i) + "(1)", {});
    CHECK(command->writes == Names{"public.log"});
  }
  const auto read = std::chrono::steady_clock::now();
  const auto ms = [](auto span) { return std::chrono::duration_cast<std::chrono::milliseconds>(span).count(); };
  MESSAGE("1,000 tables and 500 functions: loaded in " << ms(loaded - begin) << " ms, all bodies read in "
                                                       << ms(read - loaded) << " ms, as a file "
                                                       << to_json_text(*catalogue).size() / 1024 << " KiB");
}
