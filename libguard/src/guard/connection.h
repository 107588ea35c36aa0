#pragma once
// One configured connection: its backend, and what names mean there at present.

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "command/understander.h"
#include "guard/config.h"

namespace libguard {

// A catalogue and what understands commands by it. Immutable, shared by threads.
struct Meaning {
  std::shared_ptr<const Catalogue> catalogue;
  std::unique_ptr<command::Understander> understander;
};

// Thread-safe.
class Connection {
 public:
  Connection(ConnectionConfig config, std::shared_ptr<const Frame> frame, std::unique_ptr<backend::Backend> backend);

  [[nodiscard]] const ConnectionConfig& config() const noexcept { return config_; }
  [[nodiscard]] backend::Backend& backend() const noexcept { return *backend_; }

  // Loads the catalogue at first use, or anew. Throws Error(unavailable) when the backend cannot be reached and
  // Error(configuration, "config.unknown_column") when a data class or fact names a column that is not there: a
  // protection that cannot be enforced is refused, never skipped.
  [[nodiscard]] std::shared_ptr<const Meaning> meaning(const backend::ActionLimits& limits);
  [[nodiscard]] std::shared_ptr<const Meaning> refresh(const backend::ActionLimits& limits);
  // Whether the database means something else by now than `judged_by` says. Asked of refusals: what is refused never
  // reaches the transaction that would have noticed. The database is asked once a second at most, so that refusals are
  // no load on it, and for a second at most; what it does not answer changes nothing.
  [[nodiscard]] bool outdated(const Catalogue& judged_by, backend::ActionLimits limits) noexcept;
  // After a DDL of ours: the next command loads the catalogue first.
  void forget() noexcept;

  // A text as one command; several statements become one where the connection is told to split them (several.h).
  [[nodiscard]] std::shared_ptr<const Command> understand(const Meaning& meaning, std::string_view text,
                                                          const std::vector<Value>& params) const;

  [[nodiscard]] backend::ActionLimits limits(const Request& request) const;

 private:
  [[nodiscard]] std::shared_ptr<const Meaning> load(const backend::ActionLimits& limits, bool refresh);
  void check_names(const Catalogue& catalogue) const;

  ConnectionConfig config_;
  std::shared_ptr<const Frame> frame_;
  std::unique_ptr<backend::Backend> backend_;
  std::mutex mutex_;
  std::shared_ptr<const Meaning> meaning_;
  bool stale_ = false;
  std::chrono::steady_clock::time_point confirmed_{};  // when the catalogue was last read
};

using Connections = std::map<std::string, std::shared_ptr<Connection>, std::less<>>;

}  // namespace libguard
