// The catalogue loader: what the names mean, as the server's own catalogues say.

#include <algorithm>

#include "postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;

namespace {

const CatalogueRelation* relation(const Catalogue& catalogue, const std::string& schema, const std::string& name) {
  for (const CatalogueRelation& relation : catalogue.relations) {
    if (relation.schema == schema && relation.name == name) return &relation;
  }
  return nullptr;
}

template <typename Item, typename Wanted>
bool holds(const std::vector<Item>& items, const Wanted& wanted) {
  return std::find(items.begin(), items.end(), wanted) != items.end();
}

void make_schema() {
  pg_cluster()->exec(R"sql(
DROP SCHEMA IF EXISTS cat, far, away CASCADE;
CREATE SCHEMA cat; CREATE SCHEMA far; CREATE SCHEMA away;
GRANT USAGE ON SCHEMA cat, far, away TO guard_reader;
CREATE DOMAIN cat.cents AS int CHECK (VALUE >= 0);
CREATE TYPE cat.mood AS ENUM ('ok', 'bad');
CREATE TABLE cat.people(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, nick text UNIQUE,
  mood cat.mood DEFAULT 'ok', paid cat.cents, twice int GENERATED ALWAYS AS (1 + 1) STORED, "odd ""name,}" int,
  late int, UNIQUE (late) DEFERRABLE, gone int);
ALTER TABLE cat.people DROP COLUMN gone;
CREATE UNIQUE INDEX partial ON cat.people(mood) WHERE paid > 0;
CREATE UNIQUE INDEX expression ON cat.people(lower(email));
CREATE UNIQUE INDEX both_columns ON cat.people(mood, paid);
CREATE TABLE far.visits(id int PRIMARY KEY, person bigint REFERENCES cat.people ON DELETE CASCADE ON UPDATE SET NULL);
CREATE TABLE far.unrelated(id int);
CREATE TABLE away.secrets(id int, secret text);
CREATE VIEW cat.seen AS SELECT p.email, s.secret FROM cat.people p, away.secrets s;
CREATE TABLE cat.base(id int PRIMARY KEY); CREATE TABLE cat.derived(extra int) INHERITS (cat.base);
CREATE TABLE cat.parts(id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE cat.part1 PARTITION OF cat.parts FOR VALUES FROM (0) TO (100);
CREATE FUNCTION cat.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noting BEFORE INSERT OR UPDATE ON cat.people FOR EACH ROW EXECUTE FUNCTION cat.note();
CREATE TRIGGER sleeping BEFORE DELETE ON cat.people FOR EACH ROW EXECUTE FUNCTION cat.note();
ALTER TABLE cat.people DISABLE TRIGGER sleeping;
CREATE RULE keep AS ON DELETE TO cat.base DO INSTEAD NOTHING;
ALTER TABLE cat.base ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION cat.same(a int, b int DEFAULT 3) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT a = b';
CREATE OPERATOR cat.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = cat.same);
CREATE FUNCTION cat.to_mood(int) RETURNS cat.mood LANGUAGE sql AS 'SELECT ''ok''::cat.mood';
CREATE CAST (int AS cat.mood) WITH FUNCTION cat.to_mood(int) AS IMPLICIT;
)sql");
}

}  // namespace

