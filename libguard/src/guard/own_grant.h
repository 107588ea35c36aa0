#pragma once
// The guard's own leave to open a connection for its fixed catalogue and health statements.

#include <string>

#include "model/permit.h"

namespace libguard {

class Pipeline {
 public:
  [[nodiscard]] static Grant own_grant(const std::string& connection, const std::string& tenant) {
    return Grant::for_own_statements(connection, tenant);
  }
};

}  // namespace libguard
