// Budgets and rates through the whole sentence.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "base/system_clock.h"
#include "guard/guard_parts.h"
#include "guard/shop.h"

using namespace libguard;
using libguard::test::Shop;

namespace {

constexpr std::int64_t kNoonUs = 1'763'985'600'000'000;  // 2025-11-24T12:00:00Z
constexpr std::int64_t kSecondUs = 1'000'000;

std::string forbid(const std::string& id, const std::string& when) {
  return "\n@id(\"" + id + "\") forbid (principal, action == Action::\"connect\", resource) when { " + when + " };";
}

// A shop whose policy has one rule more, under a clock of our own.
class Budgeted {
 public:
  explicit Budgeted(const std::string& rules) : clock(std::make_shared<ManualClock>(kNoonUs)) {
    shop.write("policies/budgets.cedar", rules);
  }
  [[nodiscard]] Guard open() const {
    GuardParts parts;
    parts.clock = clock;
    return parts.open(shop.config());
  }
  Shop shop;
  std::shared_ptr<ManualClock> clock;
};

Session crew(const Guard& guard) { return guard.session({.account = "support-crew"}); }
Outcome read_one(const Session& session) { return session.query("shop", "SELECT name FROM customers WHERE id = 1"); }

// How many of 64 threads get through.
int passed_by_64(const Guard& guard, bool one_session) {
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  Session shared = crew(guard);
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&] {
      Session session = one_session ? shared : crew(guard);
      if (read_one(session).completed()) ++passed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return passed;
}

}  // namespace

TEST_CASE("64 threads together cannot pass a limit of 10") {
  SUBCASE("of a session") {
    Budgeted world(forbid("calls", "context.session_calls >= 10"));
    CHECK(passed_by_64(world.open(), true) == 10);
    CHECK_FALSE(std::filesystem::exists(world.shop.path("state/budgets.db")));
  }
  SUBCASE("of a minute, each in a session of its own") {
    Budgeted world(forbid("rate", "context.calls_last_min >= 10"));
    CHECK(passed_by_64(world.open(), false) == 10);
  }
  SUBCASE("of the account's day") {
    Budgeted world(forbid("day", "context.account_calls_today >= 10"));
    CHECK(passed_by_64(world.open(), false) == 10);
  }
}

TEST_CASE("rows are held while they are read: parallel reads cannot pass a limit together") {
  Budgeted world(forbid("rows", "context.session_rows >= 3"));
  world.shop.replace("guard.yaml", "path: shop.db,", "path: shop.db, rows_max: 3,");
  Guard guard = world.open();
  Session session = crew(guard);
  // One after the other each counts what it really read.
  CHECK(read_one(session).completed());
  CHECK(read_one(session).completed());
  CHECK(session.query("shop", "SELECT id FROM orders").rows.size() == 3);
  Outcome refused = read_one(session);
  CHECK(refused.code == "policy.budget");
  CHECK(refused.reason ==
        "DENIED by rows: The budget session_rows is used up: 5 of 3. It does not come back in this session; do not try "
        "again.");
  CHECK(read_one(crew(guard)).completed());
}

TEST_CASE("refused and malformed calls are calls; a refused one has read and cost nothing") {
  Budgeted world(forbid("calls", "context.calls_last_min >= 4") +
                 forbid("spend", "context.account_spend_today >= 1000"));
  world.shop.replace("guard.yaml", "path: shop.db,", "path: shop.db, price: 100,");
  Guard guard = world.open();
  Session session = crew(guard);
  CHECK(session.query("shop", "DROP TABLE customers").state == OutcomeState::refused);
  CHECK(session.query("shop", "SELEC").state == OutcomeState::refused);
  CHECK(session.query("nowhere", "SELECT 1").code == "request.unknown_connection");
  CHECK(read_one(session).completed());
  Outcome refused = read_one(session);
  CHECK(refused.code == "policy.budget");
  CHECK(refused.reason.find("calls_last_min is used up: 4 of 4. It is free again at 2025-11-24T12:01:01") !=
        std::string::npos);
  Json lines = *read_json(guard.budgets(R"({"op":"show"})")).value;
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["budget"] == "account_today");
  CHECK(lines[0]["name"] == "support-crew");
  CHECK(lines[0]["spend"] == 100);
  CHECK(lines[1]["calls"] == 5);
  world.clock->advance_us(62 * kSecondUs);
  CHECK(read_one(session).completed());
}

