// The sentence end to end on PostgreSQL: the same promises, on a server that has functions, views, triggers and
// opinions.

#include <doctest/doctest.h>

#include "guard/warehouse.h"

using namespace libguard;
using namespace libguard::test;

TEST_CASE("PostgreSQL: a read is masked by lineage, and detectors find what is left") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  Guard guard = Guard::open(warehouse.files().config());
  Session session = as_crew(guard);
  for (const char* sql :
       {"SELECT name, email, ssn, notes FROM customers WHERE id = $1",
        "SELECT upper(email) || ssn, $1::int FROM customers", "SELECT c, $1::int FROM customers c",
        "SELECT contact, tax_ref FROM customer_view WHERE id = $1", "SELECT row_to_json(c), $1::int FROM customers c",
        "SELECT string_agg(email, ','), $1::int FROM customers",
        "WITH x AS (SELECT ssn s FROM customers WHERE id = $1) SELECT reverse(s), s::bytea FROM x"}) {
    Outcome outcome = session.query("warehouse", sql, {std::int64_t{1}});
    CAPTURE(sql);
    CAPTURE(outcome.reason);
    CHECK((outcome.completed() || outcome.state == OutcomeState::refused));
    std::string shown = everything(outcome);
    for (const char* secret : {"ada@example", "ADA@EXAMPLE", "536-90-4399", "9934-09-635", "bo@example"})
      CHECK(shown.find(secret) == std::string::npos);
  }
  Outcome plain = session.query(
      "warehouse", "SELECT name, total FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.id = $1",
      {std::int64_t{10}});
  REQUIRE_MESSAGE(plain.completed(), plain.code, plain.reason);
  CHECK(std::get<std::string>(plain.rows.at(0).at(0)) == "Ada");
}

TEST_CASE("PostgreSQL: attacks are refused, change nothing, and show no server text") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  Guard guard = Guard::open(warehouse.files().config());
  Session session = as_crew(guard);
  for (const char* sql : {"DROP TABLE customers",
                          "DELETE FROM orders",
                          "DELETE FROM orders WHERE true",
                          "SELECT wipe()",
                          "SELECT pg_read_file('/etc/passwd')",
                          "WITH d AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM d",
                          "EXPLAIN (\"analyze\") DELETE FROM orders",
                          "COPY customers TO PROGRAM 'cat'",
                          "COPY customers TO STDOUT",
                          "DO $$ BEGIN DELETE FROM orders; END $$",
                          "SET ROLE postgres",
                          "SELECT set_config('search_path','x',false)",
                          "BEGIN",
                          "SELECT 1; DELETE FROM orders",
                          "SELECT * FROM pg_authid",
                          "SELECT id FROM customers WHERE ssn LIKE '5%'",
                          "SELECT id FROM customers ORDER BY ssn",
                          "SELECT CAST(email AS date) FROM customers",
                          "INSERT INTO orders(id, status) SELECT 99, ssn FROM customers WHERE id=1",
                          "SELECT query FROM pg_stat_activity",
                          "SELECT dblink_exec('x','y')",
                          "CREATE TABLE stolen AS SELECT * FROM customers",
                          "LISTEN x",
                          "VACUUM",
                          "SELECT * INTO y FROM orders"}) {
    Outcome outcome = session.query("warehouse", sql);
    CAPTURE(sql);
    CAPTURE(outcome.code);
    CHECK(outcome.state == OutcomeState::refused);
    CHECK(warehouse.files().records().find(outcome.record) != std::string::npos);
  }
  CHECK(pg_cluster()->exec("SELECT count(*) FROM orders") == "3");
  CHECK(pg_cluster()->exec("SELECT count(*) FROM pg_class WHERE relname IN ('stolen','y')") == "0");
}

TEST_CASE("PostgreSQL: a write is bounded by its keys, and approval binds to the digits") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  Guard guard = Guard::open(warehouse.files().config());
  Session session = as_crew(guard);
  constexpr const char* kRefund = "UPDATE orders SET status = 'refunded', refunded_cents = $1 WHERE id = $2";
  Outcome small = session.query("warehouse", kRefund, {std::int64_t{500}, std::int64_t{11}});
  REQUIRE_MESSAGE(small.completed(), small.code, " ", small.reason);
  CHECK(small.affected == 1);
  Outcome many = session.query("warehouse", "DELETE FROM orders WHERE total > 1");
  CHECK(many.code == "backend.effect_exceeded");
  CHECK(pg_cluster()->exec("SELECT count(*) FROM orders") == "3");

  Request request;
  request.connection = "warehouse";
  request.text = kRefund;
  request.params = {std::int64_t{48900}, std::int64_t{10}};
  Outcome pending = session.run(request);
  REQUIRE_MESSAGE(pending.state == OutcomeState::pending, pending.code, pending.reason);
  std::string vote = guard.vote(R"({"op":"approve","ticket":")" + pending.ticket + R"(","token":")" +
                                warehouse.files().person("dana") + R"("})");
  CHECK(vote.find("\"accepted\":true") != std::string::npos);
  request.ticket = pending.ticket;
  Request changed = request;
  changed.params[0] = std::int64_t{48901};
  CHECK(session.run(changed).code == "approval.changed");
  Outcome done = session.run(request);
  CHECK_MESSAGE(done.completed(), done.code, " ", done.reason);
  CHECK(session.run(request).code == "approval.consumed");
  CHECK(pg_cluster()->exec("SELECT refunded_cents FROM orders WHERE id = 10") == "48900");
}

