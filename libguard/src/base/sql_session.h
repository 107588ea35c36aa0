#pragma once
// What a store of the guard's own needs of a database: a transaction that nobody else's write can come between.

#include <memory>
#include <string>
#include <vector>

#include "libguard/value.h"

namespace libguard {

// Not thread-safe. Every call but rollback throws Error; the session is thrown away then.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  virtual void begin() = 0;
  // One fixed statement with $1, $2 ... in the order of their first use; whole numbers and text only.
  virtual std::vector<Row> run(const char* sql, const std::vector<Value>& params) = 0;
  [[nodiscard]] virtual bool has_table(const std::string& name) = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
};

}  // namespace libguard
