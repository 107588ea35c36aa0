#include "command/sqlite/sqlite.h"
#include "command/sqlite_helpers.h"

namespace libguard::command::sqlite {
namespace {

TEST_CASE("sqlite: every statement of a text is counted and named, and only one runs") {
  auto shop = understander_of(kShop);
  auto two = ask(*shop, "SELECT 1 AS \";\"; ;; DELETE FROM log -- ; x\n;");
  CHECK(two->understood);
  CHECK(two->statements == 2);
  CHECK(two->kinds == std::vector<std::string>{"select", "delete"});
  CHECK_FALSE(two->runnable);
  CHECK(two->not_runnable_code == "command.multi_statement");
  CHECK(ask(*shop, "SELECT 1;")->statements == 1);
  CHECK(ask(*shop, "SELECT 1;")->runnable);
  auto broken = ask(*shop, "SELECT 1; SELEC 2; DROP TABLE log");
  CHECK_FALSE(broken->understood);
  CHECK(broken->statements == 3);
  CHECK(broken->kinds == std::vector<std::string>{"select", "error", "drop"});
  for (const char* sql : {"", "  ", ";", "-- x", "/* x"})
    CHECK(ask(*shop, sql)->not_understood_code == "command.empty");
}

TEST_CASE("sqlite: a PRAGMA that is read as a table is no safer than the statement") {
  auto shop = understander_of(kShop);
  for (const char* sql : {"SELECT * FROM pragma_database_list", "SELECT file FROM pragma_database_list()",
                          "SELECT (SELECT file FROM pragma_database_list)", "SELECT * FROM pragma_compile_options",
                          "SELECT * FROM log, pragma_integrity_check"}) {
    const auto command = ask(*shop, sql);
    INFO(sql);
    CHECK_FALSE(command->readonly_safe);
    CHECK((!command->understood || !command->runnable));
  }
  CHECK(ask(*shop, "SELECT name FROM pragma_table_info('log')")->readonly_safe);
}

TEST_CASE("sqlite: transaction control is the guard's own") {
  auto shop = understander_of(kShop);
  for (const char* sql :
       {"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "END", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "ROLLBACK TO a"}) {
    CAPTURE(std::string(sql));
    auto command = ask(*shop, sql);
    CHECK(command->understood);
    CHECK(command->kinds == std::vector<std::string>{"tcl"});
    CHECK_FALSE(command->runnable);
    CHECK(command->not_runnable_code == "command.transaction_control");
    CHECK_FALSE(command->readonly_safe);
  }
}

TEST_CASE("sqlite: what reaches outside or changes settings is refused") {
  auto shop = understander_of(kShop);
  for (const char* sql :
       {"ATTACH 'x.db' AS x", "ATTACH DATABASE ':memory:' AS x", "DETACH main", "VACUUM INTO '/tmp/x'",
        "PRAGMA journal_mode = WAL", "PRAGMA writable_schema(1)", "PRAGMA foreign_keys = OFF",
        "PRAGMA main.user_version = 3", "PRAGMA database_list", "PRAGMA temp_store_directory = '/x'",
        "PRAGMA \"journal_mode\"", "PRAGMA case_sensitive_like=1", "PRAGMA nosuch", "PRAGMA",
        "PRAGMA 'writable_schema' = 1", "CREATE VIRTUAL TABLE v USING csv(filename='/etc/passwd')",
        "EXPLAIN ATTACH 'x' AS y", "EXPLAIN PRAGMA journal_mode"}) {
    CAPTURE(std::string(sql));
    auto command = ask(*shop, sql);
    CHECK_FALSE(command->understood);
    CHECK_FALSE(command->readonly_safe);
    CHECK_FALSE(command->not_understood.empty());
  }
  // The refused PRAGMAs did not act on the shadow either.
  CHECK(ask(*shop, "SELECT name FROM customers WHERE name LIKE 'X'")->understood);
  auto look = ask(*shop, "PRAGMA table_info(customers)");
  CHECK(look->readonly_safe);
  REQUIRE(find_touch(*look, "select", "main.customers") != nullptr);
  CHECK_FALSE(find_touch(*look, "select", "main.customers")->system);
  REQUIRE(find_touch(*ask(*shop, "PRAGMA table_list"), "select", "main.sqlite_schema") != nullptr);
  CHECK(find_touch(*ask(*shop, "PRAGMA table_list"), "select", "main.sqlite_schema")->system);
}

TEST_CASE("sqlite: definitions and maintenance") {
  auto shop = understander_of(kShop);
  struct Case {
    const char* sql;
    const char* kind;
    const char* object;
    bool destructive;
  };
  const Case cases[] = {
      {"DROP TABLE orders", "drop", "main.orders", true},
      {"DROP TABLE IF EXISTS absent", "drop", "main.absent", true},
      {"DROP VIEW contacts", "drop", "main.contacts", true},
      {"DROP INDEX items_label", "drop", "main.items", true},
      {"DROP TRIGGER status_log", "drop", "main.orders", true},
      {"ALTER TABLE orders ADD COLUMN x", "alter", "main.orders", true},
      {"ALTER TABLE orders RENAME TO gone", "alter", "main.orders", true},
      {"CREATE TABLE IF NOT EXISTS orders(x)", "create_table", "main.orders", false},
      {"CREATE TEMP TABLE scratch(x)", "create_table", "temp.scratch", false},
      {"CREATE TABLE copy AS SELECT 1", "create_table_as", "main.copy", false},
      {"CREATE UNIQUE INDEX i ON orders(total)", "create_index", "main.orders", false},
      {"CREATE VIEW v AS SELECT 1", "create_view", "main.v", false},
      {"CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM orders; END", "create_trigger", "main.log", true}};
  for (const Case& entry : cases) {
    CAPTURE(std::string(entry.sql));
    auto command = ask(*shop, entry.sql);
    REQUIRE(command->understood);
    CHECK(command->effect == CommandEffect::ddl);
    CHECK(command->kinds == std::vector<std::string>{entry.kind});
    CHECK(find_touch(*command, "ddl", entry.object) != nullptr);
    CHECK(command->destructive == entry.destructive);
    CHECK_FALSE(command->readonly_safe);
  }
  auto temporary = ask(*shop, "CREATE TEMP TABLE t AS SELECT ssn FROM customers");
  CHECK(temporary->carries == std::set<std::string>{"main.customers.ssn"});
  CHECK(temporary->tests.empty());
  CHECK(ask(*shop, "ANALYZE orders")->effect == CommandEffect::maintenance);
  CHECK(ask(*shop, "VACUUM")->not_runnable_code == "command.not_in_transaction");
  CHECK(ask(*shop, "CREATE TEMP VIEW x AS SELECT ssn FROM customers")->carries.count("main.customers.ssn") == 1);
}

TEST_CASE("sqlite: EXPLAIN runs nothing and needs what a look needs") {
  auto shop = understander_of(kShop);
  for (const char* sql :
       {"EXPLAIN DELETE FROM customers", "EXPLAIN QUERY PLAN UPDATE customers SET name = 1 WHERE ssn = 'x'"}) {
    CAPTURE(std::string(sql));
    auto command = ask(*shop, sql);
    REQUIRE(command->understood);
    CHECK(command->kinds == std::vector<std::string>{"explain"});
    CHECK(command->reads == std::set<std::string>{"main.customers"});
    CHECK(command->writes.empty());
    CHECK(command->readonly_safe);
  }
}

TEST_CASE("sqlite: without a catalogue names count as tables, and it says so") {
  auto bare = sqlite_understander_without_catalogue();
  auto command =
      ask(*bare, "SELECT upper(c.email), o.total FROM customers c JOIN orders o ON o.cid = c.id WHERE c.email = 'x'");
  REQUIRE(command->understood);
  CHECK(command->doubts == std::vector<std::string>{"no_catalogue"});
  CHECK(command->reads == std::set<std::string>{"main.customers", "main.orders"});
  REQUIRE(command->reveals.size() == 2);
  CHECK(command->reveals[0].sources == std::set<std::string>{"main.customers.email"});
  CHECK(how(*command, "main.customers.email") == "match");
  auto write = ask(*bare, "DELETE FROM orders WHERE id = 1");
  REQUIRE(write->understood);
  CHECK(find_touch(*write, "delete", "main.orders")->bound == Bound::weak);  // no key is known
  CHECK(ask(*bare, "DELETE FROM orders")->destructive);
  CHECK(ask(*bare, "INSERT INTO t(a) SELECT b FROM s")->carries == std::set<std::string>{"main.s.b"});
  CHECK(ask(*bare, "SELECT * FROM t")->reveals.size() == 1);
  CHECK(ask(*bare, "SELEC 1")->not_understood_code == "command.parse");
  CHECK(ask(*bare, "SELECT FROM t")->not_understood_code == "command.parse");
  CHECK(ask(*bare, "DROP TABLE t")->destructive);
}

}  // namespace
}  // namespace libguard::command::sqlite
