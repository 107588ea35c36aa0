// `multi_statement: split`: several statements, one decision, one transaction.

#include <doctest/doctest.h>

#include "guard/shop.h"

using namespace libguard;

namespace {

constexpr const char* kRefund = "UPDATE orders SET status = 'refunded' WHERE id = ";

struct Split {
  Split() {
    shop.replace("guard.yaml", "path: shop.db, tags: [prod]", "path: shop.db, tags: [prod], multi_statement: split");
  }
  [[nodiscard]] Guard open() const { return Guard::open(shop.config()); }
  test::Shop shop;
};

Outcome ask(const Guard& guard, const std::string& sql, std::vector<Value> params = {}) {
  return guard.session({.account = "support-crew"}).query("shop", sql, std::move(params));
}

}  // namespace

TEST_CASE("several statements are refused unless the connection splits them") {
  test::Shop shop;
  Guard guard = Guard::open(shop.config());
  CHECK(ask(guard, "SELECT 1; SELECT 2").code == "command.multi_statement");
  shop.replace("guard.yaml", "path: shop.db, tags: [prod]", "path: shop.db, tags: [prod], multi_statement: maybe");
  CHECK_THROWS_AS(guard.reload(), Error);
}

TEST_CASE("split statements run in order, and the last rows are the answer") {
  Split split;
  Guard guard = split.open();
  Outcome outcome =
      ask(guard, std::string(kRefund) + "10; SELECT id, status FROM orders WHERE id = 10; " + kRefund + "11;");
  REQUIRE_MESSAGE(outcome.completed(), outcome.code, outcome.reason);
  CHECK(outcome.affected == 2);
  REQUIRE(outcome.rows.size() == 1);
  CHECK(std::get<std::string>(outcome.rows[0][1]) == "refunded");
  CHECK(split.shop.number("SELECT count(*) FROM orders WHERE status = 'refunded'") == 2);
  Outcome masked = ask(guard, "SELECT 1; SELECT email FROM customers WHERE id = 1; -- ';'\n");
  REQUIRE_MESSAGE(masked.completed(), masked.code, masked.reason);
  CHECK(std::get<std::string>(masked.rows.at(0).at(0)).find("ada@") == std::string::npos);
}

TEST_CASE("one refused or failing statement undoes all") {
  Split split;
  Guard guard = split.open();
  Outcome refused = ask(guard, std::string(kRefund) + "10; DELETE FROM orders");
  CHECK(refused.state == OutcomeState::refused);
  CHECK(refused.reason.find("statement 2 of 2") != std::string::npos);
  CHECK(refused.deciding == std::vector<std::string>{"no-blind-dml"});
  Outcome failed = ask(guard, std::string(kRefund) + "10; DELETE FROM orders WHERE id = 1 AND json('no') = 1");
  CHECK_FALSE(failed.completed());
  // Each names one row by key, so both together may change two and no more.
  split.shop.sql("CREATE TRIGGER more AFTER UPDATE ON orders BEGIN DELETE FROM customers; END");
  CHECK_FALSE(ask(guard, std::string(kRefund) + "10; " + kRefund + "11").completed());
  CHECK(split.shop.number("SELECT count(*) FROM orders WHERE status = 'refunded'") == 0);
  CHECK(split.shop.number("SELECT count(*) FROM customers") == 2);
}

TEST_CASE("what cannot be split soundly is refused with the statement's number") {
  Split split;
  Guard guard = split.open();
  auto code = [&](const std::string& sql) { return ask(guard, sql).code; };
  CHECK(code("CREATE TABLE t(a); SELECT id FROM orders") == "command.multi_statement");
  CHECK(code("BEGIN; SELECT 1; COMMIT") == "command.transaction_control");
  CHECK(code("SELECT 1; PRAGMA writable_schema = 1") == "command.pragma");
  Outcome bound = ask(guard, "SELECT ?; SELECT 2", {std::int64_t{1}});
  CHECK(bound.code == "command.multi_statement");
  std::string many;
  for (int i = 0; i < 40; ++i) many += "SELECT 1;";
  CHECK_FALSE(ask(guard, many).completed());
}

TEST_CASE("one ticket shows all statements, and is good for exactly them") {
  Split split;
  Guard guard = split.open();
  Session session = guard.session({.account = "support-crew"});
  Request request;
  request.connection = "shop";
  request.text = std::string(kRefund) + "11; UPDATE orders SET refunded_cents = 48900 WHERE id = 10";
  Outcome pending = session.run(request);
  REQUIRE_MESSAGE(pending.state == OutcomeState::pending, pending.code, pending.reason);
  CHECK(split.shop.number("SELECT count(*) FROM orders WHERE status = 'refunded'") == 0);
  CHECK(guard.approvals(R"({"op":"list"})").find("48900") != std::string::npos);
  std::string vote = guard.vote(R"({"op":"approve","ticket":")" + pending.ticket + R"(","token":")" +
                                split.shop.person("dana") + R"("})");
  CHECK(vote.find("\"accepted\":true") != std::string::npos);
  request.ticket = pending.ticket;
  Request other = request;
  other.text = std::string(kRefund) + "12; UPDATE orders SET refunded_cents = 48900 WHERE id = 10";
  CHECK(session.run(other).code == "approval.changed");
  Outcome done = session.run(request);
  CHECK_MESSAGE(done.completed(), done.code, done.reason);
  CHECK(done.affected == 2);
  CHECK(split.shop.number("SELECT refunded_cents FROM orders WHERE id = 10") == 48900);
}
