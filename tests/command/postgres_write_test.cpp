#include <doctest/doctest.h>

#include "command/postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;
using Names = std::set<std::string>;

namespace {

const AssignedValue* assigned(const Command& command, std::string_view column) {
  for (const AssignedValue& each : command.assigned) {
    if (each.column == column) return &each;
  }
  return nullptr;
}

std::string digits(const std::string& sql, const std::vector<Value>& params = {}) {
  const auto command = read(sql, params);
  INFO(sql << ": " << command->not_understood);
  REQUIRE(command->understood);
  const AssignedValue* value = assigned(*command, "public.bills.cents");
  if (value == nullptr) return "absent";
  return value->known ? value->digits : "unknown";
}

}  // namespace

TEST_CASE("Postgres writes: behind views, partitions, cascades, TRUNCATE CASCADE") {
  CHECK(read("DELETE FROM people_view")->writes == Names{"public.people"});
  const auto through = read("UPDATE people_view SET contact = 'x' WHERE id = 5");
  CHECK(touch(*through, "update", "public.people_view")->bound == Bound::eq);
  REQUIRE(touch(*through, "update", "public.people") != nullptr);
  CHECK(touch(*through, "update", "public.people")->through_view);
  CHECK(touch(*through, "update", "public.people")->columns_written == Names{"email"});
  CHECK(read("DELETE FROM parts")->writes == Names{"public.parts", "public.parts_eu"});
  CHECK(read("DELETE FROM ONLY parts")->writes == Names{"public.parts"});
  CHECK(read("INSERT INTO parts VALUES (1, 'eu')")->writes == Names{"public.parts", "public.parts_eu"});
  const auto cascade = read("DELETE FROM people WHERE id = 1");
  CHECK(cascade->writes == Names{"public.people"});
  REQUIRE(touch(*cascade, "delete", "public.bills") != nullptr);
  CHECK(touch(*cascade, "delete", "public.bills")->through_view);
  CHECK(touch(*cascade, "delete", "public.bills")->bound == Bound::weak);
  CHECK(read("TRUNCATE people CASCADE")->writes == Names{"public.bills", "public.people"});
  CHECK(doubts(*read("UPDATE joined_view SET email = 'x'"), "opaque_view public.joined_view"));
}

TEST_CASE("Postgres writes: triggers and rules are doubts") {
  CHECK(doubts(*read("UPDATE watched SET cents = 1 WHERE id = 1"), "opaque_trigger watch"));
  CHECK_FALSE(doubts(*read("INSERT INTO watched VALUES (1, 1)"), "opaque_trigger watch"));
  CHECK(doubts(*read("INSERT INTO ruled VALUES (1)"), "opaque_rule public.ruled"));
}

TEST_CASE("Postgres writes: DML wherever it hides") {
  CHECK(read("WITH d AS (DELETE FROM bills RETURNING 1) SELECT 1")->writes == Names{"public.bills"});
  CHECK(read("WITH people AS (SELECT 1) DELETE FROM people")->writes == Names{"public.people"});
  CHECK(read("EXPLAIN ANALYZE DELETE FROM bills")->writes == Names{"public.bills"});
  CHECK(read("EXPLAIN (\"analyze\") DELETE FROM bills")->writes == Names{"public.bills"});
  CHECK(read("EXPLAIN (ANALYZE 'on') DELETE FROM bills")->writes == Names{"public.bills"});
  CHECK(read("EXPLAIN (ANALYZE maybe) DELETE FROM bills")->writes == Names{"public.bills"});
  CHECK(read("EXPLAIN (ANALYZE false) DELETE FROM bills")->writes.empty());
  CHECK(read("EXPLAIN DELETE FROM bills")->reads == Names{"public.bills"});
  CHECK(read("EXPLAIN DELETE FROM bills")->readonly_safe);
  CHECK(read("COPY (WITH d AS (DELETE FROM bills RETURNING *) SELECT * FROM d) TO STDOUT")->writes ==
        Names{"public.bills"});
  CHECK(read("PREPARE p AS DELETE FROM bills")->writes == Names{"public.bills"});
  CHECK(read("DELETE FROM bills WHERE true /* /* -- */ id = 1 */")->writes == Names{"public.bills"});
}

