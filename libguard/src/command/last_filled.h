#pragma once
// The Command of a text with its parameters filled in, for the parameters that came last: repeating a call costs no
// copy, and gives the same Command.

#include <memory>
#include <mutex>
#include <span>

#include "model/command.h"

namespace libguard::command {

// Thread-safe.
class LastFilled {
 public:
  // Null when others came last.
  [[nodiscard]] std::shared_ptr<const Command> find(std::span<const Value> params) const;
  void keep(std::shared_ptr<const Command> filled) const;

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Command> last_;
};

}  // namespace libguard::command
