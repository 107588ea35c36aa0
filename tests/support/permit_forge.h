#pragma once
// Tests only: makes the passes that only the approver and the journal can make in the library.

#include <memory>
#include <string>

#include "model/intent.h"
#include "model/permit.h"

namespace libguard {

class PermitForge {
 public:
  static Permit permit(Command command, bool write, std::int64_t rows_affected_max = 1'000,
                       std::int64_t row_limit = kUnproven, std::string digest = "digest") {
    Permit permit;
    permit.command_ = std::make_shared<const Command>(std::move(command));
    permit.digest_ = std::move(digest);
    permit.write_ = write;
    permit.rows_affected_max_ = rows_affected_max;
    permit.row_limit_ = row_limit;
    return permit;
  }
  static Intent intent(std::string digest = "digest") { return Intent("r-test", std::move(digest)); }
  static Grant grant(std::string connection = "shop") { return Grant(std::move(connection), "default"); }
};

}  // namespace libguard
