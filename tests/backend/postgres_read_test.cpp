// Reads: values, columns, origins, limits, errors, and that nothing is written.

#include <cmath>

#include "postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;

namespace {

void make_customers() {
  pg_cluster()->exec(
      "DROP TABLE IF EXISTS customers CASCADE;"
      "CREATE TABLE customers(id int PRIMARY KEY, email text UNIQUE, balance numeric, joined timestamptz, vip bool, "
      "photo bytea);"
      "INSERT INTO customers VALUES (1, 'ada@example.com', 12.50, '2026-01-02 03:04:05+00', true, '\\xdeadbeef'),"
      " (2, 'bob@example.com', NULL, NULL, false, NULL);"
      "CREATE VIEW vips AS SELECT id, email FROM customers WHERE vip;");
}

}  // namespace

TEST_CASE("a read brings values, type names and the origins that the server names") {
  LIBGUARD_NEEDS_POSTGRES;
  make_customers();
  Shop shop;
  auto answer = shop.read(
      "SELECT id, email AS mail, balance, joined, vip, photo, upper(email), id::int8 + 1 FROM customers ORDER BY id");
  REQUIRE(answer.rows.size() == 2);
  CHECK(answer.rows[0][0] == Value{std::int64_t{1}});
  CHECK(answer.rows[0][1] == Value{std::string("ada@example.com")});
  CHECK(answer.rows[0][2] == Value{Decimal{"12.50"}});
  CHECK(answer.rows[0][4] == Value{true});
  CHECK(answer.rows[0][5] == Value{Bytes{"\xde\xad\xbe\xef"}});
  CHECK(answer.rows[0][7] == Value{std::int64_t{2}});
  CHECK(answer.rows[1][2] == Value{Null{}});
  CHECK(answer.columns[0].origin == "public.customers.id");
  CHECK(answer.columns[1].name == "mail");
  CHECK(answer.columns[1].origin == "public.customers.email");
  CHECK(answer.columns[1].type == "text");
  CHECK(answer.columns[1].textual);
  CHECK(answer.columns[3].type == "timestamptz");
  CHECK_FALSE(answer.columns[2].textual);
  CHECK(answer.columns[6].origin.empty());
  CHECK(answer.tag == "SELECT 2");
  CHECK_FALSE(answer.truncated);
  CHECK(shop.read("SELECT email FROM vips").columns[0].origin == "public.vips.email");
  auto none = shop.read("SELECT id FROM customers WHERE false");
  CHECK(none.rows.empty());
  REQUIRE(none.columns.size() == 1);
  CHECK(none.columns[0].origin == "public.customers.id");
}

TEST_CASE("parameters of every kind arrive as what they are") {
  LIBGUARD_NEEDS_POSTGRES;
  make_customers();
  Shop shop;
  std::vector<Value> all = {Null{},
                            true,
                            std::int64_t{7},
                            std::int64_t{1} << 40,
                            1.5,
                            std::string("it's \\ 'quoted' \xc3\xa9"),
                            Bytes{std::string("\0\xff", 2)},
                            Decimal{"-123.450"}};
  auto row =
      shop.read("SELECT $1::text, $2::bool, $3::int4, $4::int8, $5::float8, $6::text, $7::bytea, $8::numeric", all)
          .rows.at(0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    CHECK(row[i] == all[i]);
  }
  CHECK(shop.read("SELECT email FROM customers WHERE id = $1", {std::int64_t{2}}).rows.at(0)[0] ==
        Value{std::string("bob@example.com")});
  CHECK(shop.read("SELECT substring('abcdef', $1, $2)", {std::int64_t{2}, std::int64_t{3}}).rows.at(0)[0] ==
        Value{std::string("bcd")});
  auto odd = shop.read("SELECT 'NaN'::numeric, 'Infinity'::float8, '{1,2}'::int4[], '[1]'::jsonb, 1::oid");
  CHECK(std::isnan(std::get<double>(odd.rows[0][0])));
  CHECK(std::isinf(std::get<double>(odd.rows[0][1])));
  CHECK(odd.columns[2].type == "int4[]");
  CHECK(odd.rows[0][2] == Value{std::string("{1,2}")});
  CHECK(odd.columns[3].type == "jsonb");
}

