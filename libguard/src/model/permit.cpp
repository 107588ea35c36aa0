#include "model/permit.h"

#include <utility>

namespace libguard {

Grant Grant::from(const Decision& decision, std::string connection, std::string tenant) {
  if (decision.verdict() == Verdict::deny) {
    throw Error(ErrorKind::internal, "grant.without_allow", "a denied command asked for a connection");
  }
  return Grant(std::move(connection), std::move(tenant));
}

const Command& Permit::command() const {
  if (!command_) throw Error(ErrorKind::internal, "permit.spent", "this permit was used before; ask again");
  return *command_;
}

std::shared_ptr<const Command> Permit::spend(const std::string& digest) {
  if (!command_) throw Error(ErrorKind::internal, "permit.spent", "this permit was used before; ask again");
  if (digest != digest_) {
    command_.reset();
    throw Error(ErrorKind::internal, "permit.other_command", "this permit was made for another command");
  }
  return std::exchange(command_, nullptr);
}

}  // namespace libguard
