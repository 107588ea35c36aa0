#include <doctest/doctest.h>

#include "command/postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;

namespace {

Bound bound_of(const std::string& sql) {
  const auto command = read(sql);
  INFO(sql << ": " << command->not_understood);
  REQUIRE(command->understood);
  for (const Touch& each : command->touches) {
    if ((each.action == "delete" || each.action == "update") && !each.through_view) return each.bound;
  }
  FAIL("no write in " << sql);
  return Bound::none;
}

}  // namespace

TEST_CASE("Postgres bounds: eq needs every column of a unique key") {
  for (std::string where :
       {"id = 5", "5 = id", "id = $1", "people.id = 5", "id IN (1, 2)", "id = ANY (ARRAY[1, 2])", "id = 5 AND active",
        "id = 5::int4", "email = 'a@b'", "id = 1 OR id = 2", "(id, name) = (1, 'x')", "id OPERATOR(pg_catalog.=) 5"}) {
    CHECK_MESSAGE(bound_of("DELETE FROM people WHERE " + where) == Bound::eq, where);
  }
  CHECK(bound_of("UPDATE seats SET who = 'x' WHERE row_no = 1 AND seat_no = 2") == Bound::eq);
  CHECK(bound_of("UPDATE seats SET who = 'x' WHERE row_no = 1") == Bound::weak);
  CHECK(touch(*read("DELETE FROM seats WHERE row_no IN (1, 2) AND seat_no IN (3, 4, 5)"), "delete", "public.seats")
            ->rows_bound == 6);
  CHECK(touch(*read("DELETE FROM people WHERE id = $1"), "delete", "public.people")->rows_bound == 1);
}

