// What refusals say, and to whom.

#include <doctest/doctest.h>

#include "guard/shop.h"

using namespace libguard;

namespace {

// May see orders and nothing else.
constexpr const char* kNarrow = R"(
@id("connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"], resource in Tag::"prod");
@id("reads-orders") permit (principal in Group::"support", action in Action::"read", resource == Table::"shop/main.orders");
@id("deletes") permit (principal in Group::"support", action == Action::"delete", resource == Table::"shop/main.orders");
@id("changes") permit (principal in Group::"support", action == Action::"update", resource == Table::"shop/main.orders") when { context.bounded == "eq" };
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

TEST_CASE("an agent without a permit reads the same whether the table exists or not") {
  test::Shop shop;
  shop.write("policies/support.cedar", kNarrow);
  shop.sql(
      "CREATE TABLE hidden(id INTEGER PRIMARY KEY, note TEXT); CREATE VIEW shadow AS SELECT id, email AS note FROM "
      "customers;"
      "CREATE TRIGGER t AFTER DELETE ON hidden BEGIN DELETE FROM orders; END");
  Guard guard = Guard::open(shop.config());
  Session session = guard.session({.account = "support-crew"});
  for (const char* sql :
       {"SELECT * FROM X", "SELECT id FROM X WHERE id = 1", "SELECT nothing FROM X", "SELECT 1 FROM orders JOIN X ON 1",
        "DELETE FROM X", "DELETE FROM X WHERE id = 1", "DELETE FROM X WHERE 1=1", "UPDATE X SET note = 1 WHERE id = 2",
        "INSERT INTO X(note) VALUES (1)", "SELECT count(*) FROM orders WHERE id IN (SELECT id FROM X)"}) {
    CAPTURE(sql);
    Outcome missing = session.query("shop", replaced(sql, "X", "missing"));
    CHECK(missing.state == OutcomeState::refused);
    for (const char* name : {"hidden", "customers", "shadow"}) {
      CAPTURE(name);
      Outcome there = session.query("shop", replaced(sql, "X", name));
      CHECK(there.code == missing.code);
      CHECK(there.reason == replaced(missing.reason, "missing", name));
      CHECK(there.risk == missing.risk);
      CHECK(there.deciding == missing.deciding);
      CHECK(there.stage == missing.stage);
    }
  }
  // The record knows why.
  CHECK(shop.records().find("no-blind-dml") != std::string::npos);
}

TEST_CASE("an agent that may see a table is taught how to do better") {
  test::Shop shop;
  shop.write("policies/support.cedar", kNarrow);
  Guard guard = Guard::open(shop.config());
  Session session = guard.session({.account = "support-crew"});
  for (const char* sql : {"DELETE FROM orders", "UPDATE orders SET status = 'x'", "DELETE FROM orders WHERE 1 = 1"}) {
    CAPTURE(sql);
    Outcome blind = session.query("shop", sql);
    CHECK(blind.code == "policy.denied");
    CHECK(blind.reason.find("DENIED by no-blind-dml") == 0);
    CHECK(blind.reason.find("by key") != std::string::npos);
    CHECK(blind.reason.find("Rows of orders are named by id.") != std::string::npos);
  }
  Outcome unknown = session.query("shop", "SELECT nothing FROM orders");
  CHECK(unknown.state == OutcomeState::refused);
  CHECK(unknown.reason.find("if there is such a thing") == std::string::npos);
}

TEST_CASE("an approval survives a change elsewhere, and none of what it names") {
  test::Shop shop;
  Guard guard = Guard::open(shop.config());
  Session session = guard.session({.account = "support-crew"});
  auto approved = [&](const char* ddl) {
    Request request;
    request.connection = "shop";
    request.text = "UPDATE orders SET status = 'refunded' , refunded_cents = 48900 WHERE id = 10";
    request.purpose = ddl;
    Outcome pending = session.run(request);
    REQUIRE_MESSAGE(pending.state == OutcomeState::pending, pending.code, pending.reason);
    (void)guard.vote(R"({"op":"approve","ticket":")" + pending.ticket + R"(","token":")" + shop.person("dana") +
                     R"("})");
    shop.sql(ddl);
    request.ticket = pending.ticket;
    return session.run(request).code;
  };
  CHECK(approved("CREATE TABLE elsewhere(a); CREATE VIEW other AS SELECT a FROM elsewhere") == "ok");
  CHECK(approved("ALTER TABLE elsewhere ADD COLUMN b") == "ok");
  CHECK(approved("ALTER TABLE orders ADD COLUMN extra") == "approval.changed");
  CHECK(approved("CREATE TRIGGER t AFTER UPDATE ON orders BEGIN DELETE FROM customers; END") != "ok");
  CHECK(shop.number("SELECT count(*) FROM customers") == 2);
}

TEST_CASE("a user whom the guard verified stays verified in a session of another account") {
  test::Shop shop;
  shop.replace(
      "guard.yaml", "    dana:",
      "    refund-bot: { match: { provider: local, subject: refund-bot }, groups: [support], local: true }\n    dana:");
  Guard guard = Guard::open(shop.config());
  Session erin = guard.session({.token = shop.person("erin"), .purpose = "ticket 4711"});
  Session bot = erin.as_account("refund-bot");
  CHECK(bot.identity().account == "refund-bot");
  REQUIRE(bot.identity().user.has_value());
  CHECK(bot.identity().user->account == "erin");
  CHECK(bot.identity().user->verified);
  CHECK(bot.query("shop", "SELECT status FROM orders WHERE id = 10").completed());
  // Authority is the intersection: dana is no support, so her bot may read nothing.
  Session dana = guard.session({.token = shop.person("dana")});
  CHECK(dana.as_account("refund-bot").query("shop", "SELECT status FROM orders WHERE id = 10").code ==
        "policy.default_deny");
  Session asserted = guard.session({.account = "support-crew", .user = "mia"}).as_account("refund-bot");
  CHECK_FALSE(asserted.identity().user->verified);
  CHECK_THROWS_AS((void)erin.as_account("dana"), Error);  // a person is never asserted
  erin.close();
  CHECK(bot.query("shop", "SELECT 1").code == "session.closed");
}