TEST_CASE("PostgreSQL: the password is in no answer, record or stat") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  {
    Guard guard = Guard::open(warehouse.files().config());
    Session session = as_crew(guard);
    (void)session.query("warehouse", "SELECT 1");
    (void)session.query("warehouse", "SELECT 1/0");
    guard.close();
  }
  CHECK(warehouse.files().records().find("horse") == std::string::npos);
  warehouse.files().write("password", "wrong password");
  Guard guard = Guard::open(warehouse.files().config());
  Outcome refused = as_crew(guard).query("warehouse", "SELECT 1");
  CHECK_FALSE(refused.completed());
  CHECK(refused.reason.find("wrong password") == std::string::npos);
}

TEST_CASE("PostgreSQL: a permitted SET runs, and the next user of the session sees nothing of it") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  warehouse.files().replace("guard.yaml", "tags: [prod]\n",
                            "tags: [prod]\n    multi_statement: split\n    pool: { connections_max: 1 }\n");
  const std::string set =
      "@id(\"sets\") permit (principal in Group::\"support\", action == Action::\"session\", resource in "
      "Tag::\"prod\");";
  auto code = [&](const Guard& guard, const char* sql) { return as_crew(guard).query("warehouse", sql).code; };
  Guard strict = Guard::open(warehouse.files().config());
  CHECK(code(strict, "SET work_mem = '7MB'") == "policy.default_deny");
  warehouse.files().write("policies/support.cedar", std::string(kPolicy) + set);
  Guard guard = Guard::open(warehouse.files().config());
  CHECK(code(guard, "SET work_mem = '7MB'") == "ok");
  for (const char* sql : {"SHOW work_mem", "SELECT current_setting('work_mem') AS work_mem"}) {
    Outcome both = as_crew(guard).query(
        "warehouse", std::string("SET work_mem = '7MB'; UPDATE orders SET status = 'x' WHERE id = 10; ") + sql);
    Outcome next =
        as_crew(guard).query("warehouse", std::string("UPDATE orders SET status = 'x' WHERE id = 10; ") + sql);
    for (const Outcome* one : {&both, &next}) {
      CHECK((one->completed() || one->state == OutcomeState::refused));
      if (one->completed()) CHECK((everything(*one).find("7MB") != std::string::npos) == (one == &both));
    }
  }
  for (const char* sql : {"SET ROLE guard_writer", "SET search_path = x", "SET session_replication_role = replica",
                          "RESET ALL", "SET LOCAL row_security = off", "SET SESSION AUTHORIZATION postgres",
                          "DISCARD ALL", "SET default_transaction_read_only = off", "SET statement_timeout = 0"}) {
    CAPTURE(sql);
    CHECK(as_crew(guard).query("warehouse", sql).state == OutcomeState::refused);
  }
}

TEST_CASE("PostgreSQL: an agent without a permit reads the same whether a relation exists or not") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  pg_cluster()->exec("CREATE SCHEMA IF NOT EXISTS apart; CREATE VIEW public.shadow AS SELECT id, ssn FROM customers");
  warehouse.files().write("policies/support.cedar", R"(
@id("connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"], resource in Tag::"prod");
@id("reads-orders") permit (principal in Group::"support", action in Action::"read", resource == Table::"warehouse/public.orders");
)");
  Guard guard = Guard::open(warehouse.files().config());
  Session session = as_crew(guard);
  for (const char* sql : {"SELECT * FROM ", "SELECT id FROM public.", "DELETE FROM ", "SELECT o.id FROM orders o, ",
                          "TRUNCATE ", "SELECT count(*) FROM orders WHERE id IN (SELECT id FROM "}) {
    auto said = [&](const std::string& name) {
      const std::string text = sql + name + (std::string(sql).ends_with("SELECT id FROM ") ? ")" : "");
      Outcome outcome = session.query("warehouse", text);
      CHECK(outcome.state == OutcomeState::refused);
      for (auto at = outcome.reason.find(name); at != std::string::npos; at = outcome.reason.find(name))
        outcome.reason.replace(at, name.size(), "X");
      return outcome.code + " " + outcome.reason + std::to_string(outcome.risk);
    };
    CAPTURE(sql);
    CHECK(said("customers") == said("missing"));
    CHECK(said("shadow") == said("missing"));
  }
  pg_cluster()->exec("DROP SCHEMA apart CASCADE");
}
