// Asking again: answered from memory, and never with what another question was told. Each thread has a memory of its
// own, so a new thread is a guard without one.

#include <doctest/doctest.h>

#include <atomic>
#include <random>
#include <thread>

#include "base/json.h"
#include "guard/guard_parts.h"
#include "guard/shop.h"
#include "model/request_json.h"

using namespace libguard;
using libguard::test::Shop;

namespace {

class SetClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_us() const override { return now_us_.load(); }
  void hour(int hour) { now_us_ = 1'796'000'400'000'000 / 86'400'000'000 * 86'400'000'000 + hour * 3'600'000'000LL; }

 private:
  std::atomic<std::int64_t> now_us_{1'796'000'400'000'000};
};

class Word final : public masking::Detector {
 public:
  explicit Word(std::string word) : word_(std::move(word)) {}
  [[nodiscard]] std::string_view entity() const override { return "WORD"; }
  void find(std::string_view text, std::vector<masking::Span>& spans) const override {
    if (auto at = text.find(word_); at != std::string_view::npos) spans.push_back({at, at + word_.size(), "WORD"});
  }

 private:
  std::string word_;
};

// What a call says and leaves on record, without what no two calls share: ids, times and the chain.
struct Seen {
  std::string answer;
  std::string records;
  bool operator==(const Seen&) const = default;
};

std::string without_chance(std::string_view text) {
  JsonResult read = read_json(text);
  REQUIRE(read.value);
  Json& json = *read.value;
  for (const char* name : {"record", "session", "at", "seq"}) json.erase(name);
  if (json.contains("facts")) json["facts"].erase("decided_us");
  if (json.contains("outcome")) json["outcome"].erase("total_us");
  if (json.contains("outcome")) json["outcome"].erase("backend_us");
  return dump(json);
}

Seen seen(const Shop& shop, const Session& session, const Request& request) {
  const Outcome outcome = session.run(request);
  Seen out{without_chance(to_json_text(outcome)), {}};
  std::istringstream lines(shop.records());
  for (std::string line; std::getline(lines, line);) {
    if (line.find('"' + outcome.record + '"') != std::string::npos)
      out.records += without_chance(line.substr(0, line.find('\t'))) + "\n";
  }
  return out;
}

Seen seen_by_a_new_thread(const Shop& shop, const Session& session, const Request& request) {
  Seen out;
  std::thread([&] { out = seen(shop, session, request); }).join();
  return out;
}

// Everything that a policy can hang on and a question can differ in.
constexpr const char* kTouchy = R"(
@id("no-night") forbid (principal, action == Action::"select", resource) when { context.hour >= 20 };
@id("no-hacker") forbid (principal, action == Action::"select", resource) when { context.tool == "hacker" };
@id("no-mole") forbid (principal, action == Action::"select", resource) when { context.agent == "mole" };
@id("totals-need-a-reason") forbid (principal, action == Action::"select", resource == Table::"shop/main.orders")
unless { context.reason_given };
@id("finance-unmasks") permit (principal in Group::"finance", action == Action::"unmask", resource);
@id("finance-connects") permit (principal in Group::"finance", action in [Action::"connect", Action::"use"], resource in Tag::"prod");
@id("finance-reads") permit (principal in Group::"finance", action in Action::"read", resource in Schema::"shop/main");
)";

constexpr const char* kTexts[] = {
    "SELECT name, email FROM customers WHERE id = ?", "SELECT status FROM orders WHERE total > ?",
    "SELECT notes FROM customers WHERE ? IS NOT NULL", "UPDATE orders SET status = 'open' WHERE id = ?",
    "SELECT ? AS given FROM customers WHERE id = 1"};

const std::vector<Value> kValues = {std::int64_t{1},  1.0, 0.0, -0.0, std::string("1"), Null{}, Decimal{"1"},
                                    std::int64_t{10}, true};

constexpr int kFields = 6;

void change(Request& request, int field, std::mt19937& random) {
  auto pick = [&](const auto& from) { return from[random() % std::size(from)]; };
  if (field == 0) request.text = pick(kTexts);
  if (field == 1) request.params = {pick(kValues)};
  if (field == 2) request.tool = pick(std::array{"", "sql", "hacker"});
  if (field == 3) request.purpose = pick(std::array{"", "ticket 4711"});
  if (field == 4) request.explanation = pick(std::array{"", "because ada@example.com asked"});
  if (field == 5) request.hops.assign(random() % 2, {"agent", pick(std::array{"helper", "mole"}), false});
}