TEST_CASE("the catalogue holds what the configured schemas are, reach, and are reached by") {
  LIBGUARD_NEEDS_POSTGRES;
  make_schema();
  auto of_cat = config();
  of_cat.schemas = {"cat"};
  auto backend = backend::postgres_backend(of_cat, system_clock());
  auto catalogue = backend->catalogue(PermitForge::grant(), limits(), false);
  CHECK(catalogue->dialect == Dialect::postgres);
  CHECK(catalogue->search_path == std::vector<std::string>{"cat"});
  CHECK(catalogue->server_version ==
        pg_cluster()->exec("SELECT split_part(current_setting('server_version'), ' ', 1)"));
  CHECK_FALSE(catalogue->system_identifier.empty());
  CHECK(holds(catalogue->server_options, "standard_conforming_strings=on"));

  const CatalogueRelation* people = relation(*catalogue, "cat", "people");
  REQUIRE(people != nullptr);
  CHECK(people->kind == 'r');
  REQUIRE(people->columns.size() == 8);
  CHECK(people->columns[0].type == "int8");
  CHECK(people->columns[0].has_default);
  CHECK(people->columns[0].generated);
  CHECK(people->columns[1].not_null);
  CHECK(people->columns[3].type == "cat.mood");
  CHECK(people->columns[3].has_default);
  CHECK(people->columns[5].generated);
  CHECK(people->columns[6].name == "odd \"name,}");
  CHECK(people->columns[7].number == 8);
  REQUIRE(people->keys.size() == 4);
  CHECK(people->keys[0].columns == std::vector<std::string>{"id"});
  CHECK(people->keys[0].not_null);
  CHECK(people->keys[1].columns == std::vector<std::string>{"email"});
  CHECK(people->keys[2].columns == std::vector<std::string>{"nick"});
  CHECK_FALSE(people->keys[2].not_null);
  CHECK(people->keys[3].columns == std::vector<std::string>{"mood", "paid"});
  auto noting =
      std::find_if(people->triggers.begin(), people->triggers.end(), [](const auto& t) { return t.name == "noting"; });
  REQUIRE(noting != people->triggers.end());
  CHECK(noting->function == "cat.note");
  CHECK(noting->events == std::vector<std::string>{"insert", "update"});
  CHECK(std::none_of(people->triggers.begin(), people->triggers.end(),
                     [](const auto& t) { return t.name == "sleeping"; }));

  const CatalogueRelation* seen = relation(*catalogue, "cat", "seen");
  REQUIRE(seen != nullptr);
  CHECK(seen->kind == 'v');
  CHECK(seen->depends == std::vector<std::string>{"away.secrets", "cat.people"});
  CHECK(seen->definition.find("away.secrets") != std::string::npos);
  CHECK(seen->definition.find("cat.people") != std::string::npos);
  CHECK(relation(*catalogue, "away", "secrets") != nullptr);
  CHECK(relation(*catalogue, "far", "visits") != nullptr);
  // What only code could reach is there for code, and marked.
  REQUIRE(relation(*catalogue, "far", "unrelated") != nullptr);
  CHECK(relation(*catalogue, "far", "unrelated")->beyond);
  CHECK_FALSE(people->beyond);
  CHECK(relation(*catalogue, "pg_catalog", "pg_authid")->system);
  CHECK(relation(*catalogue, "information_schema", "tables")->system);

  const CatalogueRelation* base = relation(*catalogue, "cat", "base");
  CHECK(base->children == std::vector<std::string>{"cat.derived"});
  CHECK(base->keys.empty());  // its index says nothing of the rows of cat.derived
  CHECK(base->rule_events == std::vector<std::string>{"delete"});
  CHECK(base->row_security);
  CHECK(relation(*catalogue, "cat", "derived")->parents == std::vector<std::string>{"cat.base"});
  CHECK(relation(*catalogue, "cat", "parts")->kind == 'p');
  CHECK(relation(*catalogue, "cat", "parts")->keys.size() == 1);
  CHECK(relation(*catalogue, "cat", "parts")->children == std::vector<std::string>{"cat.part1"});

  auto key = std::find_if(catalogue->foreign_keys.begin(), catalogue->foreign_keys.end(),
                          [](const auto& k) { return k.from == "far.visits"; });
  REQUIRE(key != catalogue->foreign_keys.end());
  CHECK(key->to == "cat.people");
  CHECK(key->on_delete == "cascade");
  CHECK(key->on_update == "set null");
  CHECK(key->columns == std::vector<std::string>{"person"});
  CHECK(key->referenced == std::vector<std::string>{"id"});

  auto same = std::find_if(catalogue->functions.begin(), catalogue->functions.end(),
                           [](const auto& f) { return f.name == "same"; });
  REQUIRE(same != catalogue->functions.end());
  CHECK(same->argument_types == std::vector<std::string>{"int4", "int4"});
  CHECK(same->defaults == 1);
  CHECK(same->volatility == 'i');
  CHECK(same->language == "sql");
  CHECK(same->body_digest.size() == 64);
  auto op = std::find_if(catalogue->operators.begin(), catalogue->operators.end(),
                         [](const auto& o) { return o.schema == "cat"; });
  REQUIRE(op != catalogue->operators.end());
  CHECK(op->name == "===");
  CHECK(op->function == "cat.same");
  auto cast = std::find_if(catalogue->casts.begin(), catalogue->casts.end(),
                           [](const auto& c) { return c.target == "cat.mood"; });
  REQUIRE(cast != catalogue->casts.end());
  CHECK(cast->source == "int4");
  CHECK(cast->context == 'i');
  CHECK(holds(catalogue->types, "cat.mood"));
  CHECK(holds(catalogue->types, "cat.cents"));
  CHECK(catalogue->domains == std::vector<std::string>{"cat.cents"});
  pg_cluster()->exec("DROP SCHEMA cat, far, away CASCADE");
}

TEST_CASE("the catalogue is loaded once, by one of many who ask, and survives strange schema names") {
  LIBGUARD_NEEDS_POSTGRES;
  pg_cluster()->exec(
      "CREATE SCHEMA \"we\"\"ird, {sch'ema\\\"; CREATE TABLE \"we\"\"ird, {sch'ema\\\".\"t.x\"(\"c.d\" int);"
      "GRANT USAGE ON SCHEMA \"we\"\"ird, {sch'ema\\\" TO guard_reader;"
      "GRANT SELECT ON ALL TABLES IN SCHEMA \"we\"\"ird, {sch'ema\\\" TO guard_reader");
  auto strange = config();
  strange.schemas = {"public", "we\"ird, {sch'ema\\"};
  Shop shop(strange);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { (void)shop.version(); });
  for (std::thread& thread : threads) thread.join();
  auto first = shop.backend->catalogue(PermitForge::grant(), limits(), false);
  CHECK(shop.backend->catalogue(PermitForge::grant(), limits(), false) == first);
  // Asked anew, it is read again only when something changed.
  CHECK(shop.backend->catalogue(PermitForge::grant(), limits(), true) == first);
  pg_cluster()->exec("CREATE TABLE one_more(id int)");
  CHECK(shop.backend->catalogue(PermitForge::grant(), limits(), true) != first);
  auto answer = shop.read("SELECT \"c.d\" FROM \"t.x\"");
  CHECK(answer.columns[0].origin == "we\"ird, {sch'ema\\.t.x.c.d");
  pg_cluster()->exec("DROP TABLE one_more; DROP SCHEMA \"we\"\"ird, {sch'ema\\\" CASCADE");
}