TEST_CASE("Postgres bounds: two long lists do not stand for a column that is left open") {
  Catalogue catalogue = shop();
  catalogue.relations.push_back(table("public", "halls", {{"row_no", "int4"}, {"seat_no", "int4"}, {"hall", "int4"}},
                                      {{{"row_no", "seat_no", "hall"}, true}}));
  const auto understander = command::postgres_understander(std::make_shared<const Catalogue>(catalogue));
  std::string list = "(0";
  for (int i = 1; i < 1'500; ++i) list += "," + std::to_string(i);
  const std::string open = "DELETE FROM halls WHERE row_no IN " + list + ") AND seat_no IN " + list + ")";
  const auto weak = understander->understand(open, {});
  const auto keyed = understander->understand(open + " AND hall = 1", {});
  CHECK(touch(*weak, "delete", "public.halls")->bound == Bound::weak);
  CHECK(touch(*keyed, "delete", "public.halls")->bound == Bound::eq);
  CHECK(touch(*keyed, "delete", "public.halls")->rows_bound == kUnproven);
}

TEST_CASE("Postgres bounds: what restricts without naming keys is weak") {
  for (std::string where :
       {"name = 'x'", "born < '2000-01-01'", "id < 1000000000", "active", "NOT active", "name LIKE 'a%'",
        "ssn IS NOT NULL", "ssn IS NULL", "id <> 5", "id = (SELECT max(person_id) FROM bills)",
        "id IN (SELECT person_id FROM bills)", "name = 'a' OR name = 'b'",
        "EXISTS (SELECT 1 FROM bills b WHERE b.person_id = people.id)", "lower(name) = 'x'",
        "born IS NULL OR born < now()", "starts_with(name, 'a')", "ctid = '(0,1)'"}) {
    CHECK_MESSAGE(bound_of("DELETE FROM people WHERE " + where) == Bound::weak, where);
  }
  CHECK(bound_of("DELETE FROM bills USING people p WHERE bills.person_id = p.id AND p.email = 'x'") == Bound::weak);
}

TEST_CASE("Postgres bounds: a predicate that proves nothing is a tautology, never eq") {
  for (std::string where : {"true",
                            "1 = 1",
                            "id = id",
                            "id = people.id",
                            "id::text = id::text",
                            "id <= id + 1",
                            "id >= id - 1",
                            "'a' = 'a'",
                            "random() >= 0",
                            "now() > '2000-01-01'",
                            "id = 5 OR true",
                            "id = 5 OR id <> 5",
                            "id > 3 OR id <= 3",
                            "NOT (id = 5 AND id = 6)",
                            "id < 9 OR id > 2",
                            "email IS NOT NULL",
                            "people IS NOT NULL",
                            "EXISTS (SELECT 1)",
                            "EXISTS (SELECT 1 FROM people p WHERE p.id = people.id)",
                            "id IN (SELECT id FROM people)",
                            "id = ANY (ARRAY(SELECT id FROM people))",
                            "name LIKE '%'",
                            "name ILIKE '%%'",
                            "name ~ ''",
                            "name ~ '.*'",
                            "length(name) >= 0",
                            "abs(id) >= 0",
                            "id * 0 = 0",
                            "id % 1 = 0",
                            "tableoid > 0",
                            "coalesce(active, true)",
                            "CASE WHEN id > 0 THEN true ELSE true END",
                            "id IN (5, id)",
                            "id BETWEEN -2147483648 AND 2147483647",
                            "id >= -2147483648",
                            "$1",
                            "$1 = 1",
                            "NULL IS NULL",
                            "id <> ANY (ARRAY[1, 2])",
                            "(SELECT count(*) FROM bills) >= 0",
                            "name LIKE name",
                            "ssn IS NULL OR ssn IS NOT NULL",
                            "NOT false",
                            "id NOT IN (SELECT id FROM people WHERE false)",
                            "name LIKE '' || '%'",
                            "starts_with(name, '')",
                            "active IS NOT NULL IS NOT NULL",
                            "EXISTS (SELECT 1 FROM bills WHERE people.id = people.id)",
                            "id IN (SELECT people.id FROM bills)",
                            "id IN (SELECT ssn::int FROM bills)",
                            "id IN (SELECT born FROM bills b)",
                            "EXISTS (SELECT 1 FROM bills WHERE true)",
                            "id = ANY (ARRAY(SELECT people.id FROM bills))",
                            "texteq(name, name)",
                            "EXISTS (SELECT 1 FROM bills WHERE id = id)"}) {
    CHECK_MESSAGE(bound_of("DELETE FROM people WHERE " + where) == Bound::tautology, where);
  }
  CHECK(bound_of("DELETE FROM bills USING people WHERE bills.person_id = people.id") == Bound::tautology);
  CHECK(bound_of("DELETE FROM bills b USING bills c WHERE b.id = c.id") == Bound::tautology);
}

TEST_CASE("Postgres bounds: no WHERE is none, and destructive") {
  const auto command = read("UPDATE people SET name = 'x'");
  CHECK(touch(*command, "update", "public.people")->bound == Bound::none);
  CHECK(command->destructive);
  CHECK_FALSE(read("UPDATE people SET name = 'x' WHERE id = 1")->destructive);
  CHECK(read("WITH gone AS (DELETE FROM bills RETURNING *) SELECT count(*) FROM gone")->destructive);
}

TEST_CASE("Postgres bounds: an ambiguous or foreign name is no proof") {
  // `id` may be either table's.
  CHECK(bound_of("DELETE FROM bills USING people WHERE bills.id = 1 AND people.id = bills.person_id") == Bound::eq);
  CHECK(bound_of("DELETE FROM bills USING people p WHERE p.id = 5") != Bound::eq);
}

TEST_CASE("Postgres bounds: a user-defined equality proves nothing") {
  Catalogue c = shop();
  c.operators.push_back({"public", "=", "int4", "int4", "public.on_eq"});
  const auto own = command::postgres_understander(std::make_shared<const Catalogue>(c));
  const auto command = own->understand("DELETE FROM people WHERE id = 5", {});
  CHECK(touch(*command, "delete", "public.people")->bound != Bound::eq);
  CHECK(calls(*command, "public.on_eq", false));
}

TEST_CASE("Postgres bounds: a key of an inheritance parent does not bind its children") {
  Catalogue c = shop();
  for (CatalogueRelation& relation : c.relations) {
    if (relation.name == "parts") relation.kind = 'r';
  }
  const auto own = command::postgres_understander(std::make_shared<const Catalogue>(c));
  CHECK(touch(*own->understand("DELETE FROM parts WHERE id = 1", {}), "delete", "public.parts")->bound == Bound::weak);
}
