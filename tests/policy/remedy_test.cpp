#include <doctest/doctest.h>

#include "policy/decider_fixture.h"
#include "policy/remedy.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

const std::string kFourEyes =
    "@id(\"four-eyes\") @remedy(\"approval:group=dba,n=2,ttl=15m\") forbid (principal, action in [Action::\"delete\", "
    "Action::\"ddl\"], "
    "resource in Tag::\"prod\") unless { context.approvals >= 2 && context.approver_groups.contains(Group::\"dba\") };";
const std::string kCap =
    "@id(\"cap\") @remedy(\"limit_rows:1000\") forbid (principal, action == Action::\"select\", resource in "
    "Schema::\"shop/main\") "
    "unless { context.row_limit <= 1000 };";

Command keyed_delete() { return command_of(CommandEffect::write, {writes("delete", "main.items", Bound::eq, 1)}); }
Command read_items() { return command_of(CommandEffect::read, {reads("main.items")}); }

}  // namespace

TEST_CASE("an approval remedy turns a deny into a question, and real approvals into an allow") {
  Decider decider = decider_of(kOpen + kFourEyes);
  Decision asked = decide(decider, keyed_delete());
  CHECK(asked.verdict() == Verdict::ask);
  REQUIRE(asked.stages.size() == 1);
  CHECK(asked.stages[0] == Stage{"dba", 2, 900, "four-eyes"});
  CHECK(asked.deciding == std::vector<std::string>{"four-eyes"});
  CHECK(asked.reason == "needs 2 approvals from dba (asked by four-eyes)");
  CHECK(asked.rounds == 2);
  CHECK(decide(decider, keyed_delete(), support(), {2, {"dba"}}).verdict() == Verdict::allow);
  CHECK(decide(decider, keyed_delete(), support(), {1, {"dba"}}).verdict() == Verdict::ask);
  CHECK(decide(decider, keyed_delete(), support(), {2, {"finance"}}).verdict() == Verdict::ask);
}

