// The reader (command/sqlite) and the runner must agree: what is understood runs, and does not do more than was said.
#include "backend/sqlite_world.h"
#include "command/understander.h"

using namespace libguard;
using namespace libguard::backend;
using namespace libguard::backend::contract;

namespace {

Ran understood(World&, Backend& backend, const std::string& text, std::int64_t affected_max = 1'000) {
  auto catalogue = backend.catalogue(PermitForge::grant(), limits(), true);
  Command command = *command::sqlite_understander(catalogue)->understand(text, {});
  INFO(text, ": ", command.not_understood);
  CHECK(command.understood);
  return run(backend, command, affected_max);
}

}  // namespace

TEST_CASE("what command/sqlite understands, this backend runs") {
  SqliteWorld world;
  world.sql(
      "CREATE TABLE customers(id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE NOT NULL UNIQUE, name TEXT, at TEXT "
      "DEFAULT (datetime('now')));"
      "CREATE TABLE orders(id INTEGER PRIMARY KEY AUTOINCREMENT, customer INTEGER REFERENCES customers(id) ON DELETE "
      "CASCADE,"
      " cents INTEGER CHECK (abs(cents) < 100000000), status TEXT);"
      "CREATE TABLE log(what TEXT);"
      "CREATE INDEX orders_by_customer ON orders(customer);"
      "CREATE VIEW open_orders AS SELECT o.id, c.email, o.cents FROM orders o JOIN customers c ON c.id = o.customer "
      "WHERE o.status = 'open';"
      "CREATE TRIGGER audit AFTER UPDATE ON orders BEGIN INSERT INTO log VALUES (upper(NEW.status)); END;"
      "CREATE TRIGGER close_view INSTEAD OF DELETE ON open_orders BEGIN UPDATE orders SET status = 'closed' WHERE id = "
      "OLD.id; END;"
      "CREATE VIRTUAL TABLE docs USING fts5(body);"
      "INSERT INTO docs(body) VALUES ('red fish'), ('blue fish');"
      "INSERT INTO customers(id, email, name) VALUES (1, 'a@x', 'Ann'), (2, 'b@x', 'Bob');"
      "INSERT INTO orders(customer, cents, status) VALUES (1, 100, 'open'), (1, 200, 'open'), (2, 300, 'paid');");
  auto backend = world.open();
  for (const std::string& text : std::vector<std::string>{
           "SELECT 1",
           "SELECT count(*) FROM orders",
           "SELECT * FROM customers WHERE email = 'A@X'",
           "SELECT c.name, sum(o.cents) AS total FROM customers c LEFT JOIN orders o ON o.customer = c.id GROUP BY "
           "c.id ORDER BY total DESC",
           "SELECT email FROM open_orders WHERE cents > 50",
           "WITH big AS (SELECT * FROM orders WHERE cents > 100) SELECT count(*) FROM big",
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT group_concat(i) FROM n",
           "SELECT id, row_number() OVER (PARTITION BY customer ORDER BY cents) FROM orders",
           "SELECT (SELECT max(cents) FROM orders o WHERE o.customer = c.id) FROM customers c",
           "SELECT value FROM json_each('[1,2,3]')",
           "SELECT name FROM sqlite_schema WHERE type = 'table'",
           "SELECT name FROM sqlite_master",
           "PRAGMA table_info(orders)",
           "EXPLAIN QUERY PLAN SELECT * FROM orders WHERE customer = 1",
           "SELECT body FROM docs WHERE docs MATCH 'red'",
           "SELECT highlight(docs, 0, '[', ']') FROM docs WHERE docs MATCH 'fish' ORDER BY rank",
           "SELECT rowid, oid FROM log",
           "SELECT * FROM customers NATURAL JOIN (SELECT id FROM orders)",
           "SELECT name FROM customers WHERE name LIKE 'A%' UNION SELECT status FROM orders WHERE status GLOB 'o*' "
           "EXCEPT SELECT 'x'",
           "SELECT CASE WHEN cents IS NULL THEN current_timestamp ELSE cents -> '$' END FROM orders WHERE 0",
           "VALUES (1, 2), (3, 4)",
           "INSERT INTO orders(customer, cents, status) VALUES (2, 400, 'open')",
           "INSERT INTO customers(email, name) VALUES ('c@x', 'Cy') ON CONFLICT(email) DO UPDATE SET name = "
           "excluded.name",
           "INSERT OR REPLACE INTO customers(id, email, name) VALUES (9, 'z@x', 'Zed')",
           "INSERT INTO log SELECT name FROM customers",
           "UPDATE orders SET status = 'paid' WHERE id = 1",
           "UPDATE orders SET cents = cents + 1 FROM customers c WHERE c.id = orders.customer RETURNING id",
           "DELETE FROM open_orders WHERE id = 2",
           "DELETE FROM log",
           "INSERT INTO docs(body) VALUES ('green bird')",
           "UPDATE docs SET body = 'grey bird' WHERE rowid = 3",
           "DELETE FROM docs WHERE docs MATCH 'grey'",
           "DELETE FROM customers WHERE id = 1",
           "CREATE TABLE fresh(id INTEGER PRIMARY KEY, a TEXT REFERENCES customers(email))",
           "CREATE UNIQUE INDEX fresh_a ON fresh(a)",
           "CREATE TABLE copied AS SELECT * FROM customers",
           "ALTER TABLE fresh ADD COLUMN b TEXT",
           "ALTER TABLE fresh RENAME TO fresher",
           "CREATE VIEW fresh_view AS SELECT a FROM fresher",
           "CREATE TRIGGER fresh_trigger AFTER INSERT ON fresher BEGIN DELETE FROM log; END",
           "DROP TRIGGER fresh_trigger",
           "DROP VIEW fresh_view",
           "DROP INDEX fresh_a",
           "DROP TABLE fresher",
           "ANALYZE",
           "REINDEX",
       }) {
    CAPTURE(text);
    Ran ran = understood(world, *backend, text);
    CAPTURE(ran.text);
    CHECK(ran.code == "ok");
  }
  CHECK(world.number("SELECT count(*) FROM orders WHERE customer = 1") == 0);
}

TEST_CASE("what is understood to be refused is refused here as well") {
  SqliteWorld world;
  auto backend = world.open();
  auto catalogue = backend->catalogue(PermitForge::grant(), limits(), true);
  auto understander = command::sqlite_understander(catalogue);
  for (const std::string& text :
       std::vector<std::string>{"ATTACH 'x.db' AS x", "VACUUM", "VACUUM INTO 'x.db'", "BEGIN", "COMMIT", "SAVEPOINT s",
                                "PRAGMA journal_mode = OFF", "PRAGMA writable_schema = 1", "SELECT load_extension('x')",
                                "SELECT 1; SELECT 2", "CREATE TEMP TABLE t(a)", "SELECT * FROM nowhere"}) {
    CAPTURE(text);
    CHECK(run(*backend, *understander->understand(text, {})).code != "ok");
  }
  CHECK_FALSE(std::filesystem::exists("x.db"));
}
