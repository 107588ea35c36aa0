// `policy replay`: what recorded history would have met under another set.
#include <algorithm>

#include "guard/policy_tools/recorded.h"
#include "libguard/policy_tools.h"
#include "libguard/error.h"

namespace libguard {
namespace {

using namespace policy_tools;

constexpr std::size_t kChangedMax = 10'000;  // shown; all are counted
constexpr const char* kThen[] = {"deny", "ask", "allow"};

struct Replay {
  std::int64_t actions = 0, unchanged = 0, changed = 0, not_decided = 0, not_asked = 0;
  std::map<std::string, std::int64_t> kinds;    // "allow->deny" -> count
  std::map<std::string, std::int64_t> reasons;  // of not decided
  Json rows = Json::array();
};

// "mask+" = more is masked, "mask-" = less is, "mask" = other classes are.
std::string masking_change(const std::set<std::string>& then, const std::set<std::string>& now) {
  if (then == now) return {};
  bool more = std::includes(now.begin(), now.end(), then.begin(), then.end());
  bool less = std::includes(then.begin(), then.end(), now.begin(), now.end());
  return more ? "mask+" : less ? "mask-" : "mask";
}

Json row_of(const Recorded& recorded, const std::string& kind, const Decision& decision) {
  return {{"record", recorded.record},
          {"session", recorded.session},
          {"at", recorded.at},
          {"account", recorded.account},
          {"connection", recorded.connection},
          {"tool", recorded.tool},
          {"command", recorded.text},
          {"change", kind},
          {"then",
           {{"verdict", kThen[static_cast<int>(recorded.then)]},
            {"code", recorded.code},
            {"policies", recorded.policies_then},
            {"masked_classes", recorded.masked_then}}},
          {"now",
           {{"verdict", word_of(decision.verdict())},
            {"code", decision.code},
            {"policies", decision.deciding},
            {"masked_classes", decision.masked_classes},
            {"reason", decision.reason}}}};
}

void replay_one(const Json& action, const Bench& bench, Replay& replay) {
  Recorded recorded = recorded_of(action, bench);
  ++replay.actions;
  if (recorded.then == Then::nothing) {
    ++replay.not_asked;
    return;
  }
  if (!recorded.asked && recorded.why_not.empty()) {
    ++replay.unchanged;
    return;
  }
  Judged judged = judge(bench, recorded);
  if (!judged.not_decided.empty()) {
    ++replay.not_decided;
    ++replay.reasons[judged.not_decided];
    return;
  }
  std::string then = kThen[static_cast<int>(recorded.then)];
  std::string now = word_of(judged.decision.verdict());
  std::string kind = then == now ? std::string() : then + "->" + now;
  if (kind.empty() && now != "deny") kind = masking_change(recorded.masked_then, judged.decision.masked_classes);
  if (kind.empty()) {
    ++replay.unchanged;
    return;
  }
  ++replay.changed;
  ++replay.kinds[kind];
  if (replay.rows.size() < kChangedMax) replay.rows.push_back(row_of(recorded, kind, judged.decision));
}

}  // namespace

std::string policy_replay_json(std::string_view text) {
  Json json = read_request(text, {"config", "catalogues", "live", "against", "audit", "since", "sessions"});
  BenchSpec spec = spec_of(json);
  Bench present(spec);
  std::string against = text_of(json, "against");
  Bench bench = against.empty() ? Bench(present, present.sources()) : bench_against(present, spec, against);
  (void)bench.decider();
  Replay replay;
  read_history(json, present, [&](const Json& action) { replay_one(action, bench, replay); });
  Json reasons = Json::array();
  for (const auto& [why, count] : replay.reasons) reasons.push_back({{"why", why}, {"actions", count}});
  return dump({{"actions", replay.actions},
               {"unchanged", replay.unchanged},
               {"changed", replay.changed},
               {"not_decided", replay.not_decided},
               {"not_asked", replay.not_asked},
               {"kinds", replay.kinds},
               {"why_not_decided", std::move(reasons)},
               {"changes", std::move(replay.rows)},
               {"changes_cut", replay.changed > static_cast<std::int64_t>(kChangedMax)}});
}

}  // namespace libguard