TEST_CASE("prices of tools and connections add up, and what ran is paid for") {
  Budgeted world(forbid("spend", "context.session_spend >= 1000"));
  world.shop.replace("guard.yaml", "policies:", "tools: { search: { price: 400 } }\npolicies:");
  world.shop.write("policies/tools.cedar",
                   "@id(\"no-money\") forbid (principal, action == Action::\"use\", resource) when { "
                   "context.session_spend + 400 > 1000 };");
  Guard guard = world.open();
  Session session = crew(guard);
  Request request;
  request.kind = RequestKind::tool;
  request.tool = "search";
  request.arguments = "{}";
  ToolBody fine = [](std::string_view) { return std::string("found"); };
  ToolBody broken = [](std::string_view) -> std::string { throw std::runtime_error("no"); };
  CHECK(session.use(request, fine).completed());
  CHECK(session.use(request, broken).state == OutcomeState::failed);
  CHECK(session.use(request, fine).code == "policy.denied");
  CHECK(session.use(request, fine).code == "policy.denied");  // and a refused one was not
}

TEST_CASE("counters survive a restart, are shared, and begin anew with the local day") {
  Budgeted world(forbid("day", "context.account_rows_today >= 2"));
  world.shop.replace("guard.yaml", "policies:", "timezone: Europe/Vienna\npolicies:");
  {
    Guard first = world.open();
    Guard second = world.open();
    CHECK(read_one(crew(first)).completed());
    CHECK(read_one(crew(second)).completed());
    CHECK(read_one(crew(first)).code == "policy.budget");
  }
  Guard guard = world.open();
  Outcome refused = read_one(crew(guard));
  CHECK(refused.code == "policy.budget");
  // Vienna's midnight.
  CHECK(refused.reason.find("free again at 2025-11-24T23:00:00.000000Z") != std::string::npos);
  world.clock->advance_us(-48 * 3'600 * kSecondUs);
  CHECK(read_one(crew(guard)).code == "policy.budget");
  world.clock->advance_us((48 + 11) * 3'600 * kSecondUs + 1);
  CHECK(read_one(crew(guard)).completed());
}

TEST_CASE("an agent and a task are counted by name, a user across accounts") {
  Budgeted world(forbid("agent", "context.agent_calls_today >= 1 && context.agent != \"\"") +
                 forbid("task", "context.task_calls >= 2") + forbid("user", "context.user_calls_today >= 5"));
  Guard guard = world.open();
  Session session = crew(guard);
  auto as = [&](const std::string& agent, const std::string& task) {
    Request request;
    request.connection = "shop";
    request.text = "SELECT name FROM customers WHERE id = 1";
    if (!agent.empty()) request.hops.push_back({"agent", agent, false});
    request.hops.push_back({"task", task, false});
    return session.run(request).code;
  };
  CHECK(as("planner", "one") == "ok");
  CHECK(as("planner", "two") == "policy.budget");
  CHECK(as("writer", "one") == "ok");
  CHECK(as("", "one") == "policy.budget");
  CHECK(as("", "two") == "ok");
  CHECK(as("", "three") == "policy.budget");
  Session other = guard.session({.account = "support-crew", .user = "ursula"});
  CHECK(read_one(other).completed());
}

TEST_CASE("a store that cannot be used refuses, and that is recorded") {
  Budgeted world(forbid("day", "context.account_calls_today >= 100"));
  Guard guard = world.open();
  Session session = crew(guard);
  CHECK(read_one(session).completed());
  std::ofstream(world.shop.path("state/budgets.db")) << std::string(16'384, 'x');
  Outcome refused = read_one(session);
  CHECK(refused.state == OutcomeState::refused);
  CHECK(refused.code == "budget.store");
  guard.close();
  CHECK(world.shop.records().find("budget.store") != std::string::npos);
  CHECK_THROWS_AS((void)world.open(), Error);
}

TEST_CASE("nothing is held while a person thinks") {
  Budgeted world(forbid("rows", "context.account_writes_today >= 1000"));
  world.shop.replace("policies/support.cedar", "context.refund_cents > 20000", "context.refund_cents > 5");
  Guard guard = world.open();
  Session session = crew(guard);
  Outcome waiting = session.query("shop", "UPDATE orders SET refunded_cents = 10, status = 'paid' WHERE id = 10");
  CHECK(waiting.state == OutcomeState::pending);
  Json lines = *read_json(guard.budgets(R"({"op":"show"})")).value;
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["writes"] == 0);
  CHECK(session.query("shop", "UPDATE orders SET refunded_cents = 1 WHERE id = 10").completed());
  lines = *read_json(guard.budgets(R"({"op":"show"})")).value;
  CHECK(lines[0]["writes"] == 1);
}

TEST_CASE("only a person whom policy lets may set budgets back, and that is recorded") {
  Shop shop;
  shop.write("policies/budgets.cedar",
             forbid("day", "context.account_calls_today >= 1") +
                 "@id(\"resets\") permit (principal == User::\"dana\", action == Action::\"use\", resource == "
                 "Tool::\"libguard.budgets.reset\");");
  // The crew's own leave to use any tool is not the leave of a person.
  Guard guard = Guard::open(shop.config());
  CHECK(read_one(crew(guard)).completed());
  CHECK(read_one(crew(guard)).code == "policy.budget");
  auto reset = [&](const std::string& proof) {
    return *read_json(guard.budgets(R"({"op":"reset","name":"support-crew",)" + proof + "}")).value;
  };
  Json answer = reset(R"("token":"nonsense")");
  CHECK(answer["accepted"] == false);
  answer = reset("\"token\":\"" + guard.issue_token(R"({"account":"support-crew"})") + "\"");
  CHECK(answer["accepted"] == false);
  CHECK(answer["reason"].get<std::string>().find("only a person") != std::string::npos);
  CHECK(read_one(crew(guard)).code == "policy.budget");
  answer = reset("\"token\":\"" + shop.person("dana") + "\"");
  CHECK(answer["accepted"] == true);
  CHECK(answer["counters"] == 1);
  CHECK(read_one(crew(guard)).completed());
  CHECK_THROWS_AS((void)guard.budgets(R"({"op":"reset"})"), Error);
  CHECK_THROWS_AS((void)guard.budgets(R"({"op":"free"})"), Error);
  guard.close();
  CHECK(shop.records().find("budgets_reset") != std::string::npos);
  CHECK(shop.verify().ok);
}

TEST_CASE("remedies reach the answer and the record") {
  Shop shop;
  shop.write("policies/remedies.cedar", R"(
@id("sees") permit (principal in Group::"support", action == Action::"unmask", resource == DataClass::"pii.email");
@id("hide") @remedy("mask:pii.email; limit_rows:1; read_only")
forbid (principal, action == Action::"select", resource == Table::"shop/main.customers")
unless { context.masked.contains(DataClass::"pii.email") && context.row_limit <= 1 && context.read_only };
@id("why") @remedy("reason_required:min=8")
forbid (principal, action == Action::"select", resource == Table::"shop/main.orders") unless { context.reason_given };
)");
  Guard guard = Guard::open(shop.config());
  Outcome masked = crew(guard).query("shop", "SELECT email FROM customers");
  REQUIRE(masked.completed());
  REQUIRE(masked.rows.size() == 1);
  CHECK(masked.truncated);
  CHECK(masked.columns[0].masked);
  CHECK(std::get<std::string>(masked.rows[0][0]) != "ada@example.com");
  CHECK(crew(guard).query("shop", "SELECT id FROM orders").code == "policy.reason_required");
  Session told = guard.session({.account = "support-crew", .purpose = "monthly review"});
  CHECK(told.query("shop", "SELECT id FROM orders").completed());
  Request request;
  request.connection = "shop";
  request.text = "SELECT id FROM orders";
  request.purpose = "short";
  CHECK(crew(guard).run(request).code == "policy.reason_required");
  request.explanation = "the customer asked for it";
  CHECK(crew(guard).run(request).completed());
  guard.close();
  std::string records = shop.records();
  CHECK(records.find(R"("trail":[{"forbids":["hide"],"remedies":["mask:pii.email; limit_rows:1; read_only"]}])") !=
        std::string::npos);
  CHECK(records.find(R"("read_only":true)") != std::string::npos);
  CHECK(records.find("ada@example.com") == std::string::npos);
}
