#pragma once
// Every account with every action on every object that is known, in every bound and class: what two policy sets are
// compared on.

#include <functional>

#include "guard/policy_tools/bench.h"

namespace libguard::policy_tools {

struct GridCase {
  std::string account, connection, action, object, detail;  // detail: "names one row by key", "at 3:00", "card matched"
  Request request;
  Command command;
  int hour = 12;
};
// The cases of both benches together, until `visit` answers false. Deterministic order.
void for_each_case(const Bench& first, const Bench& second, const std::function<bool(const GridCase&)>& visit);

}  // namespace libguard::policy_tools
