#include "command/last_filled.h"

#include "model/values.h"

namespace libguard::command {

std::shared_ptr<const Command> LastFilled::find(std::span<const Value> params) const {
  std::lock_guard lock(mutex_);
  return last_ != nullptr && same_values(params, last_->params) ? last_ : nullptr;
}

void LastFilled::keep(std::shared_ptr<const Command> filled) const {
  std::lock_guard lock(mutex_);
  last_.swap(filled);
}

}  // namespace libguard::command
