#include <doctest/doctest.h>

#include "command/postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;

TEST_CASE("Postgres functions: a call is found wherever it hides") {
  for (std::string sql :
       {"SELECT wipe()",
        "SELECT public . wipe ( )",
        "SELECT 1 WHERE wipe() = 1",
        "SELECT 1 GROUP BY 1 HAVING wipe() = 1",
        "SELECT id FROM people ORDER BY wipe()",
        "SELECT CASE WHEN wipe() = 1 THEN 1 END",
        "SELECT 1 LIMIT (SELECT wipe())",
        "SELECT (ARRAY[wipe()])[1]",
        "SELECT (ARRAY[1])[wipe()]",
        "SELECT sum(wipe()) OVER () FROM people",
        "SELECT * FROM wipe()",
        "SELECT count(*) FILTER (WHERE wipe() = 1) FROM people",
        "SELECT 1 FROM people a JOIN people b ON wipe() = 1",
        "SELECT array_agg(1 ORDER BY wipe())",
        "SELECT sum(1) OVER (PARTITION BY wipe()) FROM people",
        "SELECT sum(1) OVER w FROM people WINDOW w AS (ORDER BY wipe())",
        "SELECT 1 IN (1, wipe())",
        "SELECT 1 BETWEEN 0 AND wipe()",
        "VALUES (wipe())",
        "SELECT JSON_OBJECT('a': wipe())",
        "SELECT xmlelement(name a, wipe())",
        "SELECT ROW(wipe())",
        "SELECT coalesce(NULL, wipe())",
        "SELECT greatest(1, wipe())",
        "SELECT wipe() IS NULL",
        "SELECT DISTINCT ON (wipe()) 1",
        "SELECT * FROM people TABLESAMPLE system (wipe())",
        "SELECT * FROM generate_series(1, wipe())",
        "SELECT * FROM ROWS FROM (generate_series(1, wipe()))",
        "EXPLAIN SELECT wipe()",
        "SELECT 1 OFFSET wipe()",
        "SELECT * FROM people GROUP BY GROUPING SETS ((wipe()))",
        "WITH a AS (SELECT wipe()) SELECT 1",
        "SELECT 1 UNION SELECT wipe()",
        "INSERT INTO bills VALUES (wipe())",
        "UPDATE bills SET cents = wipe() WHERE id = 1",
        "DELETE FROM bills WHERE id = wipe()",
        "DELETE FROM bills WHERE id = 1 RETURNING wipe()",
        "CREATE TABLE t (a int DEFAULT wipe())",
        "CREATE INDEX ON bills (wipe())",
        "CREATE VIEW v AS SELECT wipe()",
        "COPY (SELECT wipe()) TO STDOUT",
        "CALL wipe()",
        "SELECT 1 FROM evil_view",
        "DECLARE c CURSOR FOR SELECT wipe()",
        "SELECT wipe()::text COLLATE \"C\"",
        "MERGE INTO bills b USING people p ON wipe() = 1 WHEN MATCHED THEN DELETE",
        "INSERT INTO bills VALUES (1) ON CONFLICT (id) DO UPDATE SET cents = wipe()",
        "INSERT INTO bills VALUES (1), (2) LIMIT wipe()",
        "INSERT INTO bills VALUES (1), (2) ORDER BY wipe()",
        "INSERT INTO bills (id[wipe()]) VALUES (1)",
        "UPDATE bills SET cents[wipe()] = 1 WHERE id = 1",
        "SELECT * FROM JSON_TABLE('[]', '$' COLUMNS (x int PATH '$' DEFAULT wipe() ON EMPTY)) j",
        "SELECT * FROM XMLTABLE('/a' PASSING xmlparse(document '<a/>') COLUMNS x int PATH '.' DEFAULT wipe()) j",
        "SELECT JSON_VALUE('{}', '$' PASSING wipe() AS x)",
        "MERGE INTO bills b USING people p ON b.id = p.id WHEN NOT MATCHED THEN INSERT VALUES (wipe())",
        "SELECT 1 FROM people JOIN LATERAL (SELECT wipe()) l ON true",
        "ALTER TABLE people ADD CHECK (wipe() = 1)",
        "CREATE DOMAIN d AS int CHECK (wipe() = value)",
        "CREATE POLICY p ON people USING (wipe() = 1)",
        "ALTER TABLE people ALTER name TYPE int USING wipe()",
        "EXECUTE p(wipe())",
        "COPY bills FROM STDIN WHERE wipe() = 1"}) {
    const auto command = read(sql);
    INFO(sql << ": " << command->not_understood);
    REQUIRE(command->understood);
    CHECK(calls(*command, "public.wipe", false));
    CHECK_FALSE(command->readonly_safe);
  }
}

