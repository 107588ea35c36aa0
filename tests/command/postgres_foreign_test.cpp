// Foreign tables of a real server: what stands behind them is not this database, and may be a file or a program.
#include <doctest/doctest.h>

#include "command/postgres_server.h"

using namespace libguard;
using namespace libguard::test;

TEST_CASE("Postgres server: a foreign table is never a safe read, however it is reached") {
  if (pg_cluster() == nullptr) return;
  Server server("foreign_tables",
                "CREATE EXTENSION file_fdw; CREATE EXTENSION postgres_fdw;"
                "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
                "CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'postgres');"
                "CREATE USER MAPPING FOR PUBLIC SERVER other;"
                "CREATE FOREIGN TABLE passwd (line text) SERVER files OPTIONS (filename '/etc/passwd');"
                "CREATE FOREIGN TABLE far (id int, note text) SERVER other;"
                "CREATE TABLE near (id int PRIMARY KEY, note text);"
                "CREATE VIEW both_sides AS SELECT n.id, f.note FROM near n JOIN far f USING (id);"
                "CREATE TABLE split (id int, note text) PARTITION BY RANGE (id);"
                "CREATE TABLE split_near PARTITION OF split FOR VALUES FROM (0) TO (10);"
                "CREATE FOREIGN TABLE split_far PARTITION OF split FOR VALUES FROM (10) TO (20) SERVER other;");
  const auto understander = command::postgres_understander(server.catalogue({"public"}));
  auto of = [&](const char* sql) { return understander->understand(sql, {}); };
  struct Case {
    const char* sql;
    const char* table;
    const char* server;
  };
  for (const Case& each : {Case{"SELECT * FROM passwd", "public.passwd", "$server.files"},
                           Case{"SELECT count(*) FROM far", "public.far", "$server.other"},
                           Case{"SELECT id FROM both_sides", "public.far", "$server.other"},
                           Case{"WITH w AS (SELECT 1 FROM far) SELECT * FROM near", "public.far", "$server.other"},
                           Case{"SELECT * FROM split", "public.split_far", "$server.other"},
                           Case{"SELECT 1 WHERE EXISTS (SELECT 1 FROM passwd)", "public.passwd", "$server.files"},
                           Case{"EXPLAIN ANALYZE SELECT * FROM far", "public.far", "$server.other"},
                           Case{"INSERT INTO far VALUES (1, 'x')", "public.far", "$server.other"},
                           Case{"UPDATE far SET note = 'x' WHERE id = 1", "public.far", "$server.other"},
                           Case{"DELETE FROM split WHERE id = 12", "public.split_far", "$server.other"},
                           Case{"INSERT INTO near SELECT * FROM far", "public.far", "$server.other"}}) {
    const auto command = of(each.sql);
    INFO(explain_json_text(*command));
    CHECK(command->understood);
    CHECK_FALSE(command->readonly_safe);
    CHECK(command->behind.foreign == Names{each.table});
    // Policy is asked for the server as for a function that nobody vetted.
    CHECK(std::any_of(command->functions.begin(), command->functions.end(),
                      [&](const CalledFunction& f) { return f.name == each.server && !f.safe && !f.read; }));
  }
  CHECK(of("SELECT * FROM near")->readonly_safe);
  CHECK(of("SELECT * FROM near")->behind.foreign.empty());
  // A far row has no key that this server enforces.
  const auto update = of("UPDATE far SET note = 'x' WHERE id = 1");
  CHECK(update->writes == Names{"public.far"});
  for (const Touch& touch : update->touches) CHECK((touch.action == "select" || touch.bound == Bound::weak));
}
