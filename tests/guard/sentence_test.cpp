// The sentence end to end on SQLite: each promise, and the ways around it.

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "guard/shop.h"

using namespace libguard;
using libguard::test::Shop;

namespace {

Session as_crew(const Guard& guard) { return guard.session({.account = "support-crew", .purpose = "ticket 4711"}); }

std::string voted(const Guard& guard, const Shop& shop, const std::string& ticket, const std::string& who) {
  return guard.vote(R"({"op":"approve","ticket":")" + ticket + R"(","token":")" + shop.person(who) + R"("})");
}

constexpr const char* kRefund = "UPDATE orders SET status = 'refunded', refunded_cents = ? WHERE id = ?";

}  // namespace

TEST_CASE("an allowed read comes back masked and is on record before and after") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  Outcome outcome =
      session.query("shop", "SELECT name, email, card, notes FROM customers WHERE id = ?", {std::int64_t{1}});
  REQUIRE_MESSAGE(outcome.completed(), outcome.code, " ", outcome.reason);
  REQUIRE(outcome.rows.size() == 1);
  CHECK(std::get<std::string>(outcome.rows[0][0]) == "Ada");
  CHECK(std::get<std::string>(outcome.rows[0][1]) == "<pii.email>");
  CHECK(outcome.columns[1].masked);
  CHECK(std::get<std::string>(outcome.rows[0][2]).ends_with("1111"));
  CHECK(std::get<std::string>(outcome.rows[0][3]).find("ada@example.com") == std::string::npos);
  guard.close();
  CHECK(shop.verify().intact);
  CHECK(shop.records().find("\"intent\"") != std::string::npos);
  CHECK(shop.records().find("ada@example.com") == std::string::npos);
  CHECK(shop.records().find("4111111111111111") == std::string::npos);
}

TEST_CASE("a refusal does not outlive its reason") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  CHECK(session.query("shop", "SELECT id FROM later").state == OutcomeState::refused);
  shop.sql("CREATE TABLE later(id INTEGER PRIMARY KEY); INSERT INTO later VALUES (7)");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  Outcome seen = session.query("shop", "SELECT id FROM later");
  INFO(seen.reason);
  CHECK(seen.code == "ok");
}

TEST_CASE("destructive, unknown and foreign commands are refused, recorded, and change nothing (promises 1 and 5)") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  for (const char* sql :
       {"DROP TABLE customers",
        "DELETE FROM orders",
        "DELETE FROM orders WHERE 1=1",
        "DELETE FROM orders WHERE id = id",
        "WITH gone AS (SELECT id FROM orders) DELETE FROM orders WHERE id IN (SELECT id FROM gone) OR 1",
        "SELECT 1; DROP TABLE orders",
        "ATTACH 'x.db' AS x",
        "PRAGMA writable_schema=1",
        "SELECT load_extension('x')",
        "INSERT INTO customers(name) VALUES ('x')",
        "UPDATE customers SET name='x' WHERE id=1",
        "SELECT * FROM sqlite_master",
        "SELECT nonsense FROM customers",
        "not sql at all",
        "",
        "BEGIN",
        "COMMIT",
        "VACUUM INTO 'y.db'",
        "SELECT id FROM customers WHERE email LIKE 'a%'",
        "SELECT id FROM customers ORDER BY card",
        "CREATE TABLE stolen AS SELECT * FROM customers",
        "UPDATE orders SET status=(SELECT card FROM customers) WHERE id=10"}) {
    Outcome outcome = session.query("shop", sql);
    CAPTURE(sql);
    CHECK(outcome.state == OutcomeState::refused);
    CHECK(!outcome.reason.empty());
    CHECK(!outcome.code.empty());
    CHECK(shop.records().find(outcome.record) != std::string::npos);
  }
  CHECK(shop.number("SELECT count(*) FROM orders") == 3);
  CHECK(shop.number("SELECT count(*) FROM sqlite_master") == 2);
  CHECK(session.query("elsewhere", "SELECT 1").code == "request.unknown_connection");
}

