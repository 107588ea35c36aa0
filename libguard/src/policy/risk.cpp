#include "policy/risk.h"

#include <algorithm>

namespace libguard::policy {
namespace {

// The published contributions. Their sum is cut at 100.
constexpr int kWriteInProd = 40;
constexpr int kWrite = 20;
constexpr int kEveryRow = 38;
constexpr int kUnprovenRows = 12;
constexpr int kStructure = 55;
constexpr int kPrivilege = 55;
constexpr int kMaintenance = 25;
constexpr int kSession = 15;
constexpr int kDestructive = 10;
constexpr int kOpaque = 25;
constexpr int kFact = 12;
constexpr int kClassRevealed = 6;
constexpr int kClassesRevealedMax = 18;
constexpr int kClassTested = 4;
constexpr int kClassesTestedMax = 12;
constexpr int kSystem = 10;
constexpr int kUnusualHour = 8;
constexpr int kDefiner = 15;

class Sum {
 public:
  void add(bool applies, int points, const char* what) {
    if (applies && points > 0) parts.push_back({points, "+" + std::to_string(points) + " " + what});
  }
  std::vector<RiskPart> parts;
};

bool any_touch(const Command& command, bool (*test)(const Touch&)) {
  return std::any_of(command.touches.begin(), command.touches.end(), test);
}

bool changes_rows(const Touch& touch) {
  return touch.action == "update" || touch.action == "delete" || touch.action == "merge" || touch.action == "truncate";
}

void add_writes(Sum& sum, const Command& command, const RiskView& view) {
  bool writes = any_touch(command, [](const Touch& t) { return is_write_action(t.action); });
  bool admin = command.effect == CommandEffect::ddl || command.effect == CommandEffect::dcl ||
               command.effect == CommandEffect::maintenance;
  sum.add((writes || admin) && view.connection->production, kWriteInProd, "write in prod");
  sum.add((writes || admin) && !view.connection->production, kWrite, "write");
  bool every = any_touch(command, [](const Touch& t) {
    return changes_rows(t) && (t.bound == Bound::none || t.bound == Bound::tautology);
  });
  bool weak = any_touch(command, [](const Touch& t) { return changes_rows(t) && t.bound == Bound::weak; });
  sum.add(every, kEveryRow, "every row of a table");
  sum.add(weak && !every, kUnprovenRows, "number of rows unproven");
  sum.add(command.effect == CommandEffect::ddl, kStructure, "structure change");
  sum.add(command.effect == CommandEffect::dcl, kPrivilege, "privilege change");
  sum.add(command.effect == CommandEffect::maintenance, kMaintenance, "maintenance");
  sum.add(command.effect == CommandEffect::session, kSession, "session setting");
  sum.add(command.destructive && !every && !admin, kDestructive, "destructive");
  sum.add(view.facts_assigned > 0, kFact, "watched column");
}

}  // namespace

bool is_write_action(std::string_view action) {
  return action == "insert" || action == "update" || action == "delete" || action == "merge" || action == "truncate";
}

std::vector<RiskPart> risk_of(const Command& command, const RiskView& view) {
  Sum sum;
  add_writes(sum, command, view);
  bool unsafe =
      std::any_of(command.functions.begin(), command.functions.end(), [](const CalledFunction& f) { return !f.safe; });
  bool definer = std::any_of(command.functions.begin(), command.functions.end(),
                             [](const CalledFunction& f) { return f.security_definer; });
  sum.add(unsafe, kOpaque, "code that nobody vetted");
  sum.add(definer, kDefiner, "runs with its owner's rights");
  sum.add(view.classes_revealed > 0, std::min(view.classes_revealed * kClassRevealed, kClassesRevealedMax),
          "sensitive classes shown");
  sum.add(view.classes_tested > 0, std::min(view.classes_tested * kClassTested, kClassesTestedMax),
          "sensitive classes tested");
  sum.add(any_touch(command, [](const Touch& t) { return t.system; }), kSystem, "system tables");
  sum.add(view.hour < 6 || view.hour >= 22, kUnusualHour, "unusual hour");
  return std::move(sum.parts);
}

int total(const std::vector<RiskPart>& parts) {
  int sum = 0;
  for (const RiskPart& part : parts) sum += part.points;
  return std::min(sum, 100);
}

}  // namespace libguard::policy
