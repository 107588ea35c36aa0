#include "command/sqlite_helpers.h"

namespace libguard::command::sqlite {
namespace {

struct Case {
  const char* sql;
  Bound bound;
  std::int64_t rows;
  bool wide = false;  // restricts, but asks for no equality: it may be most of the table
};

TEST_CASE("sqlite: bounds are proved from keys, and nothing else is eq") {
  auto shop = understander_of(kShop);
  const Case cases[] = {
      {"DELETE FROM orders", Bound::none, kUnproven},
      {"DELETE FROM orders WHERE id = 1", Bound::eq, 1},
      {"DELETE FROM orders WHERE 1 = id", Bound::eq, 1},
      {"DELETE FROM orders WHERE rowid = ?", Bound::eq, 1},
      {"DELETE FROM orders WHERE _ROWID_ IS 7", Bound::eq, 1},
      {"DELETE FROM orders AS o WHERE (o.id) == :a AND total > 3", Bound::eq, 1},
      {"DELETE FROM orders WHERE id IN (1, -2, ?)", Bound::eq, 3},
      {"DELETE FROM orders WHERE id NOT IN (1, 2)", Bound::weak, kUnproven, true},
      {"DELETE FROM orders WHERE id = 1 OR total = 2", Bound::weak, kUnproven},
      {"DELETE FROM orders WHERE +id = 1", Bound::weak, kUnproven, true},
      {"DELETE FROM orders WHERE id = 1 + 1", Bound::weak, kUnproven},
      {"DELETE FROM orders WHERE id = (SELECT 1)", Bound::weak, kUnproven},
      {"DELETE FROM orders WHERE total < 3", Bound::weak, kUnproven, true},
      {"DELETE FROM orders WHERE status = 'x' OR status = 'y'", Bound::weak, kUnproven},
      {"DELETE FROM orders WHERE id = \"1\"", Bound::weak, kUnproven},
      {"DELETE FROM items WHERE sku = 'a'", Bound::eq, 1},
      {"DELETE FROM items WHERE sku IS ?", Bound::weak, kUnproven},  // nullable: IS NULL matches many
      {"DELETE FROM items WHERE sku = 'a' COLLATE NOCASE", Bound::weak, kUnproven},
      {"DELETE FROM items WHERE label = 'a'", Bound::weak, kUnproven},   // compared without case, unique with
      {"DELETE FROM items WHERE order_id = 4", Bound::weak, kUnproven},  // the unique index is partial
      {"DELETE FROM items WHERE order_id IN (1,2) AND sku IN ('a','b','c')", Bound::eq, 3},
      {"UPDATE settings SET value = 'x' WHERE name = 'y'", Bound::eq, 1},
      {"UPDATE orders SET total = 1 FROM customers c WHERE c.id = 1 AND orders.customer_id = c.id", Bound::weak,
       kUnproven},
      {"UPDATE orders SET total = 1 FROM customers c WHERE c.id = 1", Bound::tautology, kUnproven},
      {"UPDATE orders SET total = 1 FROM customers id WHERE id.id = 1", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE 1", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE ?", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE id = id", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE id = id + 0", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE id", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE id IS NOT NULL", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE id = 5 OR id <> 5", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE id = 5 OR 1 = 1", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE status LIKE '%'", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE 'id' = 'id'", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE EXISTS (SELECT 1)", Bound::tautology, kUnproven},
      {"DELETE FROM orders AS u WHERE EXISTS (SELECT 1 FROM orders x WHERE x.id = u.id)", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE id IN (SELECT id FROM orders)", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE (SELECT count(*) FROM customers) >= 0", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE CASE WHEN id > 0 THEN 1 ELSE 1 END", Bound::tautology, kUnproven},
      {"DELETE FROM orders WHERE 1 IN (1, id)", Bound::tautology, kUnproven},
      {"DELETE FROM orders -- WHERE id = 1", Bound::none, kUnproven},
      {"DELETE FROM orders /* WHERE id = 1 */", Bound::none, kUnproven},
      {"DELETE FROM orders /* /* */ -- */ WHERE id = 1", Bound::none, kUnproven},  // SQLite's comments do not nest
      {"DELETE FROM [orders] WHERE `id` = 0x10", Bound::eq, 1},
      {"WITH orders AS (SELECT 1 AS id) DELETE FROM orders WHERE id = 2", Bound::eq, 1},  // a CTE never is the target
  };
  for (const Case& entry : cases) {
    CAPTURE(std::string(entry.sql));
    auto command = ask(*shop, entry.sql);
    CAPTURE(command->not_understood_code);
    REQUIRE(command->understood);
    const Touch* write = nullptr;
    for (const Touch& touch : command->touches) {
      if ((touch.action == "delete" || touch.action == "update") && !touch.through_view) write = &touch;
    }
    REQUIRE(write != nullptr);
    CHECK(write->bound == entry.bound);
    CHECK(write->rows_bound == entry.rows);
    CHECK(command->destructive == (entry.wide || entry.bound <= Bound::tautology));
    CHECK_FALSE(command->readonly_safe);
  }
}

TEST_CASE("sqlite: what a write sets off is part of it") {
  auto shop = understander_of(kShop);
  SUBCASE("a trigger's insert, and what it carries") {
    auto command = ask(*shop, "UPDATE orders SET status = 'paid' WHERE id = 1");
    const Touch* log = find_touch(*command, "insert", "main.log");
    REQUIRE(log != nullptr);
    CHECK(log->through_view);
    CHECK(command->carries.count("main.customers.email") == 1);
    CHECK(command->writes == std::set<std::string>{"main.log", "main.orders"});
  }
  SUBCASE("no trigger for another column") {
    auto command = ask(*shop, "UPDATE orders SET total = 1 WHERE id = 1");
    CHECK(command->writes == std::set<std::string>{"main.orders"});
    CHECK(command->carries.empty());
  }
  SUBCASE("cascades of foreign keys") {
    auto command = ask(*shop, "DELETE FROM customers WHERE id = 1");
    const Touch* orders = find_touch(*command, "delete", "main.orders");
    REQUIRE(orders != nullptr);
    CHECK(orders->bound == Bound::weak);
    CHECK(orders->through_view);
  }
  SUBCASE("REPLACE removes rows of other keys") {
    for (const char* sql :
         {"REPLACE INTO items VALUES (1, 2, 'a', 'b')", "INSERT OR REPLACE INTO items(id) VALUES (1)",
          "INSERT INTO slots(place) VALUES ('x')", "UPDATE OR REPLACE items SET sku = 'a' WHERE id = 1"}) {
      CAPTURE(std::string(sql));
      auto command = ask(*shop, sql);
      REQUIRE(command->understood);
      const Touch* removed =
          find_touch(*command, "delete", command->writes.count("main.items") != 0 ? "main.items" : "main.slots");
      REQUIRE(removed != nullptr);
      CHECK(removed->bound == Bound::weak);
      for (const AssignedValue& value : command->assigned) CHECK_FALSE(value.known);
    }
  }
  SUBCASE("a view's INSTEAD OF trigger writes the base table") {
    auto command = ask(*shop, "UPDATE contacts SET contact = 'x' WHERE id = 1");
    REQUIRE(command->understood);
    CHECK(command->writes == std::set<std::string>{"main.customers"});
    CHECK(find_touch(*command, "update", "main.contacts") != nullptr);
    REQUIRE(find_touch(*command, "update", "main.customers") != nullptr);
    CHECK(find_touch(*command, "update", "main.customers")->bound == Bound::weak);
    for (const AssignedValue& value : command->assigned) CHECK_FALSE(value.known);
  }
  SUBCASE("a full-text table's command column can remove everything") {
    auto command = ask(*shop, "INSERT INTO docs(docs) VALUES ('delete-all')");
    REQUIRE(find_touch(*command, "delete", "main.docs") != nullptr);
    CHECK(find_touch(*command, "delete", "main.docs")->bound == Bound::none);
    CHECK(command->destructive);
    CHECK(find_touch(*ask(*shop, "INSERT INTO docs(title) VALUES ('x')"), "delete", "main.docs") == nullptr);
  }
  SUBCASE("a trigger that cannot be rebuilt stops every write") {
    libguard::sqlite::Database database = database_with(kShop);
    auto catalogue = catalogue_of(database.get());
    CatalogueRelation trigger;
    trigger.schema = "main";
    trigger.name = "odd";
    trigger.kind = 'T';
    trigger.definition = "CREATE TRIGGER odd AFTER DELETE ON nowhere BEGIN SELECT 1; END";
    catalogue->relations.push_back(trigger);
    auto understander = sqlite_understander(catalogue);
    CHECK(ask(*understander, "DELETE FROM log WHERE line = 'x'")->not_understood_code == "command.opaque_trigger");
    CHECK(ask(*understander, "SELECT line FROM log")->understood);
  }
}

std::string digits(const Command& command, std::string_view column) {
  std::string out = "absent";
  for (const AssignedValue& value : command.assigned) {
    if (value.column == column) out = value.known && out == "absent" ? value.digits : "unknown";
  }
  return out;
}

TEST_CASE("sqlite: an assigned value is known only when it is one plain number") {
  auto shop = understander_of(kShop);
  const std::string column = "main.orders.refunded_cents";
  auto of = [&](std::string_view sql, std::vector<Value> params = {}) {
    return digits(*shop->understand(sql, params), column);
  };
  CHECK(of("UPDATE orders SET refunded_cents = 500 WHERE id = 1") == "500");
  CHECK(of("UPDATE orders SET refunded_cents = -5 WHERE id = 1") == "-5");
  CHECK(of("UPDATE orders SET refunded_cents = +5 WHERE id = 1") == "5");
  CHECK(of("UPDATE orders SET refunded_cents = - -5 WHERE id = 1") == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = ? WHERE id = ?", {std::int64_t{48900}, std::int64_t{1}}) == "48900");
  CHECK(of("UPDATE orders SET refunded_cents = ? WHERE id = ?", {std::int64_t{48901}, std::int64_t{1}}) == "48901");
  CHECK(of("UPDATE orders SET refunded_cents = ? WHERE id = ?") == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = ?2 WHERE id = ?1", {std::int64_t{1}, std::int64_t{7}}) == "7");
  CHECK(of("UPDATE orders SET refunded_cents = :x WHERE id = :y", {std::int64_t{9}, std::int64_t{7}}) == "9");
  CHECK(of("UPDATE orders SET refunded_cents = -? WHERE id = 1", {std::int64_t{9}}) == "-9");
  CHECK(of("UPDATE orders SET refunded_cents = ? WHERE id = 1", {std::string("500")}) == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = ? WHERE id = 1", {Null{}}) == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = ? WHERE id = 1", {48.9}) == "48.9");
  CHECK(of("UPDATE orders SET refunded_cents = '500' WHERE id = 1") == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = 0x10 WHERE id = 1") == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = 1e9 WHERE id = 1") == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = refunded_cents + 1 WHERE id = 1") == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = (SELECT 5) WHERE id = 1") == "unknown");
  CHECK(of("UPDATE orders SET (refunded_cents, total) = (1, 2) WHERE id = 1") == "unknown");
  CHECK(of("UPDATE orders SET refunded_cents = 1, refunded_cents = 90000 WHERE id = 1") == "unknown");
  CHECK(of("UPDATE OR IGNORE orders SET refunded_cents = 1 WHERE id = 1") == "unknown");
  CHECK(of("UPDATE orders SET total = 1 WHERE id = 1") == "absent");
  CHECK(of("INSERT INTO orders(id, refunded_cents) VALUES (1, 20)") == "20");
  CHECK(of("INSERT INTO orders(id, refunded_cents) VALUES (1, 20), (2, 90000)") == "unknown");
  CHECK(of("INSERT INTO orders(id) VALUES (1)") == "unknown");
  CHECK(of("INSERT INTO orders DEFAULT VALUES") == "unknown");
  CHECK(of("INSERT INTO orders(id, refunded_cents) SELECT 1, 20") == "unknown");
  CHECK(of("INSERT INTO orders(id, refunded_cents) VALUES (1, 20) ON CONFLICT DO NOTHING") == "unknown");
  CHECK(of("INSERT INTO orders VALUES (1, 2, 3.5, 'x', 20)") == "20");
}

TEST_CASE("sqlite: what flows into a written table is carried, except into itself") {
  auto shop = understander_of(kShop);
  auto carries = [&](std::string_view sql) { return ask(*shop, sql)->carries; };
  CHECK(carries("UPDATE customers SET notes = ssn WHERE id = 1") == std::set<std::string>{"main.customers.ssn"});
  CHECK(carries("UPDATE customers SET email = lower(email) WHERE id = 1").empty());
  CHECK(carries("INSERT INTO log SELECT ssn FROM customers") == std::set<std::string>{"main.customers.ssn"});
  CHECK(carries("INSERT INTO log SELECT tax FROM nested").count("main.customers.ssn") == 1);
  CHECK(carries("INSERT INTO log VALUES ((SELECT ssn FROM customers LIMIT 1))").count("main.customers.ssn") == 1);
  CHECK(
      carries("WITH t AS (SELECT ssn s FROM customers) INSERT INTO log SELECT s FROM t").count("main.customers.ssn") ==
      1);
  CHECK(carries("INSERT INTO log VALUES ('x') ON CONFLICT DO UPDATE SET line = (SELECT ssn FROM customers)")
            .count("main.customers.ssn") == 1);
  CHECK(carries("CREATE TABLE copy AS SELECT ssn FROM customers").count("main.customers.ssn") == 1);
  CHECK(carries("CREATE VIEW evil AS SELECT ssn AS z FROM customers").count("main.customers.ssn") == 1);
  CHECK(carries("CREATE TRIGGER evil AFTER INSERT ON log BEGIN INSERT INTO log SELECT ssn FROM customers; END")
            .count("main.customers.*") == 1);
  CHECK(carries("ALTER TABLE customers RENAME COLUMN ssn TO nickname").count("main.customers.*") == 1);
  CHECK(carries("UPDATE log SET line = c.ssn FROM customers c").count("main.customers.ssn") == 1);
  auto returning = ask(*shop, "INSERT INTO log SELECT ssn FROM customers RETURNING line");
  REQUIRE(returning->reveals.size() == 1);
  CHECK(returning->reveals[0].sources.count("main.customers.ssn") == 1);
}

}  // namespace
}  // namespace libguard::command::sqlite