TEST_CASE("limit_rows lifts reads only, and nothing that packs rows") {
  Decider decider = decider_of(kOpen + kCap);
  Decision limited = decide(decider, read_items());
  CHECK(limited.verdict() == Verdict::allow);
  CHECK(limited.row_limit == 1'000);
  Command packs = read_items();
  packs.packs_rows = true;
  CHECK(decide(decider, packs).verdict() == Verdict::deny);
  Command writing = command_of(CommandEffect::write, {reads("main.items"), writes("insert", "main.copies", Bound::eq)});
  CHECK(decide(decider, writing).verdict() == Verdict::deny);
  std::string calls =
      "@id(\"calls\") @remedy(\"limit_rows:10\") forbid (principal, action == Action::\"call\", resource) unless { "
      "context.row_limit <= 10 };";
  Command calling = read_items();
  calling.functions = {{"wipe", false, 'v', false}};
  CHECK(decide(decider_of(kOpen + calls), calling).verdict() == Verdict::deny);
  Command lying = read_items();
  lying.touches.push_back(writes("insert", "main.copies", Bound::eq));
  CHECK(decide(decider, lying).verdict() == Verdict::deny);
}

TEST_CASE("a remedy must really lift, and every deciding forbid must have one") {
  std::string hard = "@id(\"hard\") forbid (principal, action == Action::\"delete\", resource);";
  Decision decision = decide(decider_of(kOpen + kFourEyes + hard), keyed_delete());
  CHECK(decision.verdict() == Verdict::deny);
  CHECK(decision.deciding == std::vector<std::string>{"four-eyes", "hard"});
  CHECK(decision.reason.starts_with("DENIED by hard:"));
  std::string never =
      "@id(\"never\") @remedy(\"approval:group=dba\") forbid (principal, action == Action::\"delete\", resource) "
      "unless { context.approvals >= 2 };";
  CHECK(decide(decider_of(kOpen + never), keyed_delete()).verdict() == Verdict::deny);
  std::string erring =
      "@id(\"err\") @remedy(\"approval:group=dba\") forbid (principal, action == Action::\"delete\", resource) when { "
      "context.nope };";
  CHECK(decide(decider_of(kOpen + erring), keyed_delete()).code == "policy.error");
  CHECK(decide(decider_of(kFourEyes), keyed_delete()).code == "policy.default_deny");
}

TEST_CASE("remedies may uncover further forbids, for at most four rounds") {
  std::string chain;
  for (int i = 0; i < 6; ++i) {
    std::string n = std::to_string(i);
    chain += "@id(\"step" + n + "\") @remedy(\"approval:group=dba,n=" + std::to_string(i + 1) +
             "\") forbid (principal, action == Action::\"delete\", resource) when { context.approvals == " + n + " };";
  }
  Decision decision = decide(decider_of(kOpen + chain), keyed_delete());
  CHECK(decision.verdict() == Verdict::deny);
  CHECK(decision.rounds == 4);
  std::string two =
      "@id(\"a\") @remedy(\"approval:group=dba\") forbid (principal, action == Action::\"delete\", resource) unless { "
      "context.approvals >= 1 };"
      "@id(\"b\") @remedy(\"approval:group=finance\") forbid (principal, action == Action::\"delete\", resource) when "
      "{ context.approvals == 1 };";
  decision = decide(decider_of(kOpen + two), keyed_delete());
  CHECK(decision.verdict() == Verdict::ask);
  CHECK(decision.stages.size() == 2);
  CHECK(decision.rounds == 3);
}

TEST_CASE("one group is one stage, as strict as the strictest; different ones are several") {
  auto forbid = [](const char* id, const char* remedy) {
    return std::string("@id(\"") + id + "\") @remedy(\"" + remedy +
           "\") forbid (principal, action == Action::\"delete\", resource) unless { context.approvals >= 1 };";
  };
  Decision same =
      decide(decider_of(kOpen + forbid("a", "approval:group=dba") + forbid("b", "approval:n=1,group=dba,ttl=900s")),
             keyed_delete());
  REQUIRE(same.stages.size() == 1);
  CHECK(same.stages[0].asked_by == "a, b");
  Decision strict = decide(
      decider_of(kOpen + forbid("a", "approval:group=dba,n=3,ttl=2h") + forbid("b", "approval:group=dba,n=2,ttl=5m")),
      keyed_delete());
  REQUIRE(strict.stages.size() == 1);
  CHECK(strict.stages[0] == Stage{"dba", 3, 300, "a, b"});
  CHECK(decide(decider_of(kOpen + forbid("a", "approval:group=dba") + forbid("b", "approval:group=finance")),
               keyed_delete())
            .stages.size() == 2);
}

TEST_CASE("a fact from a value asks above a limit, and an unknown value refuses") {
  Decider decider = decider_of(kOpen +
                               "@id(\"big\") @remedy(\"approval:group=finance,n=1,ttl=15m\") forbid (principal, action "
                               "== Action::\"update\", resource == "
                               "Table::\"shop/main.orders\") when { context has refund_cents && context.refund_cents > "
                               "20000 } unless { context.approvals >= 1 };");
  Touch update = writes("update", "main.orders", Bound::eq, 1);
  update.columns_written = {"refunded_cents"};
  Command command = command_of(CommandEffect::write, {update});
  auto with = [&](std::vector<AssignedValue> assigned) {
    command.assigned = std::move(assigned);
    return decide(decider, command);
  };
  CHECK(with({{"main.orders.refunded_cents", true, "20000"}}).verdict() == Verdict::allow);
  CHECK(with({{"main.orders.refunded_cents", true, "20001"}}).verdict() == Verdict::ask);
  CHECK(with({{"main.orders.refunded_cents", true, "20001.0"}}).verdict() == Verdict::ask);
  CHECK(with({{"main.orders.refunded_cents", true, "-5"}}).verdict() == Verdict::allow);
  for (const char* bad : {"", "-", "1.5", "1e9", "+5", "99999999999999999999", "abc"})
    CHECK(with({{"main.orders.refunded_cents", true, bad}}).code == "command.value_unknown");
  CHECK(with({{"main.orders.refunded_cents", false, ""}}).code == "command.value_unknown");
  CHECK(with({{"main.orders.refunded_cents", true, "1"}, {"main.orders.refunded_cents", true, "2"}}).code ==
        "command.value_unknown");
  CHECK(with({{"main.orders.*", true, "1"}}).verdict() == Verdict::allow);
  CHECK(with({}).code == "command.value_unknown");  // written, but nobody says with what
  command.touches[0].columns_written = {"status"};
  CHECK(with({}).verdict() == Verdict::allow);
  CHECK(decide(decider, command_of(CommandEffect::write, {writes("insert", "main.orders", Bound::eq, 1)})).code ==
        "command.value_unknown");
  CHECK(decide(decider, command_of(CommandEffect::write, {writes("delete", "main.orders", Bound::eq, 1)})).verdict() ==
        Verdict::allow);
}

TEST_CASE("remedies are read strictly") {
  std::string error;
  auto good = parse_remedy("approval:group=dba,n=2,ttl=2h; limit_rows:10", error);
  REQUIRE(good);
  CHECK(good->stages[0].ttl_s == 7'200);
  CHECK(good->row_limit == 10);
  good = parse_remedy(" mask:pii.email, pii.card ; read_only;reason_required:min=20", error);
  REQUIRE(good);
  CHECK(good->classes == std::set<std::string>{"pii.card", "pii.email"});
  CHECK(good->read_only);
  CHECK(good->reason_min == 20);
  CHECK(parse_remedy("mask", error)->classes.empty());
  CHECK(parse_remedy("reason_required", error)->reason_min == 1);
  for (const char* bad : {"",
                          "approve:group=x",
                          "approval",
                          "approval:",
                          "approval:n=2",
                          "approval:group=a,n=0",
                          "approval:group=a,n=-1",
                          "approval:group=a,n=101",
                          "approval:group=a,ttl=5",
                          "approval:group=a,ttl=9d",
                          "approval:group=a,ttl=m",
                          "approval:group=a,group=b",
                          "approval:group=a,n=1,n=2",
                          "approval:group=a,x=1",
                          "limit_rows:",
                          "limit_rows:0",
                          "limit_rows:-1",
                          "limit_rows:1x",
                          "limit_rows:1;limit_rows:2",
                          "limit_rows:99999999999999999999",
                          "approval:group=a;;limit_rows:1",
                          "mask:",
                          "mask:a,,b",
                          "mask;mask",
                          "read_only:",
                          "read_only:yes",
                          "read_only;read_only",
                          "reason_required:",
                          "reason_required:5",
                          "reason_required:min=",
                          "reason_required:min=0",
                          "reason_required:min=1001",
                          "reason_required;reason_required",
                          "approval:group=a,ttl=99999999999999999999s"}) {
    INFO(bad);
    CHECK_FALSE(parse_remedy(bad, error).has_value());
    CHECK_FALSE(error.empty());
  }
}