TEST_CASE("Postgres functions: attribute notation, operators and casts call functions") {
  CHECK(calls(*read("SELECT (p).lower FROM people p"), "public.lower", false));
  CHECK(calls(*read("SELECT p.lower FROM people p"), "public.lower", false));
  CHECK(calls(*read("SELECT lower(p) FROM people p"), "public.lower", false));
  CHECK(calls(*read("SELECT 1 === 2"), "public.on_eq", false));
  CHECK(calls(*read("SELECT id OPERATOR(public.===) 2 FROM people"), "public.on_eq", false));
  CHECK(calls(*read("SELECT 'x'::text::mood"), "public.to_mood", false));
  CHECK_FALSE(read("SELECT 5::positive")->readonly_safe);
  CHECK(read("SELECT people.lower FROM people")->understood);
}

TEST_CASE("Postgres functions: an overload that cannot be meant does not count") {
  for (std::string sql :
       {"SELECT lower(name) FROM people", "SELECT lower('X')", "SELECT lower(trim(name)) FROM people"}) {
    CHECK_MESSAGE(read(sql)->readonly_safe, sql);
  }
  CHECK_FALSE(read("SELECT lower((SELECT p FROM people p LIMIT 1))")->readonly_safe);
}

TEST_CASE("Postgres functions: vetted built-ins are safe, the others are not") {
  for (std::string sql :
       {"SELECT random(), gen_random_uuid(), clock_timestamp(), now()", "SELECT date_trunc('day', now())",
        "SELECT * FROM jsonb_to_recordset('[{}]') AS x(a int)", "SELECT string_agg(name, ',') FROM people",
        "SELECT regexp_replace(name, 'a', 'b') FROM people", "SELECT current_date, current_user",
        "SELECT extract(year FROM born), name AT TIME ZONE 'x' FROM people", "SELECT pg_get_viewdef('x'::regclass)",
        "SELECT count(*), rank() OVER (ORDER BY id) FROM people", "SELECT relname FROM pg_class",
        "SELECT table_name FROM information_schema.tables", "SHOW search_path", "SELECT to_char(now(), 'YYYY')",
        "SELECT generate_series(1, 3)", "SELECT unnest(ARRAY[1])", "SELECT position('a' IN name) FROM people"}) {
    const auto command = read(sql);
    INFO(sql << ": " << command->not_understood);
    CHECK(command->readonly_safe);
  }
  for (std::string sql : {"SELECT pg_read_file('x')",
                          "SELECT pg_sleep(1)",
                          "SELECT set_config('a', 'b', false)",
                          "SELECT current_setting('x')",
                          "SELECT nextval('s')",
                          "SELECT lo_import('x')",
                          "SELECT pg_terminate_backend(1)",
                          "SELECT query_to_xml('x', true, true, '')",
                          "SELECT database_to_xml(true, true, '')",
                          "SELECT ts_stat('select 1')",
                          "SELECT pg_notify('a', 'b')",
                          "SELECT pg_advisory_lock(1)",
                          "SELECT txid_current()",
                          "SELECT pg_ls_dir('.')",
                          "SELECT inet_server_addr()",
                          "SELECT pg_stat_get_activity(1)",
                          "SELECT pg_export_snapshot()",
                          "SELECT lo_get(1)",
                          "SELECT setseed(0)",
                          "SELECT pg_reload_conf()",
                          "SELECT pg_switch_wal()",
                          "SELECT pg_logical_emit_message(false, 'a', 'b')",
                          "SELECT * FROM pg_shadow",
                          "SELECT * FROM pg_stat_activity",
                          "SELECT * FROM pg_settings",
                          "SELECT * FROM pg_stats",
                          "SELECT * FROM pg_user_mapping",
                          "SELECT * FROM pg_hba_file_rules",
                          "SELECT * FROM pg_largeobject",
                          "SHOW ALL",
                          "SHOW hba_file",
                          "SHOW my.secret",
                          "SELECT ts_rewrite('a', 'select 1')",
                          "SELECT pg_catalog.pg_read_file('x')",
                          "SELECT * FROM information_schema.user_mapping_options"}) {
    const auto command = read(sql);
    INFO(sql << ": " << command->not_understood);
    CHECK(command->understood);
    CHECK_FALSE(command->readonly_safe);
  }
}