// Questions that differ in one thing from another of them.
std::vector<Request> random_requests(std::mt19937& random) {
  std::vector<Request> requests(1);
  requests[0].connection = "shop";
  for (int field = 0; field < kFields; ++field) change(requests[0], field, random);
  while (requests.size() < 10) {
    Request next = requests[random() % requests.size()];
    change(next, static_cast<int>(random() % kFields), random);
    requests.push_back(std::move(next));
  }
  return requests;
}

}  // namespace

TEST_CASE("whatever was asked before, a question is answered and recorded as if it were the first") {
  Shop shop;
  shop.write("policies/touchy.cedar", kTouchy);
  shop.replace("guard.yaml", "groups: [finance], human: true",
               "groups: [finance], human: true }\n    books: { match: { provider: local, subject: books }, groups: "
               "[finance], local: true");
  auto clock = std::make_shared<SetClock>();
  GuardParts parts;
  parts.clock = clock;
  Guard guard = parts.open(shop.config());
  const Session sessions[] = {guard.session({.account = "support-crew"}),
                              guard.session({.account = "support-crew", .purpose = "standing order"}),
                              guard.session({.account = "books"}),
                              guard.session({.account = "support-crew"}).as_account("books")};
  std::mt19937 random(20261130);
  std::vector<Request> requests;
  int differ = 0;
  int allowed = 0;
  for (int step = 0; step < 800; ++step) {
    if (step % 50 == 0) requests = random_requests(random);
    if (step % 23 == 22) clock->hour(static_cast<int>(random() % 24));
    if (step == 400) guard.add_detector(std::make_shared<Word>("Ada"));
    if (step == 600) {
      shop.replace("policies/touchy.cedar", "context.hour >= 20", "context.hour >= 12");
      guard.reload();
    }
    const Session& session = sessions[random() % std::size(sessions)];
    const Request& request = requests[random() % requests.size()];
    const Seen here = seen(shop, session, request);
    const Seen anew = seen_by_a_new_thread(shop, session, request);
    allowed += here.answer.find("\"completed\"") != std::string::npos ? 1 : 0;
    if (here == anew) continue;
    ++differ;
    MESSAGE(step, "\n", here.answer, "\n", anew.answer, "\n", here.records, "\n", anew.records);
  }
  CHECK(differ == 0);
  CHECK(allowed > 200);  // else there was little to remember
  CHECK(allowed < 790);
  guard.close();
  CHECK(shop.verify().intact);
}

TEST_CASE("an account that loses its right, and a proof that ends, are noticed at the next call") {
  Shop shop;
  auto clock = std::make_shared<SetClock>();
  GuardParts parts;
  parts.clock = clock;
  Guard guard = parts.open(shop.config());
  const Session session = guard.session({.account = "support-crew"});
  const std::string token = guard.issue_token(R"({"account":"support-crew","lifetime_s":60})");
  const Session proven = guard.session({.token = token});
  Request request;
  request.connection = "shop";
  request.text = "SELECT name FROM customers WHERE id = 1";
  for (int i = 0; i < 3; ++i) {
    CHECK(session.run(request).code == "ok");
    CHECK(proven.run(request).code == "ok");
  }
  clock->hour(23);
  CHECK(proven.run(request).code == "identity.expired");
  CHECK(session.run(request).code == "ok");
  shop.replace("policies/support.cedar", R"(@id("support-reads") permit)", R"(@id("support-reads") forbid)");
  guard.reload();
  CHECK(session.run(request).code == "policy.default_deny");  // it may not see the table any more
}

TEST_CASE("what a remembered question may cost is counted each time") {
  Shop shop;
  shop.write("policies/limit.cedar", R"(
@id("three-calls") forbid (principal, action == Action::"select", resource) when { context.session_calls >= 3 };
)");
  Guard guard = Guard::open(shop.config());
  const Session session = guard.session({.account = "support-crew"});
  std::string codes;
  for (int i = 0; i < 5; ++i) codes += session.query("shop", "SELECT name FROM customers WHERE id = 1").code + " ";
  CHECK(codes == "ok ok ok policy.budget policy.budget ");
}
