#pragma once
// Values, entities and requests in Cedar's JSON form, with explicit `__entity` and `__extn`, so that they can be read
// again without a schema.

#include <string>

#include "base/json.h"
#include "policy/cedar/entities.h"
#include "policy/cedar/machine.h"

namespace libguard::policy::cedar {

// An extension value is written anew, not as the text that it was read from.
[[nodiscard]] Json to_json(const Value& value, const Names& names);
[[nodiscard]] Json to_json(const Record& record, const Names& names);
[[nodiscard]] Json uid_json(EntityIndex entity, const Names& names);
// Sorted by type and id.
[[nodiscard]] Json to_json(const Entities& entities, const Names& names);
[[nodiscard]] Json to_json(const EvalRequest& request, const Names& names);

}  // namespace libguard::policy::cedar
