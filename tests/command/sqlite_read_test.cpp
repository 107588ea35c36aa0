#include "command/sqlite_helpers.h"

namespace libguard::command::sqlite {
namespace {

using Names = std::set<std::string>;

Names revealed(const Command& command, std::size_t column) {
  return column < command.reveals.size() ? command.reveals[column].sources : Names{"(no such column)"};
}

TEST_CASE("sqlite: a result column names what can reach it") {
  auto shop = understander_of(kShop);
  struct Case {
    const char* sql;
    std::vector<Names> reveals;
  };
  const std::string ssn = "main.customers.ssn", id = "main.customers.id", email = "main.customers.email";
  const Case cases[] = {
      {"SELECT ssn FROM customers", {{ssn}}},
      {"SELECT `ssn`, [ssn], \"ssn\", SSN, customers.ssn, main.customers.ssn FROM customers",
       {{ssn}, {ssn}, {ssn}, {ssn}, {ssn}, {ssn}}},
      {"SELECT 'ssn', \"no such\" FROM customers", {{}, {}}},
      {"SELECT upper(ssn) || 'x', id + 1, count(*) FROM customers", {{ssn}, {id}, {}}},
      {"SELECT max(ssn) FROM customers", {{ssn}}},
      {"SELECT id, max(ssn) FROM customers", {{id, ssn}, {ssn}}},
      {"SELECT status, max(total) FROM orders GROUP BY status", {{"main.orders.status"}, {"main.orders.total"}}},
      {"SELECT x.s FROM (SELECT ssn AS s, id FROM customers) x", {{ssn}}},
      {"SELECT id FROM (SELECT * FROM customers)", {{id}}},
      {"WITH t(a, b) AS (SELECT id, ssn FROM customers) SELECT a FROM t", {{id}}},
      {"WITH t(a, b) AS (SELECT id, ssn FROM customers) SELECT * FROM t", {{id}, {ssn}}},
      {"WITH u AS (SELECT v FROM t), t AS (SELECT ssn AS v FROM customers) SELECT v FROM u", {{ssn}}},
      {"WITH customers AS (SELECT 1 AS ssn) SELECT ssn FROM customers", {{}}},
      {"WITH customers AS (SELECT 1 AS ssn) SELECT ssn FROM main.customers", {{ssn}}},
      {"WITH RECURSIVE r(n, v) AS (SELECT 1, ssn FROM customers UNION ALL SELECT n + 1, v FROM r WHERE n < 3) SELECT "
       "n, v FROM r",
       {{}, {ssn}}},
      {"WITH r(a, b) AS (SELECT ssn, 1 FROM customers UNION ALL SELECT b, a FROM r LIMIT 4) SELECT b FROM r", {{ssn}}},
      {"SELECT id FROM customers UNION ALL SELECT ssn FROM customers", {{id, ssn}}},
      {"VALUES (1), ((SELECT ssn FROM customers))", {{ssn}}},
      {"SELECT (SELECT ssn FROM customers c WHERE c.id = o.customer_id) FROM orders o", {{ssn}}},
      {"SELECT c.name, c.ssn, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id",
       {{"main.customers.name"}, {ssn}, {}}},
      {"SELECT name, max(ssn), count(*) FROM customers GROUP BY notes", {{"main.customers.name", ssn}, {ssn}, {}}},
      {"SELECT upper(name) AS n, sum(id) FROM customers GROUP BY n", {{"main.customers.name"}, {id}}},
      {"SELECT c.ssn AS s FROM orders JOIN customers c ON c.id = customer_id", {{ssn}}},
      {"SELECT value FROM customers, json_each(ssn)", {{ssn}}},
      {"SELECT iif(ssn = 'x', 1, 0) FROM customers", {{ssn}}},
      {"SELECT EXISTS (SELECT 1 FROM customers WHERE ssn = 'x')", {{}}},
      {"SELECT contact FROM contacts", {{"main.contacts.contact", email}}},
      {"SELECT a.id FROM customers a, (customers b JOIN orders ON 1)", {{id}}},
      {"SELECT tax FROM nested", {{"main.contacts.tax", "main.nested.tax", ssn}}},
      {"SELECT row_number() OVER (ORDER BY ssn) FROM customers", {{ssn}}},
      {"SELECT sum(1) FILTER (WHERE ssn > 'x') FROM customers", {{ssn}}},
      {"SELECT group_concat(id ORDER BY 1) FROM customers", {}},  // not in SQLite 3.40: refused
      {"SELECT highlight(docs, 0, '', '') FROM docs WHERE docs MATCH 'x'", {{"main.docs.*"}}},
      {"SELECT * FROM orders JOIN items USING (id) WHERE orders.id = 1",
       {{"main.items.id", "main.orders.id"},
        {"main.orders.customer_id"},
        {"main.orders.total"},
        {"main.orders.status"},
        {"main.orders.refunded_cents"},
        {"main.items.order_id"},
        {"main.items.sku"},
        {"main.items.label"}}},
  };
  for (const Case& entry : cases) {
    CAPTURE(std::string(entry.sql));
    auto command = ask(*shop, entry.sql);
    if (entry.reveals.empty()) {
      CHECK_FALSE(command->understood);
      continue;
    }
    CAPTURE(command->not_understood_code);
    REQUIRE(command->understood);
    CHECK(command->doubts.empty());
    REQUIRE(command->reveals.size() == entry.reveals.size());
    for (std::size_t i = 0; i < entry.reveals.size(); ++i) {
      CAPTURE(i);
      CHECK(revealed(*command, i) == entry.reveals[i]);
    }
  }
}

TEST_CASE("sqlite: match is one top-level equality with one value, all else is infer") {
  auto shop = understander_of(kShop);
  auto test = [&](std::string_view sql) { return how(*ask(*shop, sql), "main.customers.ssn"); };
  for (const char* sql :
       {"SELECT id FROM customers WHERE ssn = 'x'", "SELECT id FROM customers WHERE id > 1 AND ? = ssn",
        "SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE (c.ssn == :s)",
        "DELETE FROM customers WHERE ssn = 'x'", "UPDATE customers SET name = 'y' WHERE ssn = -1",
        "WITH t AS (SELECT 1 AS one) SELECT id FROM customers, t WHERE ssn = 'x'",
        "SELECT id FROM (SELECT id, ssn AS s FROM customers) WHERE s = 'x'"}) {
    CAPTURE(std::string(sql));
    CHECK(test(sql) == "match");
  }
  for (const char* sql : {"SELECT id FROM customers WHERE ssn = 'x' OR id = 1",
                          "SELECT id FROM customers WHERE ssn = 'x' AND ssn = 'y'",
                          "SELECT id FROM customers WHERE ssn IN ('x')",
                          "SELECT id FROM customers WHERE ssn LIKE '5%'",
                          "SELECT id FROM customers WHERE ssn > 'x'",
                          "SELECT id FROM customers WHERE ssn <> 'x'",
                          "SELECT id FROM customers WHERE NOT ssn = 'x'",
                          "SELECT id FROM customers WHERE ssn IS 'x'",
                          "SELECT id FROM customers WHERE ssn = 'x' COLLATE NOCASE",
                          "SELECT id FROM customers WHERE substr(ssn, 1, 1) = '5'",
                          "SELECT id FROM customers WHERE ssn = name",
                          "SELECT id FROM customers WHERE ssn = (SELECT 'x')",
                          "SELECT id FROM customers WHERE (ssn, id) = ('x', 1)",
                          "SELECT id FROM customers WHERE (ssn, id) IN (SELECT 'x', 1)",
                          "SELECT id FROM customers WHERE ssn BETWEEN 'a' AND 'b'",
                          "SELECT id FROM customers WHERE ssn ISNULL",
                          "SELECT id FROM customers ORDER BY ssn",
                          "SELECT id FROM customers ORDER BY 1, ssn DESC",
                          "SELECT count(*) FROM customers GROUP BY ssn",
                          "SELECT count(*) FROM customers GROUP BY id HAVING max(ssn) > 'a'",
                          "SELECT DISTINCT ssn FROM customers",
                          "SELECT ssn FROM customers UNION SELECT 'x'",
                          "SELECT ssn FROM customers EXCEPT SELECT 'x'",
                          "SELECT ssn = 'x' FROM customers",
                          "SELECT CASE ssn WHEN 'x' THEN 1 END FROM customers",
                          "SELECT nullif(ssn, 'x') FROM customers",
                          "SELECT o.id FROM orders o JOIN customers c ON c.ssn = 'x'",
                          "SELECT id FROM customers NATURAL JOIN (SELECT ssn FROM customers)",
                          "SELECT a.id FROM customers a JOIN customers b USING (ssn)",
                          "SELECT id FROM customers WHERE id IN (SELECT id FROM customers WHERE ssn = 'x')",
                          "SELECT 1 WHERE EXISTS (SELECT ssn FROM customers)",
                          "SELECT ssn AS s FROM customers WHERE s = 'x'",
                          "SELECT id FROM customers WHERE ssn = 'x' UNION ALL SELECT 1",
                          "SELECT id FROM customers LIMIT (SELECT length(ssn) FROM customers)",
                          "SELECT id, row_number() OVER w FROM customers WINDOW w AS (ORDER BY ssn)",
                          "SELECT id FROM contacts WHERE tax = 'x'",
                          "SELECT ssn s FROM customers ORDER BY s",
                          "SELECT ssn FROM customers ORDER BY 1",
                          "SELECT ssn FROM customers GROUP BY 1",
                          "DELETE FROM customers WHERE id = 1 OR ssn = 'x'",
                          "UPDATE customers SET name = (ssn = 'x') WHERE id = 1",
                          "UPDATE customers SET name = 'x' ORDER BY ssn LIMIT 1",
                          "SELECT id FROM customers WHERE \"ssn\" GLOB '5*'",
                          "SELECT id FROM customers WHERE ssn -> '$.a'  = 1",
                          "SELECT count(*) FROM customers, json_each(ssn)"}) {
    CAPTURE(std::string(sql));
    CAPTURE(ask(*shop, sql)->not_understood_code);
    CHECK(test(sql) == "infer");
  }
  for (const char* sql : {"SELECT ssn FROM customers", "SELECT upper(ssn) FROM customers",
                          "SELECT count(DISTINCT ssn) FROM customers", "SELECT id FROM (SELECT id, ssn FROM customers)",
                          "SELECT coalesce(notes, ssn) FROM customers", "SELECT id FROM customers ORDER BY id"}) {
    CAPTURE(std::string(sql));
    REQUIRE(ask(*shop, sql)->understood);
    CHECK(test(sql).empty());
  }
}

TEST_CASE("sqlite: reads, functions and what packs rows") {
  auto shop = understander_of(kShop);
  SUBCASE("a view as itself, its tables behind it") {
    auto command = ask(*shop, "SELECT c FROM nested");
    CHECK(command->reads == Names{"main.nested"});
    for (const char* object : {"main.contacts", "main.customers"}) {
      REQUIRE(find_touch(*command, "select", object) != nullptr);
      CHECK(find_touch(*command, "select", object)->through_view);
    }
  }
  SUBCASE("system tables") {
    for (const char* sql :
         {"SELECT sql FROM sqlite_master", "SELECT sql FROM main.sqlite_schema", "SELECT * FROM docs_content"}) {
      CAPTURE(std::string(sql));
      auto command = ask(*shop, sql);
      REQUIRE(command->touches.size() == 1);
      CHECK(command->touches[0].system);
    }
    CHECK_FALSE(ask(*shop, "SELECT * FROM sqlite_dbpage")->understood);
    CHECK_FALSE(ask(*shop, "SELECT * FROM sqlite_stmt")->understood);
    CHECK_FALSE(ask(*shop, "SELECT * FROM dbstat")->runnable);
    CHECK_FALSE(ask(*shop, "SELECT * FROM pragma_database_list")->runnable);
    CHECK_FALSE(ask(*shop, "SELECT * FROM sqlite_temp_master")->runnable);
  }
  SUBCASE("functions") {
    CHECK(ask(*shop, "SELECT lower(name) LIKE 'x' FROM customers")->functions ==
          std::vector<CalledFunction>{{"like", true, 'i', false}, {"lower", true, 'i', false}});
    CHECK(ask(*shop, "SELECT random(), datetime('now')")->functions ==
          std::vector<CalledFunction>{{"datetime", true, 's', false}, {"random", true, 'v', false}});
    for (const char* sql :
         {"SELECT load_extension('x')", "SELECT fts3_tokenizer('x')", "SELECT LOAD_EXTENSION('a', 'b')"}) {
      CHECK(ask(*shop, sql)->not_understood_code == "command.forbidden");
    }
    for (const char* sql : {"SELECT readfile('/etc/passwd')", "SELECT writefile('x', 'y')", "SELECT nosuch(1)"}) {
      CHECK_FALSE(ask(*shop, sql)->understood);
    }
  }
  SUBCASE("packing") {
    for (const char* sql : {"SELECT group_concat(name) FROM customers", "SELECT json_group_array(name) FROM customers",
                            "SELECT json_group_object(id, name) FROM customers",
                            "WITH r(n, t) AS (SELECT 1, '' UNION ALL SELECT n + 1, t || (SELECT name FROM customers "
                            "WHERE id = n) FROM r WHERE n < 9) SELECT t FROM r"}) {
      CAPTURE(std::string(sql));
      CHECK(ask(*shop, sql)->packs_rows);
    }
    CHECK_FALSE(ask(*shop, "SELECT count(*), max(name) FROM customers")->packs_rows);
  }
  SUBCASE("error texts that quote an argument") {
    CHECK(ask(*shop, "SELECT json_extract('{}', ssn) FROM customers")->error_reveals == Names{"main.customers.ssn"});
    CHECK(ask(*shop, "SELECT '{}' ->> ssn FROM customers")->error_reveals == Names{"main.customers.ssn"});
    CHECK(ask(*shop, "SELECT 1 FROM docs, customers WHERE docs MATCH ssn")->error_reveals.count("main.customers.ssn") ==
          1);
    CHECK(ask(*shop, "SELECT json_extract(notes, '$.x') FROM customers")->error_reveals.empty());
    CHECK(ask(*shop, "SELECT json_group_array(json_object('s', ssn)) FROM customers")->error_reveals.empty());
  }
}

}  // namespace
}  // namespace libguard::command::sqlite
