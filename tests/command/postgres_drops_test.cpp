// What a DROP takes along and what gets another name: policy is asked about all of it.
#include <doctest/doctest.h>

#include "command/postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;
using Names = std::set<std::string>;

namespace {

Names ddl(const Command& command) {
  Names names;
  for (const Touch& touch : command.touches) {
    if (touch.action == "ddl") names.insert(touch.object);
  }
  return names;
}

}  // namespace

TEST_CASE("Postgres drops: CASCADE takes views and foreign keys along") {
  const auto plain = read("DROP TABLE people");
  CHECK(ddl(*plain) == Names{"public.people"});
  CHECK(plain->behind.cascades.empty());
  const auto cascade = read("DROP TABLE people CASCADE");
  CHECK(cascade->writes == Names{"public.people"});
  const Names views{"public.broken_view", "public.deep_view", "public.joined_view", "public.people_view"};
  CHECK(cascade->behind.cascades == views);
  Names asked = views;
  asked.insert({"public.bills", "public.people"});  // bills loses the key that refers to people
  CHECK(ddl(*cascade) == asked);
  CHECK(read("DROP VIEW people_view CASCADE")->behind.cascades == Names{"public.deep_view"});
}

TEST_CASE("Postgres drops: partitions go with their table, and a schema takes everything in it") {
  CHECK(read("DROP TABLE parts")->behind.cascades == Names{"public.parts_eu"});
  CHECK(read("DROP TABLE parts_eu")->behind.cascades.empty());
  const auto schema = read("DROP SCHEMA app CASCADE");
  CHECK(schema->behind.cascades == Names{"app.wallets"});
  CHECK(ddl(*schema).contains("app.wallets"));
  CHECK(read("DROP SCHEMA other CASCADE")->behind.cascades.empty());
}

TEST_CASE("Postgres renames: both names are asked about") {
  CHECK(ddl(*read("ALTER TABLE people RENAME TO folk")) == Names{"public.folk", "public.people"});
  CHECK(ddl(*read("ALTER TABLE app.wallets RENAME TO people")) == Names{"app.people", "app.wallets"});
  CHECK(ddl(*read("ALTER VIEW people_view RENAME TO bills")) == Names{"public.bills", "public.people_view"});
  CHECK(ddl(*read("ALTER TABLE people SET SCHEMA app")) == Names{"app.people", "public.people"});
  CHECK(ddl(*read("ALTER TABLE people RENAME COLUMN email TO mail")) == Names{"public.people"});
  CHECK(ddl(*read("ALTER TABLE people RENAME CONSTRAINT a TO b")) == Names{"public.people"});
  const Names schema = ddl(*read("ALTER SCHEMA app RENAME TO apps"));
  CHECK(schema.contains("app.wallets"));
  CHECK(schema.contains("apps.wallets"));
}
