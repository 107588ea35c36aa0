// Policy decisions at 100, 1,000 and 10,000 policies: a prepared request, a request that is looked up, a hash strawman
// that knows the shape of these policies, and the time to load them. `policy_work write DIR` writes the same policies,
// entities and requests as files, for engines that are asked from Python.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "libguard/policy.h"

using namespace libguard;

namespace {

using Steady = std::chrono::steady_clock;
constexpr int kRequests = 400;
const std::vector<std::string> kActions{"select", "insert", "update", "delete", "ddl"};

struct Rule {
  bool permit = true;
  int group = 0;
  std::vector<int> actions;
  std::string resource;  // Type::"id"
  int risk = 0;
  int rows = 0;
  int kind = 0;
};

struct Asked {
  int user = 0;
  int action = 0;
  int table = 0;
  int risk = 0;
  int hour = 0;
  int rows = 0;
  bool where = true;
};

// "Members of group G may do these actions on this table or schema if ..."; a tenth forbids.
struct Workload {
  explicit Workload(int count) : random(static_cast<std::uint32_t>(7'000 + count)), groups(std::max(10, count / 20)) {
    tables = count / 3 + 1;
    for (int i = 0; i < count; ++i) rules.push_back(rule());
    for (int i = 0; i < kRequests; ++i) requests.push_back(request(i));
  }

  int below(int most) { return static_cast<int>(random() % static_cast<std::uint32_t>(most)); }
  static std::string table_id(int i) {
    return "db" + std::to_string(i % 4) + ".s" + std::to_string(i % 23) + ".t" + std::to_string(i);
  }
  static std::string schema_of(const std::string& table) { return table.substr(0, table.rfind('.')); }

  Rule rule() {
    Rule out;
    out.permit = below(10) != 0;
    out.group = below(groups);
    const std::string table = table_id(below(tables));
    out.resource = below(100) < 6 ? "Schema::\"" + schema_of(table) + "\"" : "Table::\"" + table + "\"";
    for (int n = 1 + below(3); n > 0; --n) out.actions.push_back(below(5));
    std::sort(out.actions.begin(), out.actions.end());
    out.actions.erase(std::unique(out.actions.begin(), out.actions.end()), out.actions.end());
    if (!out.permit) out.actions = {2, 3};
    out.risk = 30 + 20 * below(3);
    out.rows = below(2) == 0 ? 1'000 : 10'000;
    out.kind = below(4);
    return out;
  }

  // Three of four hit what some rule is about.
  Asked request(int i) {
    Asked out;
    const Rule& of = rules[static_cast<std::size_t>(below(static_cast<int>(rules.size())))];
    out.user = i;
    members.push_back({of.group, below(groups), below(groups)});
    out.action = of.actions[static_cast<std::size_t>(below(static_cast<int>(of.actions.size())))];
    out.table = below(tables);
    if (i % 4 != 3) {
      for (int t = 0; t < tables; ++t) {
        const std::string id = table_id(t);
        if (of.resource == "Table::\"" + id + "\"" || of.resource == "Schema::\"" + schema_of(id) + "\"") out.table = t;
      }
    }
    const bool calm = i % 4 != 2;
    out.risk = calm ? below(30) : 90;
    out.hour = calm ? 8 + below(10) : 22;
    out.rows = calm ? below(900) : 500'000;
    out.where = calm;
    return out;
  }

  [[nodiscard]] std::string condition(const Rule& rule) const {
    const std::string risk = "context.risk < " + std::to_string(rule.risk);
    const std::string rows = "context.est_rows < " + std::to_string(rule.rows) + " && context.has_where";
    const std::string hours = "context.hour >= 8 && context.hour < 18";
    if (!rule.permit) return "!context.has_where";
    return rule.kind == 0   ? risk
           : rule.kind == 1 ? risk + " && " + hours
           : rule.kind == 2 ? rows
                            : risk + " && " + rows + " && " + hours;
  }
  [[nodiscard]] bool holds(const Rule& rule, const Asked& asked) const {
    if (!rule.permit) return !asked.where;
    const bool risk = asked.risk < rule.risk;
    const bool rows = asked.rows < rule.rows && asked.where;
    const bool hours = asked.hour >= 8 && asked.hour < 18;
    return rule.kind == 0 ? risk : rule.kind == 1 ? risk && hours : rule.kind == 2 ? rows : risk && rows && hours;
  }

  [[nodiscard]] std::string text() const {
    std::string out;
    for (const Rule& rule : rules) {
      out += rule.permit ? "permit(" : "forbid(";
      out += "principal in Group::\"g" + std::to_string(rule.group) + "\", action in [";
      for (std::size_t i = 0; i < rule.actions.size(); ++i)
        out += (i > 0 ? ", " : "") + ("Action::\"" + kActions[static_cast<std::size_t>(rule.actions[i])] + "\"");
      out += "], resource in " + rule.resource + ") when { " + condition(rule) + " };\n";
    }
    return out;
  }
  static std::string uid(const std::string& type, const std::string& id) {
    return R"({"type":")" + type + R"(","id":")" + id + "\"}";
  }
  [[nodiscard]] std::string entities() const {
    std::string out = "[";
    auto add = [&](const std::string& self, const std::vector<std::string>& parents) {
      out += out.size() > 1 ? ",\n" : "";
      out += R"({"uid":)" + self + R"(,"attrs":{},"parents":[)";
      for (std::size_t i = 0; i < parents.size(); ++i) out += (i > 0 ? "," : "") + parents[i];
      out += "]}";
    };
    for (std::size_t i = 0; i < members.size(); ++i) {
      std::vector<std::string> parents;
      for (int group : members[i]) {
        std::string parent = uid("Group", "g" + std::to_string(group));
        if (std::find(parents.begin(), parents.end(), parent) == parents.end()) parents.push_back(parent);
      }
      add(uid("User", "u" + std::to_string(i)), parents);
    }
    for (int i = 0; i < tables; ++i) add(uid("Table", table_id(i)), {uid("Schema", schema_of(table_id(i)))});
    for (int i = 0; i < 92 && i < tables; ++i) {
      const std::string schema = schema_of(table_id(i));
      add(uid("Schema", schema), {uid("Db", schema.substr(0, schema.find('.')))});
    }
    return out + "]";
  }
  [[nodiscard]] std::string json(const Asked& asked) const {
    return R"({"principal":)" + uid("User", "u" + std::to_string(asked.user)) + R"(,"action":)" +
           uid("Action", kActions[static_cast<std::size_t>(asked.action)]) + R"(,"resource":)" +
           uid("Table", table_id(asked.table)) + R"(,"context":{"risk":)" + std::to_string(asked.risk) + R"(,"hour":)" +
           std::to_string(asked.hour) + R"(,"est_rows":)" + std::to_string(asked.rows) + R"(,"has_where":)" +
           (asked.where ? "true" : "false") + "}}";
  }

