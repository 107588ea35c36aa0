#pragma once
// What a read and a write have in common: the pass that is spent, the transaction's opening, the rows.

#include <functional>
#include <memory>

#include "backend/postgres/core.h"

namespace libguard::backend::postgres {

class PostgresAction : public Action {
 public:
  PostgresAction(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot, const Permit& permit,
                 const ActionLimits& limits, Pool::Lease lease);

 protected:
  // Spends the permit; throws Error(internal, "permit.other_command") unless it and the intent are of the command that
  // the action was begun for.
  std::shared_ptr<const Command> spend(Permit& permit, const Intent& intent);
  // Queues BEGIN, the statement time-out, the log position if wanted, and the Parse of the command; `name` is its
  // prepared statement. The search path is the session's own and was verified by the reset (P2).
  void send_opening(bool write, bool position, const char* name);
  // Reads the answers to it; returns the log position. Throws what the server's refusal means.
  std::string read_opening(bool position);
  // Reads the rows of the command. `at_limit` is asked once, when there are more than the limits allow: true goes on
  // to read (and drop) the rest.
  struct Rows {
    RawResult result;
    Result error;  // set when the statement failed
    bool has_rows = false;
    bool stopped = false;  // left in the middle
  };
  Rows read_rows(const std::function<bool()>& at_limit);
  // A statement that does not fit the schema may only mean that the schema is no longer the one that was understood.
  [[noreturn]] void refuse(const PGresult* error);
  [[noreturn]] void throw_changed();
  void rollback();
  // Before anything is sent: the server must read strings as our parser did.
  void check_parameters();

  std::shared_ptr<Core> core_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::string digest_;
  std::string text_;
  std::string version_;
  Params params_;
  Wait wait_;
  std::int64_t rows_max_;
  std::int64_t bytes_max_;
  std::int64_t affected_max_;
  Pool::Lease connection_;
  Connection::Steady::duration waited_{};
  bool used_ = false;

 private:
  void describe(const PGresult* first, RawResult& result) const;
};

[[nodiscard]] std::unique_ptr<Action> read_action(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot,
                                                  const Permit& permit, const ActionLimits& limits, Pool::Lease lease);
[[nodiscard]] std::unique_ptr<Action> write_action(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot,
                                                   const Permit& permit, const ActionLimits& limits, Pool::Lease lease);

}  // namespace libguard::backend::postgres
