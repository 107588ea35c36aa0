#pragma once
// The two passes of the guard. A Grant lets a secret be fetched and a connection opened; a Permit lets one command
// run once. Neither can be made outside the module that is named as friend (promise 1), neither can be copied.

#include <memory>
#include <string>

#include "libguard/error.h"
#include "model/command.h"
#include "model/decision.h"

namespace libguard {

namespace approval {
class Approver;
}
class Pipeline;     // guard/: may open a connection for the guard's own fixed catalogue and health statements
class PermitForge;  // tests only: defined in tests/support/permit_forge.h, never in the library

// Leave to open a connection: an allowed `connect`, or the guard's own fixed statements.
class Grant {
 public:
  // From a decision that did not deny; throws Error(internal, "grant.without_allow") otherwise.
  [[nodiscard]] static Grant from(const Decision& decision, std::string connection, std::string tenant);

  [[nodiscard]] const std::string& connection() const noexcept { return connection_; }
  [[nodiscard]] const std::string& tenant() const noexcept { return tenant_; }
  Grant(Grant&&) = default;
  Grant& operator=(Grant&&) = default;
  Grant(const Grant&) = delete;
  Grant& operator=(const Grant&) = delete;

 private:
  friend class Pipeline;
  friend class PermitForge;
  Grant(std::string connection, std::string tenant) : connection_(std::move(connection)), tenant_(std::move(tenant)) {}
  // The guard's own catalogue and health statements, never a caller's text.
  [[nodiscard]] static Grant for_own_statements(std::string connection, std::string tenant) {
    return Grant(std::move(connection), std::move(tenant));
  }
  std::string connection_;
  std::string tenant_;
};

// Leave to run exactly one command, once. Move-only; `spend` empties it, and an empty one is refused at run time.
class Permit {
 public:
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&&) noexcept = default;
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

  // Digest of identity + command + policy version (approval/digest.h).
  [[nodiscard]] const std::string& digest() const noexcept { return digest_; }
  [[nodiscard]] bool valid() const noexcept { return command_ != nullptr; }
  [[nodiscard]] const Command& command() const;  // throws Error(internal, "permit.spent") on an empty one
  [[nodiscard]] bool write_allowed() const noexcept { return write_; }
  [[nodiscard]] std::int64_t rows_affected_max() const noexcept { return rows_affected_max_; }
  [[nodiscard]] std::int64_t row_limit() const noexcept { return row_limit_; }
  // Called by a backend at the moment of execution. Throws on an empty permit and on another digest.
  std::shared_ptr<const Command> spend(const std::string& digest);

 private:
  friend class approval::Approver;
  friend class PermitForge;
  Permit() = default;
  std::shared_ptr<const Command> command_;
  std::string digest_;
  bool write_ = false;
  std::int64_t rows_affected_max_ = 0;
  std::int64_t row_limit_ = kUnproven;
};

}  // namespace libguard
