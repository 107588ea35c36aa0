#pragma once
// A pooled driver. One Action = one transaction on one connection. Implementations are thread-safe; an Action belongs
// to one thread. Adding one: CONTRIBUTING.md, "a backend".

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "libguard/cancel.h"
#include "model/catalogue.h"
#include "model/intent.h"
#include "model/permit.h"
#include "model/result.h"

namespace libguard::backend {

struct ActionLimits {
  Deadline deadline;
  CancelToken cancel;
  std::int64_t rows_max = 10'000;
  std::int64_t bytes_max = 16 * 1024 * 1024;
};

// What is known before the command runs. Reads of PostgreSQL send nothing here (one pipelined round trip later);
// writes open the transaction, so that the intent can carry what resolves an unknown outcome.
struct Prepared {
  std::string xid;  // PostgreSQL writes: pg_current_xact_id(); else ""
  std::string system_identifier;
};

class Action {
 public:
  virtual ~Action() = default;  // rolls back what was not committed and returns or destroys the connection
  // Throws Error(unavailable, "command.changed") when the catalogue is no longer the one the command was understood
  // against: the pipeline then understands and decides again, once.
  virtual Prepared prepare() = 0;
  // Spends the permit, runs the command, reads the rows under the limits, compares the affected rows with
  // permit.rows_affected_max() and COMMITs, or rolls back and throws. Errors hold no server text:
  //   backend.sql_error (+ sqlstate), backend.deadline, backend.cancelled, backend.unreachable,
  //   backend.effect_exceeded, command.changed, and Error(in_doubt, "backend.in_doubt") when COMMIT was sent and no
  //   answer came.
  virtual RawResult execute(Permit&& permit, const Intent& intent) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  // The current snapshot, cached; reloaded when `refresh` or when a DDL of ours ran.
  virtual std::shared_ptr<const Catalogue> catalogue(const Grant& grant, const ActionLimits& limits, bool refresh) = 0;
  // `permit` must outlive nothing: the action copies what it needs. Refuses a permit that is spent.
  virtual std::unique_ptr<Action> begin(const Grant& grant, const Permit& permit, const ActionLimits& limits) = 0;
  // "committed" | "aborted" | "in progress" | "unknown", for an intent whose outcome never came.
  virtual std::string resolve(const Grant& grant, const std::string& system_identifier, const std::string& xid,
                              const ActionLimits& limits) = 0;
  // In a forked child: closes sockets or abandons handles without calling the client library.
  virtual void abandon_after_fork() noexcept = 0;
  // "connections", "in_use", "opened", "destroyed", "waited_us" ...
  [[nodiscard]] virtual std::map<std::string, std::int64_t> stats() const = 0;
};

}  // namespace libguard::backend