TEST_CASE("Postgres functions: an unknown name is not understood") {
  for (std::string sql :
       {"SELECT no_such()", "SELECT app.no_such()", "SELECT x FROM people", "SELECT * FROM no_such",
        "SELECT p.no_such FROM people p", "SELECT q.id FROM people p", "SELECT hidden()", "SELECT 1 <=>!> 2",
        "SELECT 'x'::no_such", "UPDATE people SET no_such = 1", "INSERT INTO people (no_such) VALUES (1)",
        "SELECT q.* FROM people p", "SELECT * FROM wallets"}) {
    const auto command = read(sql);
    CHECK_MESSAGE(!command->understood, sql);
    CHECK_MESSAGE(command->not_understood_code == "command.unknown_name", sql);
    CHECK_FALSE(command->readonly_safe);
  }
}

TEST_CASE("Postgres functions: an opaque function may show anything") {
  const auto command = read("SELECT email FROM people_of('x')");
  CHECK(command->understood);
  CHECK(revealed(*command).contains("public.people.*"));
  CHECK(doubts(*command, "opaque_function public.people_of"));
}

TEST_CASE("Postgres functions: without a catalogue nothing is taken for granted") {
  const auto open = command::understander_without_catalogue(Dialect::postgres);
  const auto command = open->understand("SELECT a, f(b) FROM t JOIN s ON true WHERE c = 1", {});
  REQUIRE(command->understood);
  CHECK(doubts(*command, "no_catalogue"));
  CHECK(calls(*command, "public.f", false));
  CHECK_FALSE(command->readonly_safe);
  CHECK(command->reads == std::set<std::string>{"public.s", "public.t"});
  CHECK(revealed(*command) == std::set<std::string>{"public.s.a", "public.s.b", "public.t.a", "public.t.b"});
  CHECK(open->understand("SELECT lower(x) FROM app.t", {})->readonly_safe);
  CHECK(revealed(*open->understand("SELECT * FROM t", {})) == std::set<std::string>{"public.t.*"});
  const auto deleted = open->understand("DELETE FROM t WHERE id = 5", {});
  CHECK(touch(*deleted, "delete", "public.t")->bound == Bound::weak);
}

TEST_CASE("Postgres functions: partitions, positions of the log and binary forms are harmless to look at") {
  for (std::string sql :
       {"SELECT relid, level FROM pg_partition_tree('people')", "SELECT * FROM pg_partition_ancestors('people')",
        "SELECT pg_lsn(23783416), pg_lsn_cmp('0/1', '0/2')",
        "SELECT uuid_send(gen_random_uuid()), int8send(id) FROM people", "SELECT pg_settings_get_flags('work_mem')"}) {
    CHECK_MESSAGE(read(sql)->readonly_safe, sql);
  }
  for (std::string sql :
       {"SELECT pg_switch_wal()", "SELECT array_send(ARRAY[1])", "SELECT pg_create_restore_point('x')"}) {
    CHECK_FALSE_MESSAGE(read(sql)->readonly_safe, sql);
  }
}
