#pragma once
// What a read and a write have in common: the pass that is spent, the transaction's opening, the rows.

#include <functional>
#include <memory>
#include <optional>

#include <vector>

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
  // Queues BEGIN, the statement time-out, the log position if wanted, and the Parse of the command's statements, whose
  // prepared names begin with `name`. The search path is the session's own and was verified by the reset (P2).
  void send_opening(bool write, bool position, const std::string& name);
  // Reads the answers to it; returns the log position. Throws what the server's refusal means.
  std::string read_opening(bool position);
  // P7: queues the plan of each statement whose decision rests on what the server makes of it, behind the proof. Then
  // reads them; throws Error(invalid, "command.disagreement") after draining the batch.
  [[nodiscard]] bool wants_plans() const;
  void send_plans();
  void read_plans();
  void send_statements(const std::string& name);
  // Reads the rows of the statements: those of the answering one are kept, those of others dropped. `at_limit` is asked
  // once, when there are more than the limits allow: true goes on to read (and drop) the rest.
  struct Rows {
    RawResult result;
    Result error;  // set when the statement failed
    bool has_rows = false;
    bool stopped = false;  // left in the middle
  };
  Rows read_rows(const std::function<bool()>& at_limit);
  // Rows changed by INSERT, UPDATE, DELETE and MERGE as their tags say; nothing when there was none of them.
  [[nodiscard]] std::optional<std::int64_t> changed() const noexcept { return changed_; }
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
  struct Part {
    std::shared_ptr<const Command> command;  // null: the whole command is the one statement
    std::string text;
    bool planned = false;
  };
  std::vector<Part> parts_;
  std::size_t answering_ = 0;
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
  void read_part(bool keep, const std::function<bool()>& at_limit, Rows& out);
  [[noreturn]] void disagree(const std::string& beyond);

  std::shared_ptr<const Command> whole_;
  std::optional<std::int64_t> changed_;
};

[[nodiscard]] std::unique_ptr<Action> read_action(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot,
                                                  const Permit& permit, const ActionLimits& limits, Pool::Lease lease);
[[nodiscard]] std::unique_ptr<Action> write_action(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot,
                                                   const Permit& permit, const ActionLimits& limits, Pool::Lease lease);

}  // namespace libguard::backend::postgres
