// The remedies that need nobody's leave: mask, read_only, reason_required, and what all of them make together.
#include <doctest/doctest.h>

#include "policy/decider_fixture.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

std::string forbid(const std::string& id, const std::string& remedy, const std::string& rest,
                   const std::string& action = "select") {
  return "@id(\"" + id + "\")" + (remedy.empty() ? "" : " @remedy(\"" + remedy + "\")") +
         " forbid (principal, action == Action::\"" + action + "\", resource) " + rest + ";";
}

const std::string kMasked = "unless { context.masked.contains(DataClass::\"pii.email\") }";
const std::string kClasses =
    "@id(\"classes\") permit (principal, action in [Action::\"unmask\", Action::\"infer\", Action::\"match\"], "
    "resource "
    "in DataClass::\"pii\");"
    "@id(\"calls\") permit (principal, action == Action::\"call\", resource in Connection::\"shop\");";

Command read_emails() {
  Command command = command_of(CommandEffect::read, {reads("main.customers")});
  command.returns_rows = true;
  command.reveals = {{"email", {"main.customers.email"}}};
  return command;
}

Request because(const std::string& purpose) {
  Request request;
  request.purpose = purpose;
  return request;
}

}  // namespace

TEST_CASE("mask lifts a forbid by masking what may be seen otherwise") {
  Decider open = decider_of(kOpen + kClasses);
  CHECK(decide(open, read_emails()).masked_classes.empty());
  Decider decider = decider_of(kOpen + kClasses + forbid("hide", "mask:pii.email", kMasked));
  Decision decision = decide(decider, read_emails());
  CHECK(decision.verdict() == Verdict::allow);
  CHECK(decision.masked_classes == std::set<std::string>{"pii.email"});
  CHECK(decision.rounds == 2);
  REQUIRE(decision.trail.size() == 1);
  CHECK(decision.trail[0].forbids == std::vector<std::string>{"hide"});
  CHECK(decision.trail[0].remedies == std::vector<std::string>{"mask:pii.email"});
  Decision all = decide(decider_of(kOpen + kClasses + forbid("hide", "mask", kMasked)), read_emails());
  CHECK(all.masked_classes == std::set<std::string>{"pii.card", "pii.email"});
  std::string parent = "unless { context.masked.contains(DataClass::\"pii\") }";
  CHECK(decide(decider_of(kOpen + kClasses + forbid("hide", "mask:pii", parent)), read_emails()).verdict() ==
        Verdict::allow);
  CHECK(decide(decider_of(kOpen + kClasses + forbid("hide", "mask:pii.email", parent)), read_emails()).verdict() ==
        Verdict::deny);
  CHECK(decide(decider_of(kOpen + kClasses + forbid("hide", "", kMasked)), read_emails()).code == "policy.denied");
}

TEST_CASE("mask never lifts what shows or moves a class by other ways") {
  Decider decider = decider_of(kOpen + kClasses + forbid("hide", "mask:pii.email", kMasked));
  Command tested = read_emails();
  tested.tests = {{"main.customers.email", false}};
  CHECK(decide(decider, tested).verdict() == Verdict::deny);
  tested.tests = {{"main.customers.email", true}};
  CHECK(decide(decider, tested).verdict() == Verdict::allow);
  tested.tests = {{"main.customers.card", false}};
  CHECK(decide(decider, tested).verdict() == Verdict::allow);
  Command erring = read_emails();
  erring.error_reveals = {"main.customers.email"};
  CHECK(decide(decider, erring).verdict() == Verdict::deny);
  Command calling = read_emails();
  calling.functions = {{"spell", false, 'v', false}};
  CHECK(decide(decider, calling).verdict() == Verdict::deny);
  Command copying = read_emails();
  copying.effect = CommandEffect::write;
  copying.touches.push_back(writes("insert", "main.copies", Bound::eq, 1));
  CHECK(decide(decider, copying).verdict() == Verdict::deny);
  Command lying = read_emails();
  lying.touches.push_back(writes("insert", "main.copies", Bound::eq, 1));
  CHECK(decide(decider, lying).verdict() == Verdict::deny);
  std::string infer = "unless { context.masked.contains(DataClass::\"pii.card\") }";
  CHECK(decide(decider_of(kOpen + kClasses + forbid("no-infer", "mask:pii.card", infer, "infer")), tested).verdict() ==
        Verdict::deny);
}

TEST_CASE("a mask of what is not there, and an unknown remedy, are refused at load") {
  CHECK_THROWS_AS(decider_of(kOpen + forbid("hide", "mask:pii.emial", kMasked)), Error);
  CHECK_THROWS_AS(decider_of(kOpen + forbid("hide", "hide", kMasked)), Error);
  auto bare = std::make_shared<Frame>(*shop_frame());
  bare->classes.clear();
  CHECK_THROWS_AS(decider_of(kOpen + forbid("hide", "mask", "unless { context.masked.isEmpty() }"), bare), Error);
}

