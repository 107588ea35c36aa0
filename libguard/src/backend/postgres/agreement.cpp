#include "backend/postgres/agreement.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/json.h"

namespace libguard::backend::postgres {
namespace {

// EXPLAIN takes these and what is made of them.
constexpr std::array<std::string_view, 8> kPlanned = {"select", "select_for_lock", "select_into",     "insert",
                                                      "update", "delete",          "create_table_as", "merge"};
// Nodes of a plan lie in "Plans"; each level of the query costs two levels of JSON.
constexpr int kPlanNestingMax = 2'000;

bool can_be_planned(const Command& command) {
  return !command.kinds.empty() && std::all_of(command.kinds.begin(), command.kinds.end(), [](const std::string& kind) {
    return std::find(kPlanned.begin(), kPlanned.end(), kind) != kPlanned.end();
  });
}

// A plain table does what its name says; behind anything else the server does more.
bool is_plain(const CatalogueRelation& relation) {
  return (relation.kind == 'r' || relation.kind == 'S') && !relation.row_security && relation.rule_events.empty() &&
         relation.children.empty() && relation.parents.empty() &&
         std::all_of(relation.triggers.begin(), relation.triggers.end(),
                     [](const CatalogueTrigger& trigger) { return trigger.internal; });
}

std::string text_of(const Json& node, const char* member) {
  auto found = node.find(member);
  return found != node.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What policy was asked about, and what a plan may add to it of its own.
class Allowed {
 public:
  Allowed(const Command& command, const Snapshot& snapshot) : snapshot_(snapshot) {
    for (const Touch& touch : command.touches) {
      relations_.insert(touch.object);
      system_ = system_ || touch.system;
    }
    relations_.insert(command.reads.begin(), command.reads.end());
    relations_.insert(command.writes.begin(), command.writes.end());
    for (const CalledFunction& function : command.functions) {
      functions_.insert(function.name);
      inlined_ = inlined_ || (!function.safe && snapshot.written_in_sql(function.name));
    }
  }

  [[nodiscard]] bool relation(const std::string& schema, const std::string& name) const {
    return inlined_ || (system_ && is_system(schema)) || reaches(schema + "." + name);
  }
  [[nodiscard]] bool function(const std::string& schema, const std::string& name) const {
    return inlined_ || functions_.contains(schema + "." + name) || (system_ && is_system(schema));
  }

 private:
  static bool is_system(const std::string& schema) { return schema == "pg_catalog" || schema == "information_schema"; }

  // A partition or child belongs to a parent that was allowed, as the catalogue of the decision has it.
  [[nodiscard]] bool reaches(const std::string& object) const {
    std::vector<std::string> waiting{object};
    std::set<std::string> seen{object};
    while (!waiting.empty()) {
      const std::string name = std::move(waiting.back());
      waiting.pop_back();
      if (relations_.contains(name)) return true;
      const CatalogueRelation* relation = snapshot_.relation(name);
      if (relation == nullptr) continue;
      for (const std::string& parent : relation->parents) {
        if (seen.insert(parent).second) waiting.push_back(parent);
      }
    }
    return false;
  }

  const Snapshot& snapshot_;
  std::set<std::string> relations_;
  std::set<std::string> functions_;
  bool system_ = false;
  // A function in SQL may be planned as if its body stood in the query. Policy allowed that function by its name, and
  // its body is part of the proven catalogue.
  bool inlined_ = false;
};

std::string beyond_in_node(const Json& node, const Allowed& allowed) {
  const std::string relation = text_of(node, "Relation Name");
  const std::string function = text_of(node, "Function Name");
  const std::string schema = text_of(node, "Schema");
  if (!relation.empty() && !allowed.relation(schema, relation)) return "relation " + schema + "." + relation;
  if (!function.empty() && !allowed.function(schema, function)) return "function " + schema + "." + function;
  const std::string kind = text_of(node, "Node Type");
  bool unnamed = relation.empty() && (kind == "Foreign Scan" || kind == "Custom Scan");
  return unnamed ? "a " + kind + " that names no relation" : std::string();
}

}  // namespace

bool plan_wanted(const Command& command, const Snapshot& snapshot, bool always) {
  if (!can_be_planned(command)) return false;
  if (always || !command.doubts.empty()) return true;
  bool unvetted = std::any_of(command.functions.begin(), command.functions.end(),
                              [](const CalledFunction& function) { return !function.safe; });
  return unvetted || std::any_of(command.touches.begin(), command.touches.end(), [&](const Touch& touch) {
           if (touch.through_view) return true;
           const CatalogueRelation* relation = snapshot.relation(touch.object);
           return relation == nullptr || (!relation->system && !is_plain(*relation));
         });
}

std::string plan_query(const std::string& text, int server_version) {
  // A generic plan does not depend on the values, so that no estimate of theirs is computed. Before 16 there is none.
  return (server_version >= 160'000 ? "EXPLAIN (VERBOSE, FORMAT JSON, GENERIC_PLAN) "
                                    : "EXPLAIN (VERBOSE, FORMAT JSON) ") +
         text;
}

std::string beyond_facts(const Command& command, const Snapshot& snapshot, std::string_view plan_json) {
  JsonResult read = read_json(plan_json, kPlanNestingMax);
  if (!read.value) return "a plan that cannot be read";
  const Allowed allowed(command, snapshot);
  // By hand, so that a deep plan costs no stack.
  std::vector<const Json*> waiting{&*read.value};
  while (!waiting.empty()) {
    const Json& node = *waiting.back();
    waiting.pop_back();
    if (node.is_object()) {
      if (std::string beyond = beyond_in_node(node, allowed); !beyond.empty()) return beyond;
    }
    if (node.is_structured()) {
      for (const Json& child : node) {
        if (child.is_structured()) waiting.push_back(&child);
      }
    }
  }
  return "";
}

}  // namespace libguard::backend::postgres
