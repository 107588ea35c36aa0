#include <doctest/doctest.h>

#include "command/postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;
using Names = std::set<std::string>;

TEST_CASE("Postgres lineage: sources reach through every construct") {
  for (std::string sql : {"SELECT ssn FROM people",
                          "SELECT upper(ssn) FROM people",
                          "SELECT ssn || '' FROM people",
                          "SELECT x FROM (SELECT ssn FROM people) t(x)",
                          "WITH c AS (SELECT ssn AS y FROM people) SELECT y FROM c",
                          "SELECT max(ssn) FROM people",
                          "SELECT coalesce(name, ssn) FROM people",
                          "SELECT (SELECT ssn FROM people LIMIT 1)",
                          "SELECT ARRAY(SELECT ssn FROM people)",
                          "SELECT v FROM people p, LATERAL (VALUES (p.ssn)) AS x(v)",
                          "SELECT name FROM people UNION ALL SELECT ssn FROM people",
                          "SELECT row_to_json(p) FROM people p",
                          "SELECT p::text FROM people p",
                          "SELECT (p).ssn FROM people p",
                          "SELECT p.* FROM people p",
                          "TABLE people",
                          "SELECT * FROM unnest((SELECT array_agg(ssn) FROM people)) u(v)",
                          "SELECT jsonb_build_object('k', ssn) FROM people",
                          "SELECT CASE WHEN active THEN ssn END FROM people",
                          "SELECT count(DISTINCT ssn) FROM people",
                          "SELECT string_agg(name, ',' ORDER BY ssn) FROM people",
                          "SELECT mode() WITHIN GROUP (ORDER BY ssn) FROM people",
                          "SELECT lag(ssn) OVER () FROM people",
                          "UPDATE people SET name = 'x' WHERE id = 1 RETURNING ssn",
                          "DELETE FROM people WHERE id = 1 RETURNING *",
                          "SELECT * FROM people TABLESAMPLE system(10)",
                          "SELECT JSON_OBJECT('k': ssn) FROM people",
                          "SELECT JSON_ARRAYAGG(ssn) FROM people",
                          "SELECT (ARRAY[ssn])[1] FROM people",
                          "SELECT xmlelement(name a, ssn) FROM people",
                          "SELECT j.* FROM (people a JOIN bills b ON a.id = b.person_id) AS j",
                          "SELECT U&\"\\0073sn\" FROM people",
                          "SELECT SSN FROM PUBLIC.People",
                          "SELECT greatest(ssn, 'a') FROM people",
                          "WITH RECURSIVE r(n, v) AS (SELECT 1, ssn FROM people UNION ALL SELECT n + 1, v FROM r WHERE "
                          "n < 3) SELECT v FROM r",
                          "WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT ssn FROM people) SELECT * FROM a",
                          "INSERT INTO people (id) VALUES (1) ON CONFLICT (id) DO NOTHING RETURNING people.ssn",
                          "SELECT people FROM people",
                          "SELECT ROW(p.*) FROM people p",
                          "SELECT * FROM ROWS FROM (unnest(ARRAY[(SELECT ssn FROM people LIMIT 1)])) x"}) {
    const auto command = read(sql);
    INFO(sql << ": " << command->not_understood);
    REQUIRE(command->understood);
    CHECK(revealed(*command).contains("public.people.ssn"));
  }
}

TEST_CASE("Postgres lineage: a column that is not used is not revealed") {
  CHECK(revealed(*read("SELECT name FROM (SELECT * FROM people) p")) == Names{"public.people.name"});
  CHECK(revealed(*read("WITH t AS (SELECT id, ssn FROM people) SELECT id FROM t")) == Names{"public.people.id"});
  CHECK(revealed(*read("SELECT 'ssn' AS ssn")).empty());
  CHECK(revealed(*read("SELECT count(*) FROM people")).empty());
  CHECK(revealed(*read("SELECT EXISTS (SELECT ssn FROM people)")).empty());
}

TEST_CASE("Postgres lineage: views show themselves and their base") {
  const auto command = read("SELECT contact FROM people_view");
  CHECK(revealed(*command) == Names{"public.people.email", "public.people_view.contact"});
  CHECK(command->reads == Names{"public.people_view"});
  CHECK(touch(*command, "select", "public.people")->through_view);
  CHECK(revealed(*read("SELECT who FROM deep_view")).contains("public.people.email"));
  CHECK(revealed(*read("SELECT x FROM broken_view")).contains("public.people.*"));
  CHECK(read("SELECT x FROM loop_a")->understood);
  CHECK_FALSE(read("SELECT x FROM loop_a")->readonly_safe);
  CHECK_FALSE(read("SELECT n FROM evil_view")->readonly_safe);
  CHECK(calls(*read("SELECT n FROM evil_view"), "public.wipe", false));
}

TEST_CASE("Postgres lineage: a partition shows its parent's columns") {
  CHECK(revealed(*read("SELECT region FROM parts_eu")).contains("public.parts.region"));
  CHECK(touch(*read("SELECT region FROM parts"), "select", "public.parts_eu") != nullptr);
}

TEST_CASE("Postgres lineage: result columns by position and name") {
  const auto command = read("SELECT id, upper(name) AS n, * FROM bills JOIN (SELECT name FROM people) p ON true");
  REQUIRE(command->reveals.size() == 7);
  CHECK(command->reveals[0].column == "id");
  CHECK(command->reveals[1].column == "n");
  CHECK(command->reveals[5].sources == Names{"public.bills.note"});
  const auto joined = read("SELECT * FROM people a JOIN people b USING (id)");
  CHECK(joined->reveals.size() == 11);
}

