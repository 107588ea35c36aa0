#pragma once
// One command in one transaction of one handle.

#include <functional>
#include <memory>

#include "backend/backend.h"
#include "backend/sqlite/pool.h"

namespace libguard::backend::sqlite {

// `changed_schema` is called after the COMMIT of a command that may have changed the schema.
[[nodiscard]] std::unique_ptr<Action> make_action(std::shared_ptr<Pool> pool, const Permit& permit,
                                                  const ActionLimits& limits, std::function<void()> changed_schema);

}  // namespace libguard::backend::sqlite
