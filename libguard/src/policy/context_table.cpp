#include "policy/context_table.h"

#include <array>

namespace libguard::policy {
namespace {

constexpr ContextAttribute kAttributes[] = {
    {"approvals", "Long"},
    {"approver_groups", "Set<Group>"},
    {"row_limit", "Long"},
    {"masked", "Set<DataClass>"},
    {"read_only", "Bool"},
    {"reason_given", "Bool"},
    {"bounded", "String", Presence::command},
    {"rows_bound", "Long", Presence::command},
    {"columns_written", "Set<String>", Presence::command},
    {"agent", "String", Presence::always, true},
    {"crew", "String", Presence::always, true},
    {"task", "String", Presence::always, true},
    {"tool", "String", Presence::always, true},
    {"hour", "Long"},
    {"risk", "Long"},
    {"destructive", "Bool", Presence::command},
    {"effect", "String", Presence::command},
    {"functions", "Set<String>", Presence::command},
    {"kinds", "Set<String>", Presence::command},
    {"statements", "Long", Presence::command},
    {"values_bound", "Bool", Presence::command},
    {"argument_bytes", "Long", Presence::tool},
    {"argument_names", "Set<String>", Presence::tool},
    {"argument_sizes", "{}", Presence::tool},
    // Counters. Whoever names another task, agent or user gets another counter, so that no permit may rest on one.
    {"session_calls", "Long"},
    {"session_rows", "Long"},
    {"session_bytes", "Long"},
    {"session_writes", "Long"},
    {"session_spend", "Long"},
    {"task_calls", "Long", Presence::always, true},
    {"task_rows", "Long", Presence::always, true},
    {"task_bytes", "Long", Presence::always, true},
    {"task_writes", "Long", Presence::always, true},
    {"task_spend", "Long", Presence::always, true},
    {"agent_calls_today", "Long", Presence::always, true},
    {"agent_rows_today", "Long", Presence::always, true},
    {"agent_bytes_today", "Long", Presence::always, true},
    {"agent_writes_today", "Long", Presence::always, true},
    {"agent_spend_today", "Long", Presence::always, true},
    {"account_calls_today", "Long"},
    {"account_rows_today", "Long"},
    {"account_bytes_today", "Long"},
    {"account_writes_today", "Long"},
    {"account_spend_today", "Long"},
    {"user_calls_today", "Long", Presence::always, true},
    {"user_rows_today", "Long", Presence::always, true},
    {"user_bytes_today", "Long", Presence::always, true},
    {"user_writes_today", "Long", Presence::always, true},
    {"user_spend_today", "Long", Presence::always, true},
    {"calls_last_min", "Long"},
    {"rows_last_min", "Long"},
    {"bytes_last_min", "Long"},
    {"writes_last_min", "Long"},
    {"spend_last_min", "Long"},
    {"calls_last_hour", "Long"},
    {"rows_last_hour", "Long"},
    {"bytes_last_hour", "Long"},
    {"writes_last_hour", "Long"},
    {"spend_last_hour", "Long"},
};
static_assert(std::size(kAttributes) == kContextNames);

}  // namespace

std::span<const ContextAttribute> context_attributes() { return kAttributes; }

std::string_view to_string(ContextName name) { return kAttributes[static_cast<std::size_t>(name)].name; }

bool only_narrows(Symbol name) { return name < kContextNames && kAttributes[name].only_narrows; }

std::optional<Counter> counter_of(Symbol name) {
  constexpr auto kFirst = static_cast<Symbol>(ContextName::first_counter);
  if (name < kFirst || name >= kContextNames) return std::nullopt;
  return Counter{static_cast<Budget>((name - kFirst) / kMeasures), static_cast<Measure>((name - kFirst) % kMeasures)};
}

}  // namespace libguard::policy