TEST_CASE("Postgres lineage: tests are match only for one top-level equality with a value") {
  auto how = [](const std::string& sql) {
    const auto command = read(sql);
    INFO(sql << ": " << command->not_understood);
    REQUIRE(command->understood);
    return tested(*command, "public.people.ssn");
  };
  for (std::string sql : {"SELECT id FROM people WHERE ssn = 'a'", "SELECT id FROM people WHERE $1 = ssn AND active",
                          "DELETE FROM people WHERE ssn = 'a'", "SELECT id FROM people p WHERE p.ssn = 'a'::text",
                          "WITH c AS (SELECT id FROM people WHERE ssn = 'a') SELECT * FROM c"}) {
    CHECK_MESSAGE(how(sql) == "match", sql);
  }
  for (std::string sql : {"SELECT id FROM people WHERE ssn = 'a' OR id = 1",
                          "SELECT id FROM people WHERE ssn IN ('a')",
                          "SELECT id FROM people WHERE ssn LIKE 'a%'",
                          "SELECT id FROM people WHERE ssn > 'a'",
                          "SELECT id FROM people ORDER BY ssn",
                          "SELECT id FROM people GROUP BY id, ssn",
                          "SELECT DISTINCT ssn FROM people",
                          "SELECT ssn = 'a' FROM people",
                          "SELECT CASE ssn WHEN 'a' THEN 1 END FROM people",
                          "SELECT ssn IS NULL FROM people",
                          "SELECT id FROM people WHERE NOT ssn = 'a'",
                          "SELECT id FROM people WHERE lower(ssn) = 'a'",
                          "SELECT a.id FROM people a NATURAL JOIN people b",
                          "SELECT a.id FROM people a JOIN people b USING (ssn)",
                          "SELECT id FROM people WHERE ssn = name",
                          "SELECT 1 WHERE EXISTS (SELECT 1 FROM people WHERE ssn = 'a')",
                          "SELECT id FROM people WHERE ssn = 'a' AND ssn = 'b'",
                          "SELECT id FROM people WHERE ssn = 'a' UNION SELECT id FROM people WHERE ssn = 'b'",
                          "SELECT ssn FROM people UNION SELECT name FROM people",
                          "SELECT row_number() OVER (ORDER BY ssn) FROM people",
                          "SELECT count(*) FILTER (WHERE ssn = 'a') FROM people",
                          "SELECT id FROM people GROUP BY id HAVING max(ssn) > 'a'",
                          "EXPLAIN SELECT id FROM people WHERE ssn = 'a'",
                          "SELECT nullif(ssn, 'a') FROM people",
                          "SELECT id FROM people WHERE (ssn, id) IN (SELECT 'a', 1)",
                          "SELECT DISTINCT ON (ssn) id FROM people",
                          "SELECT id, ssn AS s FROM people ORDER BY s",
                          "SELECT id, ssn FROM people ORDER BY 2",
                          "SELECT 1 LIMIT (SELECT length(ssn) FROM people LIMIT 1)"}) {
    CHECK_MESSAGE(how(sql) == "infer", sql);
  }
  CHECK(how("SELECT string_agg(name, ',' ORDER BY ssn) FROM people") == "");
  CHECK(how("SELECT ssn FROM people UNION ALL SELECT name FROM people") == "");
}

TEST_CASE("Postgres lineage: what is carried elsewhere, and what an error could show") {
  CHECK(read("CREATE TABLE t AS SELECT ssn FROM people")->carries == Names{"public.people.ssn"});
  CHECK(read("CREATE VIEW v AS SELECT ssn FROM people")->carries == Names{"public.people.ssn"});
  CHECK(read("COPY people TO STDOUT")->carries.contains("public.people.ssn"));
  CHECK(read("COPY (SELECT ssn FROM people) TO STDOUT")->carries == Names{"public.people.ssn"});
  CHECK(read("INSERT INTO bills (note) SELECT ssn FROM people")->carries == Names{"public.people.ssn"});
  CHECK(read("UPDATE bills SET note = p.ssn FROM people p WHERE bills.id = 1")->carries == Names{"public.people.ssn"});
  CHECK(read("UPDATE people SET email = lower(email) WHERE id = 1")->carries.empty());
  CHECK(read("SELECT ssn::int4 FROM people")->error_reveals == Names{"public.people.ssn"});
  CHECK(read("SELECT ('{' || ssn || '}')::json FROM people")->error_reveals == Names{"public.people.ssn"});
  CHECK(read("SELECT to_date(ssn, 'YYYY') FROM people")->error_reveals == Names{"public.people.ssn"});
  CHECK(read("SELECT date(ssn) FROM people")->error_reveals == Names{"public.people.ssn"});
  CHECK(read("SELECT id::text, born::text, id::int8, ssn::varchar FROM people")->error_reveals.empty());
}

TEST_CASE("Postgres lineage: what packs a table into one row") {
  for (std::string sql :
       {"SELECT array_agg(ssn) FROM people", "SELECT ARRAY(SELECT ssn FROM people)", "SELECT json_agg(p) FROM people p",
        "SELECT row_to_json(p) FROM people p", "SELECT string_agg(ssn, '') FROM people"}) {
    CHECK_MESSAGE(read(sql)->packs_rows, sql);
  }
  CHECK_FALSE(read("SELECT max(ssn), count(*) FROM people")->packs_rows);
}