  std::mt19937 random;
  int groups;
  int tables = 0;
  std::vector<Rule> rules;
  std::vector<std::vector<int>> members;
  std::vector<Asked> requests;
};

// What somebody would write who needs only this one shape: rules in a hash table under (group, action, resource).
class Strawman {
 public:
  explicit Strawman(const Workload& work) : work_(work) {
    std::unordered_map<std::string, std::uint64_t> resources;
    auto number = [&](const std::string& name) { return resources.try_emplace(name, resources.size()).first->second; };
    for (const Rule& rule : work.rules) {
      for (int action : rule.actions) rules_[key(rule.group, action, number(rule.resource))].push_back(&rule);
    }
    for (const Asked& asked : work.requests) {
      const std::string table = Workload::table_id(asked.table);
      std::vector<int> groups = work.members[static_cast<std::size_t>(asked.user)];
      std::sort(groups.begin(), groups.end());
      groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
      prepared_.push_back(
          {groups, number("Table::\"" + table + "\""), number("Schema::\"" + Workload::schema_of(table) + "\"")});
    }
  }
  [[nodiscard]] bool allowed(std::size_t i) const {
    const Asked& asked = work_.requests[i];
    bool permitted = false;
    for (int group : prepared_[i].groups) {
      for (std::uint64_t resource : {prepared_[i].table, prepared_[i].schema}) {
        auto found = rules_.find(key(group, asked.action, resource));
        if (found == rules_.end()) continue;
        for (const Rule* rule : found->second) {
          if (!work_.holds(*rule, asked)) continue;
          if (!rule->permit) return false;
          permitted = true;
        }
      }
    }
    return permitted;
  }