TEST_CASE("a small refund runs, a big one waits for a person, runs once, and its replay is refused") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  CHECK(session.query("shop", kRefund, {std::int64_t{500}, std::int64_t{11}}).completed());
  CHECK(shop.number("SELECT refunded_cents FROM orders WHERE id=11") == 500);

  std::vector<Value> big{std::int64_t{48900}, std::int64_t{10}};
  Outcome pending = session.query("shop", kRefund, big);
  REQUIRE_MESSAGE(pending.state == OutcomeState::pending, pending.reason);
  CHECK(shop.number("SELECT refunded_cents FROM orders WHERE id=10") == 0);
  CHECK(session.query("shop", kRefund, big).ticket == pending.ticket);

  CHECK(voted(guard, shop, pending.ticket, "erin").find("\"accepted\":false") != std::string::npos);
  CHECK(voted(guard, shop, pending.ticket, "dana").find("\"accepted\":true") != std::string::npos);

  Request changed;
  changed.connection = "shop";
  changed.text = kRefund;
  changed.params = {std::int64_t{48901}, std::int64_t{10}};
  changed.ticket = pending.ticket;
  CHECK(session.run(changed).code == "approval.changed");

  Request approved = changed;
  approved.params = big;
  Outcome done = session.run(approved);
  CHECK_MESSAGE(done.completed(), done.code, " ", done.reason);
  CHECK(done.affected == 1);
  CHECK(session.run(approved).code == "approval.consumed");
  CHECK(shop.number("SELECT refunded_cents FROM orders WHERE id=10") == 48900);
}

TEST_CASE("a fact that cannot be known refuses instead of reading as absent") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  for (const char* sql : {"UPDATE orders SET refunded_cents = refunded_cents + 90000 WHERE id = 10",
                          "UPDATE orders SET refunded_cents = (SELECT 90000) WHERE id = 10",
                          "UPDATE orders SET refunded_cents = 9e9 WHERE id = 10"}) {
    CAPTURE(sql);
    CHECK(session.query("shop", sql).state == OutcomeState::refused);
  }
}

TEST_CASE("a write that touches more rows than its bound is rolled back") {
  Shop shop;
  shop.replace("guard.yaml", "tags: [prod] }", "tags: [prod], rows_affected_max: 1 }");
  Guard guard = Guard::open(shop.config());
  Outcome outcome = as_crew(guard).query("shop", "DELETE FROM orders WHERE total > 0");
  CHECK(outcome.state == OutcomeState::failed);
  CHECK(outcome.code == "backend.effect_exceeded");
  CHECK(shop.number("SELECT count(*) FROM orders") == 3);
}

TEST_CASE("another process changes the schema between two calls: the command is understood anew") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  CHECK(session.query("shop", "SELECT id FROM orders").completed());
  shop.sql(
      "CREATE TABLE extra(id INTEGER PRIMARY KEY); DROP TABLE orders; CREATE VIEW orders AS SELECT id, email AS total "
      "FROM customers");
  Outcome outcome = session.query("shop", "SELECT total FROM orders");
  CAPTURE(outcome.reason);
  for (const Row& row : outcome.rows) CHECK(std::get<std::string>(row[0]).find('@') == std::string::npos);
}

TEST_CASE("a tool's body runs under a permit, its answer is masked, and its error text never leaves") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  Request request;
  request.kind = RequestKind::tool;
  request.tool = "lookup";
  request.arguments = R"({"id": 1})";
  Outcome outcome = session.use(request, [](std::string_view) { return std::string("mail ada@example.com"); });
  REQUIRE_MESSAGE(outcome.completed(), outcome.reason);
  CHECK(outcome.result.find("ada@example.com") == std::string::npos);
  Outcome failed =
      session.use(request, [](std::string_view) -> std::string { throw std::runtime_error("secret-text"); });
  CHECK(failed.state == OutcomeState::failed);
  CHECK(failed.reason.find("secret-text") == std::string::npos);
  CHECK(shop.records().find("secret-text") == std::string::npos);
}