TEST_CASE("Postgres writes: an assigned value is known only when it surely is one") {
  CHECK(digits("UPDATE bills SET cents = 500 WHERE id = 1") == "500");
  CHECK(digits("UPDATE bills SET cents = -500 WHERE id = 1") == "-500");
  CHECK(digits("UPDATE bills SET (cents, note) = (500, 'x') WHERE id = 1") == "500");
  CHECK(digits("UPDATE bills SET cents = 12.50 WHERE id = 1") == "12.50");
  CHECK(digits("INSERT INTO bills (id, cents) VALUES (1, 500)") == "500");
  CHECK(digits("UPDATE bills SET cents = $1 WHERE id = $2", {std::int64_t{48900}, std::int64_t{1}}) == "48900");
  CHECK(digits("UPDATE bills SET cents = $1 WHERE id = $2", {std::int64_t{7}, std::int64_t{1}}) == "7");
  CHECK(digits("UPDATE bills SET cents = $1 WHERE id = 1", {Decimal{"1.50"}}) == "1.50");
  CHECK(digits("UPDATE bills SET cents = $1 WHERE id = 1", {std::string("5")}) == "unknown");
  CHECK(digits("UPDATE bills SET cents = $1 WHERE id = 1") == "unknown");
  CHECK(digits("UPDATE bills SET note = 'x' WHERE id = 1") == "absent");
  CHECK(digits("INSERT INTO bills (id) VALUES (1)") == "unknown");
  for (std::string sql :
       {"UPDATE bills SET cents = 500 + 1", "UPDATE bills SET cents = 1e3", "UPDATE bills SET cents = '500'",
        "UPDATE bills SET cents = DEFAULT", "UPDATE bills SET cents = (SELECT 5)", "UPDATE bills SET cents = NULL",
        "UPDATE bills SET cents = 5::int4", "UPDATE bills SET (cents, note) = (SELECT 5, 'x')",
        "INSERT INTO bills (id, cents) VALUES (1, 5), (2, 6)", "INSERT INTO bills (id, cents) SELECT 1, 5",
        "INSERT INTO bills (id, cents) VALUES (1, 5) ON CONFLICT DO NOTHING", "UPDATE bills SET cents = -$1",
        "MERGE INTO bills b USING people p ON b.id = p.id WHEN MATCHED THEN UPDATE SET cents = 5"}) {
    CHECK_MESSAGE(digits(sql, {std::int64_t{9}}) == "unknown", sql);
  }
  const auto triggered = read("UPDATE watched SET cents = 5 WHERE id = 1");
  CHECK_FALSE(assigned(*triggered, "public.watched.cents")->known);
}

