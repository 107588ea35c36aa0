// The sentence end to end on PostgreSQL: the same promises, on a server that has functions, views, triggers and
// opinions.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "guard/shop.h"
#include "support/pg_cluster.h"

using namespace libguard;
using libguard::test::pg_cluster;
using libguard::test::PgCluster;

namespace {

constexpr const char* kSchema = R"(
DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO guard_reader, guard_writer;
CREATE TABLE customers(id int PRIMARY KEY, name text, email text, ssn text, notes jsonb);
CREATE TABLE orders(id int PRIMARY KEY, customer_id int REFERENCES customers ON DELETE CASCADE, total numeric, status text, refunded_cents int DEFAULT 0);
INSERT INTO customers VALUES (1,'Ada','ada@example.com','536-90-4399','{"alt":"ada@example.net"}'),(2,'Bo','bo@example.org','212-45-6789',NULL);
INSERT INTO orders VALUES (10,1,99.50,'paid',0),(11,1,15.00,'open',0),(12,2,42.00,'paid',0);
CREATE VIEW customer_view AS SELECT id, name, email AS contact, ssn AS tax_ref FROM customers;
CREATE FUNCTION wipe() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM orders; RETURN 1; END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO guard_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guard_writer;
)";

constexpr const char* kPolicy = R"(
@id("connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"], resource in Tag::"prod");
@id("reads") permit (principal in Group::"support", action in Action::"read", resource in Schema::"warehouse/public");
@id("finds-by-email") permit (principal in Group::"support", action == Action::"match", resource == DataClass::"pii.email");
@id("refunds") permit (principal in Group::"support", action == Action::"update", resource == Table::"warehouse/public.orders")
when { context.bounded == "eq" };
@id("deletes") permit (principal in Group::"support", action == Action::"delete", resource == Table::"warehouse/public.orders");
@id("big-refund-asks") @remedy("approval:group=finance,n=1,ttl=15m")
forbid (principal, action == Action::"update", resource == Table::"warehouse/public.orders")
when { context has refund_cents && context.refund_cents > 20000 }
unless { context.approvals >= 1 };
)";

class Warehouse {
 public:
  Warehouse() {
    pg_cluster()->exec(kSchema);
    shop_.write("password", PgCluster::kPassword);
    ::chmod(shop_.path("password").c_str(), 0600);
    shop_.replace("guard.yaml", "  shop: { driver: sqlite, path: shop.db, tags: [prod] }\n",
                  "  warehouse:\n    driver: postgres\n    host: " + pg_cluster()->host() +
                      "\n    port: " + std::to_string(PgCluster::kPort) +
                      "\n    database: postgres\n    tags: [prod]\n    rows_affected_max: 2\n    login:\n"
                      "      read: { role: guard_reader, credential: { kind: file, path: password } }\n"
                      "      write: { role: guard_writer, credential: { kind: file, path: password } }\n");
    shop_.replace("guard.yaml", "shop/main.customers.email", "warehouse/public.customers.email");
    shop_.replace("guard.yaml", "pii.card: { columns: [shop/main.customers.card], show: \"partial:last=4\" }",
                  "pii.ssn: { columns: [warehouse/public.customers.ssn], show: redact }");
    shop_.replace("guard.yaml", "shop/main.orders.refunded_cents", "warehouse/public.orders.refunded_cents");
    shop_.write("policies/support.cedar", kPolicy);
  }
  [[nodiscard]] const test::Shop& files() const { return shop_; }

 private:
  test::Shop shop_;
};

Session as_crew(const Guard& guard) { return guard.session({.account = "support-crew"}); }

std::string everything(const Outcome& outcome) {
  std::string out = outcome.reason + outcome.result;
  for (const Row& row : outcome.rows) {
    for (const Value& value : row) {
      if (const auto* text = std::get_if<std::string>(&value)) out += *text + "\n";
      if (const auto* bytes = std::get_if<Bytes>(&value)) out += bytes->data + "\n";
    }
  }
  return out;
}

}  // namespace

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

