#include <algorithm>

#include "backend/sqlite/catalogue_loader.h"
#include "backend/sqlite_world.h"

using namespace libguard;
using namespace libguard::backend;
using namespace libguard::backend::contract;

namespace {

const CatalogueRelation& relation(const Catalogue& catalogue, const std::string& name) {
  auto found = std::find_if(catalogue.relations.begin(), catalogue.relations.end(),
                            [&](const auto& r) { return r.name == name; });
  REQUIRE(found != catalogue.relations.end());
  return *found;
}

using Keys = std::vector<std::pair<std::vector<std::string>, bool>>;
Keys keys(const CatalogueRelation& relation) {
  Keys keys;
  for (const CatalogueKey& key : relation.keys) keys.emplace_back(key.columns, key.not_null);
  return keys;
}

}  // namespace

TEST_CASE("the catalogue says what each name is") {
  SqliteWorld world;
  world.sql(
      "CREATE TABLE customers(id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE NOT NULL UNIQUE, code TEXT, score REAL "
      "DEFAULT 1,"
      " twice REAL AS (score * 2));"
      "CREATE UNIQUE INDEX by_code ON customers(code);"
      "CREATE UNIQUE INDEX partial ON customers(score) WHERE score > 0;"
      "CREATE UNIQUE INDEX expression ON customers(lower(code));"
      "CREATE UNIQUE INDEX finer ON customers(email COLLATE BINARY);"
      "CREATE TABLE pairs(a TEXT, b TEXT, PRIMARY KEY(b, a)) WITHOUT ROWID;"
      "CREATE TABLE loose(k TEXT PRIMARY KEY);"
      "CREATE TABLE orders(id INTEGER PRIMARY KEY AUTOINCREMENT, customer INTEGER REFERENCES customers ON DELETE "
      "CASCADE);"
      "CREATE VIEW v AS SELECT email FROM customers;"
      "CREATE VIEW broken AS SELECT x FROM nowhere;"
      "CREATE TRIGGER \"delete\" AFTER /* insert */ UPDATE OF code ON customers BEGIN SELECT 1; END;"
      "CREATE VIRTUAL TABLE docs USING fts5(body);");
  auto backend = world.open();
  auto catalogue = backend->catalogue(PermitForge::grant(), limits(), false);
  CHECK(catalogue->dialect == Dialect::sqlite);
  CHECK(catalogue->version.size() == 64);

  const CatalogueRelation& customers = relation(*catalogue, "customers");
  CHECK(customers.kind == 'r');
  CHECK(customers.columns.size() == 5);
  CHECK(customers.columns[4].generated);
  CHECK(customers.columns[3].has_default);
  Keys wanted = {{{"code"}, false}, {{"email"}, true}, {{"id"}, true}};
  Keys got = keys(customers);
  std::sort(got.begin(), got.end());
  CHECK(got == wanted);  // neither the partial, nor the expression, nor the finer index
  CHECK(customers.triggers.at(0).events == std::vector<std::string>{"update"});
  CHECK(keys(relation(*catalogue, "pairs")) == Keys{{{"b", "a"}, true}});
  CHECK(keys(relation(*catalogue, "loose")) == Keys{{{"k"}, false}});

  CHECK(relation(*catalogue, "v").kind == 'v');
  CHECK(relation(*catalogue, "v").columns.at(0).name == "email");
  CHECK(relation(*catalogue, "broken").columns.empty());
  CHECK(relation(*catalogue, "docs").kind == 'x');
  CHECK(relation(*catalogue, "docs_content").kind == 's');
  CHECK(relation(*catalogue, "docs_content").system);
  CHECK(relation(*catalogue, "delete").kind == 'T');
  CHECK(relation(*catalogue, "by_code").kind == 'i');
  CHECK(relation(*catalogue, "by_code").definition.starts_with("CREATE UNIQUE INDEX"));
  CHECK(relation(*catalogue, "sqlite_schema").system);
  CHECK(relation(*catalogue, "sqlite_schema").columns.size() == 5);
  CHECK(relation(*catalogue, "sqlite_sequence").system);
  REQUIRE(catalogue->foreign_keys.size() == 1);
  CHECK(catalogue->foreign_keys[0].from == "main.orders");
  CHECK(catalogue->foreign_keys[0].to == "main.customers");
  CHECK(catalogue->foreign_keys[0].referenced == std::vector<std::string>{"id"});
  CHECK(catalogue->foreign_keys[0].on_delete == "cascade");
  CHECK(std::count(catalogue->server_options.begin(), catalogue->server_options.end(), "foreign_keys=on") == 1);
}

TEST_CASE("the catalogue is read again only when the schema changed") {
  SqliteWorld world;
  auto backend = world.open();
  auto first = backend->catalogue(PermitForge::grant(), limits(), false);
  world.sql("INSERT INTO contract_items VALUES (500, 'row')");
  CHECK(backend->catalogue(PermitForge::grant(), limits(), true) == first);
  CHECK(backend->stats()["catalogue_loads"] == 1);
  world.sql("CREATE VIEW v AS SELECT 1");
  CHECK(backend->catalogue(PermitForge::grant(), limits(), false) == first);
  auto second = backend->catalogue(PermitForge::grant(), limits(), true);
  CHECK(second->version != first->version);
  CHECK(backend->stats()["catalogue_loads"] == 2);
}

TEST_CASE("the event of a trigger is found behind names and comments") {
  using Events = std::vector<std::string>;
  const Events all = {"delete", "insert", "update"};
  auto events = [](const char* text) { return sqlite::trigger_events(text); };
  CHECK(events("CREATE TRIGGER t AFTER INSERT ON x BEGIN DELETE FROM y; END") == Events{"insert"});
  CHECK(events("CREATE TRIGGER t DELETE ON x BEGIN SELECT 1; END") == Events{"delete"});
  CHECK(events("create trigger \"a \"\" insert\" -- delete\n instead of update of a, b on x begin select 1; end") ==
        Events{"update"});
  CHECK(events("CREATE TRIGGER IF NOT EXISTS main.[insert] BEFORE DELETE ON x BEGIN SELECT 1; END") ==
        Events{"delete"});
  CHECK(events("CREATE TRIGGER main.\"insert\" BEFORE DELETE ON x BEGIN SELECT 1; END") == Events{"delete"});
  CHECK(events("") == all);
  CHECK(events("CREATE TRIGGER") == all);
  CHECK(events("/* CREATE TRIGGER t INSERT") == all);
}
