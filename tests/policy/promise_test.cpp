// Promise 6: adding a rule of the forbidding kind never widens access, whatever remedy it offers.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "policy/decider_fixture.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t count) { return random_() % count; }
  const std::string& of(const std::vector<std::string>& list) { return list[below(list.size())]; }

 private:
  std::mt19937 random_;
};

const std::vector<std::string> kActions = {"select", "update", "delete", "connect", "call", "unmask", "infer"};
const std::vector<std::string> kRemedies = {"",
                                            "approval:group=dba",
                                            "approval:group=dba,n=2,ttl=5m",
                                            "approval:group=finance",
                                            "limit_rows:10",
                                            "limit_rows:100; approval:group=dba",
                                            "mask:pii.email",
                                            "mask",
                                            "read_only",
                                            "reason_required",
                                            "reason_required:min=12",
                                            "read_only; mask:pii.card; limit_rows:5"};
// Sensible ones and wilful ones: some forbid *because* a remedy was applied.
const std::vector<std::string> kConditions = {
    "",
    "unless { context.approvals >= 1 }",
    "unless { context.approvals >= 2 && context.approver_groups.contains(Group::\"dba\") }",
    "when { context.approvals == 1 }",
    "when { context.approvals >= 2 }",
    "unless { context.row_limit <= 100 }",
    "when { context.row_limit <= 10 }",
    "when { context.row_limit == 100 }",
    "unless { context.masked.contains(DataClass::\"pii.email\") }",
    "when { context.masked.isEmpty() }",
    "when { !context.masked.isEmpty() }",
    "unless { context.read_only }",
    "when { context.read_only && context.approvals > 0 }",
    "unless { context.reason_given }",
    "when { context.reason_given }",
    "when { context.session_rows >= 10 }",
    "when { context.nope }",
    "when { context.rows_bound > 5 }",
};

// What a sensible author writes: a remedy, and the condition that it meets.
struct Pair {
  const char* remedy;
  const char* condition;
};
constexpr Pair kPairs[] = {
    {"approval:group=dba", "unless { context.approvals >= 1 }"},
    {"approval:group=dba,n=2,ttl=5m", "unless { context.approvals >= 2 }"},
    {"approval:group=finance", "unless { context.approver_groups.contains(Group::\"finance\") }"},
    {"limit_rows:100", "unless { context.row_limit <= 100 }"},
    {"limit_rows:10", "unless { context.row_limit <= 10 }"},
    {"mask:pii.email", "unless { context.masked.contains(DataClass::\"pii.email\") }"},
    {"mask", "when { context.masked.isEmpty() }"},
    {"read_only", "unless { context.read_only }"},
    {"reason_required:min=12", "unless { context.reason_given }"},
};

std::string random_policy(Dice& dice, int number, bool permit) {
  const Pair& pair = kPairs[dice.below(std::size(kPairs))];
  bool sensible = !permit && dice.below(5) < 3;
  std::string remedy = permit ? "" : sensible ? pair.remedy : dice.of(kRemedies);
  std::string out = "@id(\"" + std::string(permit ? "p" : "f") + std::to_string(number) + "\")";
  if (!remedy.empty()) out += " @remedy(\"" + remedy + "\")";
  out += permit ? " permit" : " forbid";
  std::string action = dice.below(3) == 0 ? "action" : "action == Action::\"" + dice.of(kActions) + "\"";
  return out + " (principal, " + action + ", resource) " + (sensible ? pair.condition : dice.of(kConditions)) + ";\n";
}

