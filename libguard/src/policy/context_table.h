#pragma once
// Every attribute of `context`, with its type: the one list that the vocabulary, the loader, the schema and
// docs/POLICY_FACTS.md follow.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/usage.h"
#include "policy/cedar/value.h"

namespace libguard::policy {

using cedar::Symbol;

// The number of a name is its symbol: Vocabulary interns them first and in this order, and the records of context.cpp
// are built in it. What changes between requests and rounds stands first.
enum class ContextName : Symbol {
  approvals,
  approver_groups,
  row_limit,
  masked,
  read_only,
  reason_given,
  bounded,
  rows_bound,
  columns_written,
  agent,
  crew,
  task,
  tool,
  hour,
  risk,
  destructive,
  effect,
  functions,
  kinds,
  statements,
  values_bound,
  argument_bytes,
  argument_names,
  argument_sizes,
  first_counter,  // one for each budget and measure, in the order of model/usage.h
};
inline constexpr Symbol kContextNames =
    static_cast<Symbol>(ContextName::first_counter) + static_cast<Symbol>(kBudgets * kMeasures);

enum class Presence : std::uint8_t { always, command, tool };

struct ContextAttribute {
  std::string_view name;
  std::string_view type;  // as in a Cedar schema; argument_sizes is an open record of Longs
  Presence presence = Presence::always;
  bool only_narrows = false;  // told by the process: only forbids may read it
};

[[nodiscard]] std::span<const ContextAttribute> context_attributes();
[[nodiscard]] std::string_view to_string(ContextName name);
[[nodiscard]] bool only_narrows(Symbol name);

struct Counter {
  Budget budget = Budget::session;
  Measure measure = Measure::calls;
};
// The counter behind a name of context, if it is one.
[[nodiscard]] std::optional<Counter> counter_of(Symbol name);
[[nodiscard]] constexpr Symbol symbol_of(Budget budget, Measure measure) {
  return static_cast<Symbol>(ContextName::first_counter) +
         static_cast<Symbol>(budget) * static_cast<Symbol>(kMeasures) + static_cast<Symbol>(measure);
}

}  // namespace libguard::policy