TEST_CASE("read_only lifts reads and nothing else") {
  const std::string rest = "unless { context.read_only }";
  Decider decider = decider_of(kOpen + kClasses + forbid("ro", "read_only", rest));
  Decision decision = decide(decider, read_emails());
  CHECK(decision.verdict() == Verdict::allow);
  CHECK(decision.read_only);
  CHECK_FALSE(decide(decider_of(kOpen), read_emails()).read_only);
  Command writing =
      command_of(CommandEffect::write, {reads("main.items"), writes("update", "main.items", Bound::eq, 1)});
  CHECK(decide(decider, writing).verdict() == Verdict::deny);
  CHECK(decide(decider_of(kOpen + forbid("ro", "read_only", rest, "update")), writing).verdict() == Verdict::deny);
  Command session = command_of(CommandEffect::session, {reads("main.items")});
  CHECK(decide(decider, session).verdict() == Verdict::deny);
  Command calling = read_emails();
  calling.functions = {{"wipe", false, 'v', false}};
  CHECK(decide(decider, calling).verdict() == Verdict::deny);
  CHECK(decide(decider_of(kOpen + forbid("ro", "", rest)), read_emails()).verdict() == Verdict::deny);
}

TEST_CASE("reason_required refuses and says how, and a reason lifts") {
  const std::string rest = "unless { context.reason_given }";
  Decider decider = decider_of(kOpen + kClasses + forbid("why", "reason_required", rest));
  Decision refused = decide(decider, read_emails());
  CHECK(refused.verdict() == Verdict::deny);
  CHECK(refused.code == "policy.reason_required");
  CHECK(refused.deciding == std::vector<std::string>{"why"});
  CHECK(refused.reason ==
        "DENIED by why: this needs a reason. Say why and ask again: with purpose= when the session is opened, or with "
        "purpose= or explanation= in the request itself.");
  CHECK(decide(decider, read_emails(), support(), {}, because("audit")).verdict() == Verdict::allow);
  CHECK(decide(decider, read_emails(), support(), {}, because(" \t\n")).code == "policy.reason_required");
  Request explained;
  explained.explanation = "the customer asked";
  CHECK(decide(decider, read_emails(), support(), {}, explained).verdict() == Verdict::allow);
  // Without a remedy the same condition is an ordinary forbid.
  Decider plain = decider_of(kOpen + kClasses + forbid("why", "", rest));
  CHECK(decide(plain, read_emails()).code == "policy.denied");
  CHECK(decide(plain, read_emails(), support(), {}, because("audit")).verdict() == Verdict::allow);
}

TEST_CASE("a reason that is too short is no reason, also behind other remedies") {
  const std::string rest = "unless { context.reason_given }";
  Decider decider = decider_of(kOpen + kClasses + forbid("why", "reason_required:min=20", rest));
  Decision refused = decide(decider, read_emails(), support(), {}, because("short"));
  CHECK(refused.code == "policy.reason_required");
  CHECK(refused.reason.find("too short of at least 20 characters") != std::string::npos);
  CHECK(decide(decider, read_emails(), support(), {}, because("a b c d e f g h i j k")).code ==
        "policy.reason_required");
  CHECK(decide(decider, read_emails(), support(), {}, because("quarterly audit of addresses")).verdict() ==
        Verdict::allow);
  Decider behind = decider_of(
      kOpen + kClasses + forbid("cap", "limit_rows:10", "unless { context.row_limit <= 10 }") +
      forbid("why", "reason_required:min=20", "when { context.row_limit <= 10 } unless { context.reason_given }"));
  CHECK(decide(behind, read_emails(), support(), {}, because("short")).code == "policy.reason_required");
  // Somebody else's longer reason is not asked of those who need none.
  Decider elsewhere = decider_of(kOpen + kClasses + forbid("why", "reason_required:min=20", rest, "update"));
  CHECK(decide(elsewhere, read_emails(), support(), {}, because("short")).verdict() == Verdict::allow);
  // Nobody is told to give a reason in vain.
  Decider final = decider_of(kOpen + kClasses + forbid("why", "reason_required", rest) + forbid("no", "", ""));
  CHECK(decide(final, read_emails()).code == "policy.denied");
}

