#pragma once
// Catalogues for the SQLite tests, made the way backend/sqlite makes them: from the schema table of a real database.

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>

#include "base/sqlite_handle.h"
#include "command/understander.h"

namespace libguard::command::sqlite {

inline std::shared_ptr<Catalogue> catalogue_of(sqlite3* database) {
  auto catalogue = std::make_shared<Catalogue>();
  catalogue->version = "test";
  libguard::sqlite::Statement list = libguard::sqlite::prepare(
      database,
      "SELECT s.type, s.name, s.sql, coalesce(t.type, '') FROM sqlite_schema s LEFT JOIN pragma_table_list t "
      "ON t.schema = 'main' AND t.name = s.name WHERE s.sql IS NOT NULL");
  while (libguard::sqlite::step(database, list.get())) {
    CatalogueRelation relation;
    relation.schema = "main";
    std::string type = libguard::sqlite::column_text(list.get(), 0);
    std::string sort = libguard::sqlite::column_text(list.get(), 3);
    relation.name = libguard::sqlite::column_text(list.get(), 1);
    relation.definition = libguard::sqlite::column_text(list.get(), 2);
    relation.kind = type == "index"     ? 'i'
                    : type == "trigger" ? 'T'
                    : type == "view"    ? 'v'
                    : sort == "virtual" ? 'x'
                    : sort == "shadow"  ? 's'
                                        : 'r';
    catalogue->relations.push_back(std::move(relation));
  }
  return catalogue;
}

inline libguard::sqlite::Database database_with(const char* schema) {
  libguard::sqlite::Database database = libguard::sqlite::open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  libguard::sqlite::execute(database.get(), schema);
  return database;
}

inline std::unique_ptr<Understander> understander_of(const char* schema) {
  return sqlite_understander(catalogue_of(database_with(schema).get()));
}

inline constexpr const char* kShop = R"sql(
CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, ssn TEXT, notes TEXT);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INT REFERENCES customers(id) ON DELETE CASCADE, total REAL,
                    status TEXT, refunded_cents INTEGER);
CREATE TABLE items(id INTEGER PRIMARY KEY, order_id INT, sku TEXT UNIQUE, label TEXT COLLATE NOCASE, UNIQUE(order_id, sku));
CREATE UNIQUE INDEX items_label ON items(label COLLATE BINARY);
CREATE UNIQUE INDEX items_partial ON items(order_id) WHERE sku IS NOT NULL;
CREATE TABLE log(line TEXT);
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE slots(id INTEGER PRIMARY KEY, place TEXT UNIQUE ON CONFLICT REPLACE);
CREATE VIEW contacts AS SELECT id, email AS contact, upper(ssn) AS tax FROM customers WHERE name <> '';
CREATE VIEW nested AS SELECT contact AS c, tax FROM contacts;
CREATE TRIGGER status_log AFTER UPDATE OF status ON orders
  BEGIN INSERT INTO log SELECT email FROM customers WHERE id = new.customer_id; END;
CREATE TRIGGER contacts_write INSTEAD OF UPDATE ON contacts
  BEGIN UPDATE customers SET email = new.contact WHERE id = old.id; END;
CREATE VIRTUAL TABLE docs USING fts5(title, body);
)sql";

inline std::shared_ptr<const Command> ask(const Understander& understander, std::string_view sql) {
  return understander.understand(sql, {});
}

inline const Touch* find_touch(const Command& command, std::string_view action, std::string_view object) {
  for (const Touch& touch : command.touches) {
    if (touch.action == action && touch.object == object) return &touch;
  }
  return nullptr;
}

inline std::string how(const Command& command, std::string_view column) {
  for (const TestedColumn& test : command.tests) {
    if (test.column == column) return test.match ? "match" : "infer";
  }
  return "";
}

}  // namespace libguard::command::sqlite