TEST_CASE("malformed parameters are refused before anything is sent") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  auto code = [&](Value value) { return message_of([&] { (void)shop.read("SELECT $1::text", {value}); }); };
  CHECK(code(std::string("a\0b", 3)) == "request.malformed");
  CHECK(code(std::string("\xff\xfe")) == "request.malformed");
  CHECK(code(Decimal{"1e5"}) == "request.malformed");
  CHECK(code(Decimal{"1; DROP TABLE x"}) == "request.malformed");
  CHECK(code(std::string(2 * 1024 * 1024, 'x')) == "request.malformed");
  CHECK(message_of([&] { (void)shop.read("SELECT 1", std::vector<Value>(70'000, Value{true})); }) ==
        "request.malformed");
  CHECK(message_of([&] { (void)shop.read(std::string("SELECT 1\0; DROP TABLE x", 23)); }) == "command.not_runnable");
}

TEST_CASE("promise 4, P5: no text of the server leaves in an error") {
  LIBGUARD_NEEDS_POSTGRES;
  make_customers();
  Shop shop;
  struct Case {
    const char* sql;
    const char* state;
  };
  for (Case c :
       {Case{"SELECT email::int FROM customers", "22P02"}, Case{"SELECT 1/(id-1) FROM customers", "22012"},
        Case{"SELECT secret_column FROM customers", "42703"}, Case{"SELECT * FROM absent", "42P01"},
        Case{"SELEC email", "42601"}, Case{"SELECT 1; SELECT 2", "42601"},
        Case{"SELECT no_such('ada@example.com')", "42883"}, Case{"SELECT pg_read_file('/etc/passwd')", "42501"}}) {
    CAPTURE(c.sql);
    std::string what, state;
    CHECK(message_of([&] { (void)shop.read(c.sql); }, &what, &state) == "backend.sql_error");
    CHECK(state == c.state);
    for (const char* leak : {"ada@", "example", "secret_column", "absent", "SELEC", "no_such", "passwd", "LINE"}) {
      CHECK(what.find(leak) == std::string::npos);
    }
  }
  CHECK(shop.read("SELECT 1").rows.size() == 1);  // and the connection is as good as new
}

TEST_CASE("a read cannot write, whatever its text says") {
  LIBGUARD_NEEDS_POSTGRES;
  make_customers();
  pg_cluster()->exec(
      "CREATE OR REPLACE FUNCTION wipe() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM customers; SELECT "
      "1'");
  auto cfg = config();
  Shop shop(cfg);
  for (const char* sql :
       {"DELETE FROM customers", "WITH d AS (DELETE FROM customers RETURNING 1) SELECT * FROM d", "SELECT wipe()",
        "CREATE TABLE x(i int)", "SELECT nextval('pg_catalog.x')", "SELECT * FROM customers FOR UPDATE",
        "COPY customers TO STDOUT", "COPY customers FROM STDIN", "VACUUM"}) {
    CAPTURE(sql);
    CHECK_FALSE(message_of([&] { (void)shop.read(sql); }).empty());
  }
  for (const char* sql :
       {"COMMIT", "ROLLBACK", "SET TRANSACTION READ WRITE", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "SET default_transaction_read_only = off", "SET search_path = evil", "SET standard_conforming_strings = off",
        "SET client_encoding = 'LATIN1'", "SET ROLE NONE", "LISTEN x", "NOTIFY x", "PREPARE g0 AS SELECT 2",
        "SELECT pg_advisory_lock(1)", "SELECT set_config('row_security', 'off', false)",
        "CREATE TEMP TABLE tt(i int)"}) {
    CAPTURE(sql);
    (void)message_of([&] { (void)shop.read(sql); });  // refused or harmless ...
    CHECK(
        std::get<std::string>(shop.read("SELECT current_setting('search_path') ||"
                                        " current_setting('standard_conforming_strings') ||"
                                        " current_setting('transaction_read_only') || current_setting('row_security')")
                                  .rows.at(0)[0]) == "pg_catalog, \"public\", pg_tempononon");
    // The reset of a connection is sent when it comes back and may be answered after another one was lent.
    auto locks = [&] { return shop.read("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").rows.at(0)[0]; };
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (locks() != Value{std::int64_t{0}} && std::chrono::steady_clock::now() < until) {
    }
    CHECK(locks() == Value{std::int64_t{0}});
  }
  CHECK(pg_cluster()->exec("SELECT count(*) FROM customers") == "2");
}

TEST_CASE("rows and bytes are cut at the limits, and the connection stays usable") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  auto few = limits();
  few.rows_max = 10;
  auto answer = shop.read("SELECT generate_series(1, 1000000000)", {}, few);
  CHECK(answer.rows.size() == 10);
  CHECK(answer.truncated);
  auto exact = shop.read("SELECT * FROM generate_series(1, 10)", {}, few);
  CHECK(exact.rows.size() == 10);
  CHECK_FALSE(exact.truncated);
  auto permit_limit = shop.run(shop.command("SELECT * FROM generate_series(1, 50)"), false, limits(), 1'000, 3);
  CHECK(permit_limit.rows.size() == 3);
  CHECK(permit_limit.truncated);
  auto zero = shop.run(shop.command("SELECT 1"), false, limits(), 1'000, 0);
  CHECK(zero.rows.empty());
  CHECK(zero.truncated);
  auto small = limits();
  small.bytes_max = 100'000;
  auto wide = shop.read("SELECT repeat('x', 10000) FROM generate_series(1, 1000)", {}, small);
  CHECK(wide.rows.size() == 9);
  CHECK(wide.truncated);
  CHECK(shop.backend->stats().at("destroyed") == 0);
  CHECK(message_of([&] { (void)shop.read("SELECT repeat('x', 50000000)", {}, small); }) == "backend.row_too_large");
  CHECK(shop.read("SELECT 1").rows.size() == 1);
}

TEST_CASE("a spent permit, or one of another command, runs nothing") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  Permit permit = PermitForge::permit(shop.command("SELECT 1"), false);
  auto action = shop.backend->begin(PermitForge::grant(), permit, limits());
  Permit other = PermitForge::permit(shop.command("SELECT 2"), false, 1'000, kUnproven, "other");
  CHECK(message_of([&] { (void)action->execute(std::move(other), PermitForge::intent("other")); }) ==
        "permit.other_command");
  CHECK(message_of([&] { (void)action->execute(std::move(permit), PermitForge::intent("wrong")); }) ==
        "permit.other_command");
  CHECK(message_of([&] { (void)shop.backend->begin(PermitForge::grant(), permit, limits()); }) == "permit.spent");
  Permit again = PermitForge::permit(shop.command("SELECT 1"), false);
  auto second = shop.backend->begin(PermitForge::grant(), again, limits());
  Permit twin = PermitForge::permit(shop.command("SELECT 1"), false);
  (void)second->execute(std::move(again), PermitForge::intent());
  CHECK(message_of([&] { (void)second->execute(std::move(twin), PermitForge::intent()); }) == "permit.other_command");
  CHECK(message_of([&] { (void)shop.backend->begin(PermitForge::grant("elsewhere"), twin, limits()); }) ==
        "grant.other_connection");
}