TEST_CASE("PostgreSQL: another connection swaps a view while commands run, and no secret gets through") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  pg_cluster()->exec(
      "CREATE VIEW calm AS SELECT id, name AS shown FROM customers; GRANT SELECT ON calm TO guard_reader");
  Guard guard = Guard::open(warehouse.files().config());
  Session session = as_crew(guard);
  std::atomic<bool> stop{false};
  std::thread swapper([&] {
    for (int i = 0; !stop; ++i) {
      pg_cluster()->exec(i % 2 == 0 ? "CREATE OR REPLACE VIEW calm AS SELECT id, email AS shown FROM customers"
                                    : "CREATE OR REPLACE VIEW calm AS SELECT id, name AS shown FROM customers");
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  });
  int completed = 0;
  for (int i = 0; i < 60; ++i) {
    Outcome outcome = session.query("warehouse", "SELECT shown FROM calm");
    completed += outcome.completed() ? 1 : 0;
    CHECK(everything(outcome).find("@example") == std::string::npos);
  }
  stop = true;
  swapper.join();
  CHECK(session.query("warehouse", "SELECT shown FROM calm").completed());
  CAPTURE(completed);
}

TEST_CASE("PostgreSQL: what stands behind names is swapped under load, and no statement runs with another meaning") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  pg_cluster()->exec(
      "CREATE VIEW calm AS SELECT id, name AS shown FROM customers; GRANT SELECT ON calm TO guard_reader;"
      "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';"
      "CREATE TABLE moved(id int, shown text); INSERT INTO moved VALUES (1, 'calm'); GRANT SELECT ON moved TO "
      "guard_reader;"
      "CREATE TABLE leaks(id int); GRANT INSERT ON leaks TO guard_reader, guard_writer");
  warehouse.files().write("policies/support.cedar",
                          std::string(kPolicy) +
                              "@id(\"twice\") permit (principal in Group::\"support\", action == Action::\"call\", "
                              "resource == Function::\"warehouse/public.twice\");");
  Guard guard = Guard::open(warehouse.files().config());
  std::atomic<bool> stop{false};
  std::atomic<int> completed{0};
  std::atomic<int> answers{0};
  std::thread swapper([&] {
    const char* swaps[] = {
        "CREATE OR REPLACE VIEW public.calm AS SELECT id, email AS shown FROM public.customers",
        "CREATE OR REPLACE FUNCTION public.twice(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.leaks "
        "VALUES "
        "(1); RETURN 666; END'",
        "ALTER TABLE public.moved RENAME TO moved_away; CREATE TABLE public.moved AS SELECT id, ssn AS shown FROM "
        "public.customers; GRANT "
        "SELECT ON moved TO guard_reader",
        "ALTER ROLE guard_reader SET search_path = pg_temp; ALTER DATABASE postgres SET search_path = pg_temp",
        "CREATE OR REPLACE VIEW public.calm AS SELECT id, name AS shown FROM public.customers",
        "CREATE OR REPLACE FUNCTION public.twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'",
        "DROP TABLE public.moved; ALTER TABLE public.moved_away RENAME TO moved",
        "ALTER ROLE guard_reader RESET search_path; ALTER DATABASE postgres RESET search_path"};
    for (std::size_t i = 0; !stop || i % 8 != 0; ++i) {
      pg_cluster()->exec(swaps[i % 8]);
      // Goes on after something completed, or after a dozen refusals: at a pace of its own a slow build would only
      // ever refuse, and prove nothing.
      for (int done = completed, before = answers; !stop && completed == done && answers < before + 12;)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::atomic<int> leaked{0};
  std::vector<std::thread> agents;
  for (int thread = 0; thread < 4; ++thread) {
    agents.emplace_back([&] {
      Session session = as_crew(guard);
      for (int i = 0; i < 30; ++i) {
        for (const char* sql : {"SELECT shown FROM calm", "SELECT twice(21)", "SELECT shown FROM moved"}) {
          Outcome outcome = session.query("warehouse", sql);
          completed += outcome.completed() ? 1 : 0;
          ++answers;
          std::string shown = everything(outcome);
          for (const char* secret : {"@example", "536-90", "212-45"}) leaked += shown.find(secret) != std::string::npos;
          for (const Row& row : outcome.rows) {
            const auto* number = std::get_if<std::int64_t>(&row.at(0));
            leaked += number != nullptr && *number == 666 ? 1 : 0;
          }
        }
      }
    });
  }
  for (std::thread& agent : agents) agent.join();
  stop = true;
  swapper.join();
  CHECK(leaked == 0);
  CHECK(completed > 0);
  CHECK(pg_cluster()->exec("SELECT count(*) FROM leaks") == "0");
  // A refusal may rest on what was read up to a second ago.
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  Outcome last = as_crew(guard).query("warehouse", "SELECT twice(21)");
  INFO(last.reason);
  CHECK(last.code == "ok");
}

TEST_CASE("PostgreSQL: a refusal does not outlive its reason") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  Guard guard = Guard::open(warehouse.files().config());
  Session session = as_crew(guard);
  CHECK_FALSE(session.query("warehouse", "SELECT id FROM later").completed());
  pg_cluster()->exec("CREATE TABLE later(id int); GRANT SELECT ON later TO guard_reader");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  Outcome seen = session.query("warehouse", "SELECT id FROM later");
  INFO(seen.reason);
  CHECK(seen.code == "ok");
  // And a server that is away changes no refusal into anything else.
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  pg_cluster()->stop();
  Outcome refused = session.query("warehouse", "DROP TABLE later");
  pg_cluster()->start();
  CHECK(refused.state == OutcomeState::refused);
  CHECK(refused.code.starts_with("policy."));
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

TEST_CASE("PostgreSQL: an action whose COMMIT was never answered is resolved, at once or when a guard opens") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  pg_cluster()->exec("ALTER ROLE guard_writer SET synchronous_commit = on");
  const auto settings = [](const char* names) {
    pg_cluster()->exec(names);
    pg_cluster()->exec("SELECT pg_reload_conf()");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  };
  std::string record;
  {
    Guard guard = Guard::open(warehouse.files().config());
    Session session = as_crew(guard);
    // Committed, but the answer waits for a standby that never comes.
    settings("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    Request request;
    request.connection = "warehouse";
    request.text = "UPDATE orders SET status = 'done' WHERE id = 11";
    request.deadline_ms = 1'500;
    Outcome outcome = session.run(request);
    record = outcome.record;
    CHECK(outcome.state == OutcomeState::in_doubt);
    CHECK(warehouse.files().verify().in_doubt == 1);
    settings("ALTER SYSTEM RESET ALL");
    // The connection works again, so what is in doubt is asked about again.
    for (int i = 0; i < 50 && warehouse.files().verify().in_doubt != 0; ++i) {
      CHECK(session.query("warehouse", "SELECT 1").completed());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK(warehouse.files().verify().in_doubt == 0);
    const std::string shown = audit::session_json(warehouse.files().path("state/audit"), session.id());
    CHECK(shown.find("resolved.committed") != std::string::npos);
    CHECK(guard.resolve("") == "[]");
    guard.close();
  }
  pg_cluster()->exec("ALTER ROLE guard_writer RESET synchronous_commit");
  CHECK(pg_cluster()->exec("SELECT status FROM orders WHERE id = 11") == "done");
  CHECK(warehouse.files().verify().intact);
}

TEST_CASE("PostgreSQL: a process that was killed between intent and outcome is resolved by the next guard") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // Killed while its statement runs: the intent is on record, and nothing else.
    Guard guard = Guard::open(warehouse.files().config());
    (void)::write(ends[1], "x", 1);
    (void)as_crew(guard).query("warehouse", "UPDATE orders SET status = 'lost' WHERE id = 12");
    ::_exit(0);
  }
  // The row is locked by us, so that the child waits inside of its transaction.
  std::unique_ptr<PGconn, decltype(&PQfinish)> holder(pg_cluster()->open("postgres"), &PQfinish);
  PQclear(PQexec(holder.get(), "BEGIN; UPDATE orders SET total = 1 WHERE id = 12"));
  char ready = 0;
  REQUIRE(::read(ends[0], &ready, 1) == 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  PQclear(PQexec(holder.get(), "ROLLBACK"));
  CHECK(warehouse.files().verify().in_doubt == 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  Guard guard = Guard::open(warehouse.files().config());
  CHECK(warehouse.files().verify().in_doubt == 0);
  CHECK(warehouse.files().records().find("resolved.aborted") != std::string::npos);
  CHECK(pg_cluster()->exec("SELECT status FROM orders WHERE id = 12") == "paid");
  guard.close();
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
