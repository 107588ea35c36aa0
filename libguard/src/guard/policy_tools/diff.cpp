// `policy diff`: which requests two sets answer differently, over a grid of everything and over recorded history.
#include <algorithm>

#include "guard/policy_tools/grid.h"
#include "guard/policy_tools/recorded.h"
#include "libguard/error.h"
#include "libguard/policy_tools.h"
#include "policy/time_zone.h"

namespace libguard {
namespace {

using namespace policy_tools;

constexpr std::int64_t kAskedMax = 100'000;
constexpr std::int64_t kSomeMondayS = 1'768'780'800;  // 2026-01-19T00:00:00Z

// What a person would call a different answer.
std::string said(const Decision& decision) {
  std::string out = word_of(decision.verdict());
  for (const Stage& stage : decision.stages) out += " " + std::to_string(stage.count) + " of " + stage.group;
  if (decision.row_limit) out += ", at most " + std::to_string(*decision.row_limit) + " rows";
  for (const std::string& name : decision.masked_classes) out += ", " + name + " masked";
  return out;
}

Decision ask(const Bench& bench, const GridCase& one) {
  policy::TimeZone zone(bench.frame().timezone);
  std::int64_t now = (kSomeMondayS + one.hour * 3'600 - zone.offset_s(kSomeMondayS)) * 1'000'000;
  Identity identity = bench.identity(one.account);
  if (one.request.kind == RequestKind::tool) return bench.decider().decide_tool(identity, one.request, {}, now);
  return bench.decider().decide(identity, one.request, one.command, {}, now);
}

struct Group {
  std::string then, now;
  std::set<std::string> objects, details, by;
  std::int64_t count = 0;
};

Json json_of(const std::tuple<std::string, std::string, std::string>& key, const Group& group) {
  const auto& [account, action, change] = key;
  return {{"account", account},       {"action", action},      {"old", group.then}, {"new", group.now},
          {"objects", group.objects}, {"when", group.details}, {"by", group.by},    {"requests", group.count}};
}

Json grid_json(const Bench& old_bench, const Bench& new_bench) {
  std::map<std::tuple<std::string, std::string, std::string>, Group> groups;
  std::int64_t asked = 0, differ = 0;
  bool cut = false;
  for_each_case(old_bench, new_bench, [&](const GridCase& one) {
    if (asked >= kAskedMax) {
      cut = true;
      return false;
    }
    ++asked;
    Decision then = ask(old_bench, one), now = ask(new_bench, one);
    std::string a = said(then), b = said(now);
    if (a == b) return true;
    ++differ;
    Group& group = groups[{one.account, one.action, a + " -> " + b}];
    group.then = a;
    group.now = b;
    group.objects.insert(one.connection.empty() ? one.object : one.connection + "/" + one.object);
    if (!one.detail.empty()) group.details.insert(one.detail);
    const auto& by = now.deciding.empty() ? then.deciding : now.deciding;
    group.by.insert(by.begin(), by.end());
    ++group.count;
    return true;
  });
  Json out{{"asked", asked}, {"differ", differ}, {"cut", cut}, {"groups", Json::array()}};
  for (const auto& [key, group] : groups) out["groups"].push_back(json_of(key, group));
  return out;
}

Json history_json(const Json& request, const Bench& old_bench, const Bench& new_bench) {
  std::int64_t actions = 0, not_decided = 0;
  Json changes = Json::array();
  read_history(request, old_bench, [&](const Json& action) {
    Recorded recorded = recorded_of(action, old_bench);
    if (!recorded.asked) return;
    ++actions;
    Judged then = judge(old_bench, recorded);
    Judged now = judge(new_bench, recorded_of(action, new_bench));
    if (!then.not_decided.empty() || !now.not_decided.empty()) {
      ++not_decided;
    } else if (std::string a = said(then.decision), b = said(now.decision); a != b) {
      changes.push_back({{"record", recorded.record},
                         {"account", recorded.account},
                         {"command", recorded.text},
                         {"tool", recorded.tool},
                         {"old", a},
                         {"new", b},
                         {"by", now.decision.deciding}});
    }
  });
  return {{"actions", actions}, {"not_decided", not_decided}, {"changes", std::move(changes)}};
}

}  // namespace

std::string policy_diff_json(std::string_view text) {
  Json json =
      read_request(text, {"config", "catalogues", "live", "old", "new", "audit", "since", "sessions", "history"});
  BenchSpec spec = spec_of(json);
  Bench present(spec);
  std::string old_path = text_of(json, "old"), new_path = text_of(json, "new");
  if (new_path.empty()) throw Error(ErrorKind::invalid, "request.malformed", "name the set to compare with: new");
  Bench old_bench = old_path.empty() ? Bench(present, present.sources()) : bench_against(present, spec, old_path);
  Bench new_bench = bench_against(present, spec, new_path);
  Json out = grid_json(old_bench, new_bench);
  Json open = Json::array();
  for (const ConnectionConfig& connection : present.config().connections) {
    if (!present.catalogue(connection.name))
      open.push_back("only tables that policies name were tried on connection " + connection.name + ": " +
                     present.why_no_catalogue(connection.name));
  }
  out["not_decided"] = std::move(open);
  if (flag_of(json, "history")) out["history"] = history_json(json, old_bench, new_bench);
  return dump(out);
}

}  // namespace libguard