TEST_CASE("Postgres writes: kinds, effects, and what is not run") {
  struct Case {
    const char* sql;
    std::vector<std::string> kinds;
    CommandEffect effect;
    const char* not_runnable;
  };
  for (const Case& each : std::vector<Case>{
           {"VALUES (1)", {"select"}, CommandEffect::read, ""},
           {"SELECT * FROM people FOR UPDATE", {"select", "select_for_lock"}, CommandEffect::write, ""},
           {"INSERT INTO bills VALUES (1) ON CONFLICT (id) DO UPDATE SET cents = 1",
            {"insert", "update"},
            CommandEffect::write,
            ""},
           {"MERGE INTO bills b USING people p ON b.id = p.id WHEN NOT MATCHED THEN INSERT VALUES (1)",
            {"merge", "insert"},
            CommandEffect::write,
            ""},
           {"COPY people FROM STDIN", {"copy_from"}, CommandEffect::write, "command.copy"},
           {"COPY (SELECT 1) TO PROGRAM 'sh'", {"copy_to", "copy_program"}, CommandEffect::opaque, "command.copy"},
           {"BEGIN", {"tcl"}, CommandEffect::session, "command.transaction_control"},
           {"SET ROLE postgres", {"set"}, CommandEffect::session, "command.session_state"},
           {"PREPARE p AS SELECT 1", {"prepare", "select"}, CommandEffect::session, "command.session_state"},
           {"EXECUTE p", {"execute"}, CommandEffect::opaque, "command.session_state"},
           {"LISTEN c", {"listen"}, CommandEffect::session, "command.session_state"},
           {"DO $$ BEGIN END $$", {"do"}, CommandEffect::read, ""},
           {"DO $$ BEGIN EXECUTE 'DELETE FROM ' || 'bills'::text; END $$", {"do"}, CommandEffect::opaque, ""},
           {"DO LANGUAGE plperl $$ 1 $$", {"do"}, CommandEffect::opaque, ""},
           {"CALL wipe()", {"call"}, CommandEffect::opaque, ""},
           {"SELECT 1; DROP TABLE people", {"select", "drop"}, CommandEffect::ddl, "command.multi_statement"},
           {"VACUUM people", {"vacuum"}, CommandEffect::maintenance, "command.no_transaction"},
           {"GRANT ALL ON people TO PUBLIC", {"dcl"}, CommandEffect::dcl, ""},
           {"CREATE INDEX i ON people (name)", {"create_index"}, CommandEffect::ddl, ""},
           {"CREATE TABLE t AS SELECT 1", {"create_table_as"}, CommandEffect::ddl, ""},
           {"ALTER SYSTEM SET archive_command = 'x'", {"alter_system"}, CommandEffect::dcl, "command.no_transaction"},
           {"TRUNCATE people", {"truncate"}, CommandEffect::write, ""}}) {
    const auto command = read(each.sql);
    INFO(each.sql << ": " << command->not_understood);
    REQUIRE(command->understood);
    CHECK(command->kinds == each.kinds);
    CHECK(command->effect == each.effect);
    CHECK(command->not_runnable_code == each.not_runnable);
    CHECK(command->runnable == (std::string(each.not_runnable).empty()));
  }
}

TEST_CASE("Postgres writes: every write, definition and privilege has a touch that policy can be asked about") {
  for (std::string sql : {"CREATE EXTENSION dblink",
                          "DROP ROLE r",
                          "CREATE ROLE r",
                          "GRANT a TO b",
                          "CHECKPOINT",
                          "VACUUM",
                          "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC",
                          "DROP OWNED BY r",
                          "CREATE SCHEMA s",
                          "DROP SCHEMA app CASCADE",
                          "ALTER SYSTEM RESET ALL",
                          "IMPORT FOREIGN SCHEMA x FROM SERVER s INTO public",
                          "REINDEX DATABASE d",
                          "REASSIGN OWNED BY a TO b",
                          "CREATE PUBLICATION p",
                          "SET x.y = 1",
                          "COMMENT ON TABLE people IS 'x'",
                          "CREATE TRIGGER t AFTER INSERT ON people FOR EACH ROW EXECUTE FUNCTION f()",
                          "DROP FUNCTION wipe",
                          "DISCARD ALL"}) {
    const auto command = read(sql);
    INFO(sql << ": " << command->not_understood);
    REQUIRE(command->understood);
    CHECK_FALSE(command->touches.empty());
    CHECK_FALSE(command->readonly_safe);
  }
  CHECK(touch(*read("DROP SCHEMA app CASCADE"), "ddl", "app.wallets") != nullptr);
  CHECK(touch(*read("ALTER TABLE parts ATTACH PARTITION bills FOR VALUES IN ('x')"), "ddl", "public.bills") != nullptr);
  CHECK(touch(*read("CREATE TABLE t (id int REFERENCES people)"), "ddl", "public.people") != nullptr);
  CHECK(touch(*read("CREATE TABLE t () INHERITS (people)"), "ddl", "public.people") != nullptr);
}