Command random_command(Dice& dice) {
  static const std::vector<std::string> kTables = {"main.items", "main.customers"};
  Command command;
  switch (dice.below(4)) {
    case 0:
      command = command_of(CommandEffect::write, {writes("update", dice.of(kTables), Bound::eq, 1)});
      break;
    case 1:
      command = command_of(CommandEffect::write, {writes("delete", dice.of(kTables), Bound::eq, 9)});
      break;
    default:
      command = command_of(CommandEffect::read, {reads(dice.of(kTables))});
      command.returns_rows = true;
      command.reveals = {{"email", {"main.customers.email"}}, {"card", {"main.customers.card"}}};
  }
  command.packs_rows = dice.below(4) == 0;
  if (dice.below(4) == 0) command.tests = {{"main.customers.email", dice.below(2) == 0}};
  if (dice.below(4) == 0) command.functions = {{"lower", dice.below(2) == 0, 'i', false}};
  if (dice.below(6) == 0) command.carries = {"main.customers.card"};
  return command;
}

bool covers(const std::vector<Stage>& more, const std::vector<Stage>& fewer) {
  return std::all_of(fewer.begin(), fewer.end(), [&](const Stage& wanted) {
    return std::any_of(more.begin(), more.end(), [&](const Stage& stage) {
      return stage.group == wanted.group && stage.count >= wanted.count && stage.ttl_s <= wanted.ttl_s;
    });
  });
}

// Whether what `narrow` allows is allowed by `wide`, on no stricter terms.
bool within(const Decision& narrow, const Decision& wide) {
  if (narrow.verdict() == Verdict::deny) return true;
  if (wide.verdict() == Verdict::deny) return false;
  if (narrow.verdict() > wide.verdict()) return false;
  return narrow.row_limit.value_or(kUnproven) <= wide.row_limit.value_or(kUnproven) &&
         std::includes(narrow.masked_classes.begin(), narrow.masked_classes.end(), wide.masked_classes.begin(),
                       wide.masked_classes.end()) &&
         narrow.read_only >= wide.read_only && covers(narrow.stages, wide.stages);
}

const std::string kSome = "@id(\"all\") permit (principal, action, resource) unless { context.rows_bound > 100 };\n";

}  // namespace

TEST_CASE("promise 6: adding any forbid never widens what is allowed") {
  int allowed = 0;
  int lifted = 0;
  for (std::uint32_t seed = 0; seed < 3'000; ++seed) {
    Dice dice(seed);
    std::string policies = dice.below(3) == 0 ? "" : kSome;
    for (std::size_t i = 0, count = dice.below(3); i < count; ++i)
      policies += random_policy(dice, static_cast<int>(i), true);
    for (std::size_t i = 0, count = dice.below(5); i < count; ++i)
      policies += random_policy(dice, static_cast<int>(i), false);
    std::string added = random_policy(dice, 99, false);
    Decider wide = decider_of(policies);
    Decider narrow = decider_of(policies + added);
    for (int i = 0; i < 6; ++i) {
      Command command = random_command(dice);
      Request request;
      request.purpose = dice.of({"", "why", "a reason that is long"});
      Usage usage;
      usage[Budget::session][Measure::rows] = static_cast<std::int64_t>(dice.below(20));
      Decision before = wide.decide(support(), request, command, {}, kNoonUs, usage);
      Decision after = narrow.decide(support(), request, command, {}, kNoonUs, usage);
      allowed += after.verdict() != Verdict::deny ? 1 : 0;
      lifted += after.rounds > 1 && after.verdict() != Verdict::deny ? 1 : 0;
      INFO(seed << "\n" << policies << "+ " << added << to_string(command.effect));
      REQUIRE(within(after, before));
    }
  }
  MESSAGE(allowed << " allowed or asked, " << lifted << " of them under remedies");
  CHECK(allowed > 500);
  CHECK(lifted > 100);
}

TEST_CASE("promise 6: the check itself sees a widening") {
  Decision nothing;
  Decider open = decider_of(kOpen);
  Decision allows = decide(open, command_of(CommandEffect::read, {reads("main.items")}));
  CHECK_FALSE(within(allows, nothing));
  Decision masks = allows;
  masks.masked_classes = {"pii.email"};
  CHECK(within(masks, allows));
  CHECK_FALSE(within(allows, masks));
}
