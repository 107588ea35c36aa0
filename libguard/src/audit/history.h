#pragma once
// Recorded actions, for tools that judge them again. Reads only; any bytes in the directory are survived.

#include <functional>
#include <set>
#include <string>

#include "base/json.h"

namespace libguard::audit {

struct HistoryFilter {
  std::string since;               // RFC 3339 or a date: records at or after it; "" = all
  std::set<std::string> sessions;  // "" = all
};

// Each intent and each refusal in the order of its stream; `outcome` is in it, or null for an intent without one. False
// when the directory cannot be read.
bool for_each_action(const std::string& directory, const HistoryFilter& filter,
                     const std::function<void(const Json& action)>& visit);

}  // namespace libguard::audit