TEST_CASE("another connection swaps a view while commands run, and no secret gets through") {
  Shop shop;
  shop.sql("CREATE VIEW calm AS SELECT id, name AS shown FROM customers");
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  std::atomic<bool> stop{false};
  std::atomic<int> swaps{0};
  std::thread swapper([&] {
    for (const char* column = "email"; !stop; std::this_thread::sleep_for(std::chrono::milliseconds(2))) {
      try {
        shop.sql("BEGIN IMMEDIATE; DROP VIEW calm; CREATE VIEW calm AS SELECT id, " + std::string(column) +
                 " AS shown FROM customers; COMMIT");
      } catch (const std::exception&) {
        continue;  // the guard is reading
      }
      column = ++swaps % 2 == 0 ? "email" : "name";
    }
  });
  int completed = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int i = 0; (i < 200 || swaps < 20) && std::chrono::steady_clock::now() < end; ++i) {
    Outcome outcome = session.query("shop", "SELECT shown FROM calm");
    completed += outcome.completed() ? 1 : 0;
    for (const Row& row : outcome.rows) CHECK(std::get<std::string>(row[0]).find('@') == std::string::npos);
    CHECK(outcome.reason.find('@') == std::string::npos);
  }
  stop = true;
  swapper.join();
  CHECK(swaps >= 20);
  CHECK(completed > 0);
  CHECK(session.query("shop", "SELECT shown FROM calm").completed());
}

TEST_CASE("a reload swaps everything, and one that fails keeps the old") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  const std::string before = guard.snapshot();
  shop.write("policies/support.cedar", "this is not cedar");
  CHECK_THROWS_WITH_AS(guard.reload(), doctest::Contains("what was read before stays in force"), Error);
  CHECK(guard.snapshot() == before);
  CHECK(shop.records().find("reload_refused") != std::string::npos);
  CHECK(session.query("shop", "SELECT id FROM orders").completed());
  shop.write("policies/support.cedar", "@id(\"nothing\") forbid (principal, action, resource);");
  guard.reload();
  CHECK(guard.snapshot() != before);
  CHECK(session.query("shop", "SELECT id FROM orders").state == OutcomeState::refused);
}

TEST_CASE("an account that a reload removed is nobody at once") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  shop.replace("guard.yaml", "    support-crew: {", "    other-crew: {");
  guard.reload();
  CHECK(session.query("shop", "SELECT id FROM orders").state == OutcomeState::refused);
}

TEST_CASE("in a forked child every action answers guard.forked, and the parent goes on") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  CHECK(session.query("shop", "SELECT id FROM orders").completed());
  pid_t child = fork();
  if (child == 0) {
    Outcome outcome = session.query("shop", "SELECT id FROM orders");
    _exit(outcome.code == "guard.forked" ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(session.query("shop", "SELECT id FROM orders").completed());
  guard.close();
  CHECK(shop.verify().intact);
}

TEST_CASE("a cancelled request ends within a second and is recorded") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  Request request;
  request.connection = "shop";
  request.text = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t) SELECT count(*) FROM t";
  std::thread later([cancel = request.cancel] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel.cancel();
  });
  auto began = std::chrono::steady_clock::now();
  Outcome outcome = session.run(request);
  later.join();
  CHECK(outcome.code == "backend.cancelled");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(1));
}

TEST_CASE("a person cannot be asserted, and nobody can be two proofs at once") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  CHECK_THROWS_AS((void)guard.session({.account = "dana"}), Error);
  CHECK_THROWS_AS((void)guard.session({.account = "nobody"}), Error);
  CHECK_THROWS_AS((void)guard.session({}), Error);
  CHECK_THROWS_AS((void)guard.session({.token = shop.person("dana"), .account = "support-crew"}), Error);
  CHECK_THROWS_AS((void)guard.session({.token = "a.b.c"}), Error);
  CHECK(guard.session({.token = shop.person("dana")}).identity().human);
}

TEST_CASE("threads share one guard") {
  Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = as_crew(guard);
  std::atomic<int> completed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i)
        completed += session.query("shop", "SELECT id FROM orders WHERE id = ?", {std::int64_t{i}}).completed();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(completed == 160);
  guard.close();
  CHECK(shop.verify().intact);
}