 private:
  struct Place {
    std::vector<int> groups;
    std::uint64_t table;
    std::uint64_t schema;
  };
  static std::uint64_t key(int group, int action, std::uint64_t resource) {
    return (static_cast<std::uint64_t>(group) << 40) ^ (static_cast<std::uint64_t>(action) << 36) ^ resource;
  }
  const Workload& work_;
  std::unordered_map<std::uint64_t, std::vector<const Rule*>> rules_;
  std::vector<Place> prepared_;
};

// Nanoseconds of one call: the least over rounds of many, so that a noisy machine is heard least.
template <typename Call>
double best_ns(int rounds, int times, const Call& call) {
  double best = 1e18;
  for (int r = 0; r < rounds; ++r) {
    auto began = Steady::now();
    for (int i = 0; i < times; ++i) call();
    best = std::min(best, std::chrono::duration<double, std::nano>(Steady::now() - began).count() / times);
  }
  return best;
}

double p50(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(int count) {
  Workload work(count);
  const std::string text = work.text();
  const std::string entities = work.entities();
  double load_ms = 1e18;
  for (int i = 0; i < 9; ++i) {
    auto began = Steady::now();
    PolicyEngine engine = PolicyEngine::from_text(text);
    load_ms = std::min(load_ms, std::chrono::duration<double, std::milli>(Steady::now() - began).count());
  }
  PolicyEngine engine = PolicyEngine::from_text(text, entities);
  Strawman strawman(work);
  std::vector<double> prepared_ns;
  std::vector<double> strawman_ns;
  std::vector<double> whole_ns;
  int allowed = 0;
  volatile bool sink = false;
  for (std::size_t i = 0; i < work.requests.size(); ++i) {
    const std::string json = work.json(work.requests[i]);
    PreparedRequest prepared = engine.prepare(json);
    if (prepared.allowed() != strawman.allowed(i)) {
      std::fprintf(stderr, "the engine and the strawman disagree about request %zu\n", i);
      std::exit(1);
    }
    allowed += prepared.allowed() ? 1 : 0;
    prepared_ns.push_back(best_ns(5, 200, [&] { sink = prepared.allowed(); }));
    strawman_ns.push_back(best_ns(5, 200, [&] { sink = strawman.allowed(i); }));
    whole_ns.push_back(best_ns(3, 20, [&] { sink = engine.prepare(json).allowed(); }));
  }
  std::printf(
      "{\"policies\": %d, \"prepared_ns\": %.0f, \"strawman_ns\": %.0f, \"from_json_ns\": %.0f, \"load_ms\": %.1f, "
      "\"allowed\": %d}\n",
      count, p50(prepared_ns), p50(strawman_ns), p50(whole_ns), load_ms, allowed);
}

void write(const std::filesystem::path& folder, int count) {
  Workload work(count);
  const std::string name = std::to_string(count);
  std::ofstream(folder / (name + ".cedar")) << work.text();
  std::ofstream(folder / (name + ".entities.json")) << work.entities();
  std::ofstream requests(folder / (name + ".requests.jsonl"));
  for (const Asked& asked : work.requests) requests << work.json(asked) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  for (int count : {100, 1'000, 10'000}) {
    if (argc > 2 && std::string(argv[1]) == "write")
      write(argv[2], count);
    else
      measure(count);
  }
  return 0;
}