TEST_CASE("several remedies make the most restrictive answer") {
  Decider decider = decider_of(
      kOpen + kClasses + forbid("a", "limit_rows:100; mask:pii.email", "unless { context.row_limit <= 100 }") +
      forbid("b", "limit_rows:7; read_only", "unless { context.read_only }") +
      forbid("c", "mask:pii.card; approval:group=finance,ttl=1h", "unless { context.approvals >= 1 }") +
      forbid("d", "approval:group=dba,n=2", "unless { context.approver_groups.contains(Group::\"dba\") }"));
  Decision decision = decide(decider, read_emails());
  CHECK(decision.verdict() == Verdict::ask);
  CHECK(decision.row_limit == 7);
  CHECK(decision.read_only);
  CHECK(decision.masked_classes == std::set<std::string>{"pii.card", "pii.email"});
  REQUIRE(decision.stages.size() == 2);
  CHECK(decision.stages[0] == Stage{"finance", 1, 3'600, "c"});
  CHECK(decision.stages[1] == Stage{"dba", 2, 900, "d"});
  REQUIRE(decision.trail.size() == 1);
  CHECK(decision.trail[0].forbids.size() == 4);
  Command packs = read_emails();
  packs.packs_rows = true;
  CHECK(decide(decider, packs).verdict() == Verdict::deny);
}

TEST_CASE("a forbid never lifts another by what its remedy changes") {
  // `late` forbids only while there is exactly one approval; `more` would bring two.
  std::string late = forbid("late", "", "when { context.approvals == 1 }");
  std::string one = forbid("one", "approval:group=dba", "unless { context.approvals >= 1 }");
  std::string more = forbid("more", "approval:group=dba,n=2", "unless { context.approvals >= 1 }");
  CHECK(decide(decider_of(kOpen + kClasses + one + late), read_emails()).verdict() == Verdict::deny);
  Decision decision = decide(decider_of(kOpen + kClasses + one + late + more), read_emails());
  CHECK(decision.verdict() == Verdict::deny);
  CHECK(decision.reason.find("late") != std::string::npos);
  // Nor does one unmask: a class shows only when it would show without the remedy.
  std::string few =
      "@id(\"few\") permit (principal, action == Action::\"unmask\", resource) when { context.row_limit <= 10 };";
  std::string cap = forbid("cap", "limit_rows:10", "unless { context.row_limit <= 10 }");
  CHECK(decide(decider_of(kOpen + few + cap), read_emails()).masked_classes == std::set<std::string>{"pii.email"});
}

TEST_CASE("counters are always there, and a used up budget says when it is free again") {
  Decider decider = decider_of(
      kOpen + kClasses + forbid("rate", "", "when { context.calls_last_min >= 10 }") +
      forbid("quiet", "", "when { context.account_rows_today + context.session_bytes + context.task_spend > 100 }") +
      forbid("day", "", "unless { context.user_rows_today < 50 || context.agent_writes_today < 0 }"));
  CHECK(decide(decider, read_emails()).verdict() == Verdict::allow);
  Usage usage;
  usage[Budget::last_min][Measure::calls] = 10;
  usage.frees_at_us[static_cast<std::size_t>(Budget::last_min)] = kNoonUs + 60'000'000;
  Decision refused = decider.decide(support(), {}, read_emails(), {}, kNoonUs, usage);
  CHECK(refused.code == "policy.budget");
  CHECK(refused.reason ==
        "DENIED by rate: The budget calls_last_min is used up: 10 of 10. It is free again at "
        "2025-11-24T12:01:00.000000Z at the latest; do not try before then.");
  usage = {};
  usage[Budget::last_min][Measure::calls] = 9;
  CHECK(decider.decide(support(), {}, read_emails(), {}, kNoonUs, usage).verdict() == Verdict::allow);
  usage[Budget::session][Measure::bytes] = 101;
  CHECK(decider.decide(support(), {}, read_emails(), {}, kNoonUs, usage).code == "policy.denied");
  usage = {};
  usage[Budget::user_today][Measure::rows] = 50;
  CHECK(decider.decide(support(), {}, read_emails(), {}, kNoonUs, usage).code == "policy.budget");
  BudgetNeeds needs = decider.budget_needs();
  CHECK(needs.has(Budget::last_min, Measure::calls));
  CHECK_FALSE(needs.has(Budget::last_min, Measure::rows));
  CHECK(needs.has(Budget::task, Measure::spend));
  CHECK(needs.any_kept());
  CHECK_FALSE(decider_of(kOpen).budget_needs().any_kept());
  // Whoever names the task or the agent names the counter.
  CHECK_THROWS_AS(decider_of("@id(\"p\") permit (principal, action, resource) when { context.task_calls < 3 };"),
                  Error);
  CHECK_THROWS_AS(decider_of("@id(\"p\") permit (principal, action, resource) when { context.user_rows_today < 3 };"),
                  Error);
}
