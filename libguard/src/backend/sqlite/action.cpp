#include "backend/sqlite/action.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>

#include "backend/sqlite/effect.h"
#include "backend/sqlite/gate.h"
#include "backend/sqlite/session.h"
#include "backend/sqlite/statement.h"
#include "base/text.h"
#include "libguard/error.h"

namespace libguard::backend::sqlite {
namespace {

class SqliteAction final : public Action {
 public:
  SqliteAction(std::shared_ptr<Pool> pool, const Permit& permit, const ActionLimits& limits,
               std::function<void()> changed_schema)
      : pool_(std::move(pool)),
        digest_(permit.digest()),
        version_(permit.command().catalogue_version),
        access_(permit.write_allowed() ? Access::write : Access::read),
        rows_affected_max_(permit.rows_affected_max()),
        rows_max_(std::min(limits.rows_max, permit.row_limit())),
        bytes_max_(limits.bytes_max),
        changed_schema_(std::move(changed_schema)),
        watch_(limits.deadline.earlier(Deadline::after(std::chrono::milliseconds(pool_->config().deadline_ms))),
               limits.cancel, pool_->config().busy_ms) {}

  // Opens the transaction and compares the schema in it (L2). What is equal here stays equal until it ends.
  Prepared prepare() override {
    pool_->check_process();
    if (session_) return {};
    const auto began = std::chrono::steady_clock::now();
    session_.emplace(pool_, access_, watch_);
    if (session_->facts()->version != version_) {
      session_.reset();
      throw Error(ErrorKind::unavailable, "command.changed",
                  "the schema is no longer the one that the command was understood against");
    }
    count_time(began);
    return {};
  }

  RawResult execute(Permit&& permit, const Intent& intent) override {
    pool_->check_process();
    if (intent.digest() != digest_)
      throw Error(ErrorKind::internal, "backend.other_intent", "the recorded intent is of another command");
    const std::shared_ptr<const Command> command = permit.spend(digest_);
    check_runnable(*command);
    prepare();
    const auto began = std::chrono::steady_clock::now();
    RawResult result = run(*command);
    count_time(began);
    result.backend_us = backend_us_;
    return result;
  }

 private:
  void count_time(std::chrono::steady_clock::time_point began) {
    backend_us_ +=
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count();
  }

  static void check_runnable(const Command& command) {
    if (command.dialect != Dialect::sqlite)
      throw Error(ErrorKind::internal, "backend.other_dialect", "the command is not for SQLite");
    if (command.runnable) return;
    throw Error(ErrorKind::invalid,
                command.not_runnable_code.empty() ? "command.not_runnable" : command.not_runnable_code,
                command.not_runnable.empty() ? "this kind of command is not run here" : command.not_runnable);
  }

  RawResult run(const Command& command) {
    try {
      RawResult result = step_through(command);
      session_->commit();
      session_.reset();
      if (command.effect != CommandEffect::read && command.effect != CommandEffect::write) changed_schema_();
      return result;
    } catch (const Error& error) {
      // A handle whose COMMIT nobody can tell the end of is not used again.
      if (session_ && error.kind() == ErrorKind::in_doubt) session_->spoil();
      session_.reset();
      throw;
    }
  }

  // The rows of all statements count against one bound; only those of the answering one are kept.
  RawResult step_through(const Command& command) {
    // The order of these matters: the hook must be there before a statement is compiled, and must outlive it.
    Effect effect(session_->handle().get(), watch_, rows_affected_max_, uncounted(command));
    if (command.parts.empty()) return step_one(command, effect, true);
    RawResult answer;
    std::int64_t affected = 0;
    for (std::size_t i = 0; i < command.parts.size(); ++i) {
      RawResult one = step_one(*command.parts[i], effect, i == command.answering);
      affected += one.affected;
      if (i == command.answering) answer = std::move(one);
    }
    answer.affected = affected;
    return answer;
  }

  RawResult step_one(const Command& command, const Effect& effect, bool keep) {
    Handle& handle = session_->handle();
    Gate gate(handle.get(), command, session_->facts());
    libguard::sqlite::Statement statement;
    if (int failed = prepare_one(handle.get(), command.text, statement); failed != SQLITE_OK) refuse(gate, failed);
    if (access_ == Access::read && sqlite3_stmt_readonly(statement.get()) == 0) {
      throw Error(
          ErrorKind::invalid, "command.disagreement",
          "the statement would write and was understood to read only, so it was refused and nothing was changed");
    }
    handle.guarded([&] { bind_all(statement.get(), command.params); });
    gate.running();

    RawResult result;
    result.columns = columns_of(statement.get());
    ReadRows read =
        read_rows(handle.get(), statement.get(), {keep ? rows_max_ : 0, bytes_max_, access_ == Access::write || !keep});
    if (read.result != SQLITE_DONE && read.result != SQLITE_ROW) refuse(gate, read.result);
    if (gate.refusal() != Refusal::none) refuse(gate, SQLITE_AUTH);
    result.affected = check_effect(command, effect, handle.get());
    result.command_tag = to_string(command.effect);
    result.rows = std::make_unique<BufferedRows>(std::move(read.rows), read.truncated);
    return result;
  }

  // sqlite3_changes64 keeps the number of the last INSERT, UPDATE or DELETE, so it is asked after such a one only.
  std::int64_t check_effect(const Command& command, const Effect& effect, sqlite3* database) const {
    if (access_ == Access::read) return 0;
    const std::int64_t direct = command.effect == CommandEffect::write ? sqlite3_changes64(database) : 0;
    if (!effect.exceeded(direct)) return direct;
    throw Error(ErrorKind::invalid, "backend.effect_exceeded",
                "the statement changes more than the " + std::to_string(rows_affected_max_) +
                    " rows that were permitted, triggers and cascades included; it was rolled back");
  }

  std::set<std::string> uncounted(const Command& command) const {
    std::set<std::string> names;
    for (const auto& [shadow, owner] : session_->facts()->shadow_owner) names.insert(shadow);
    for (const Touch& touch : command.touches) {
      if (touch.action == "ddl" && command.effect == CommandEffect::ddl && touch.object.starts_with("main.")) {
        names.insert(text::lower_ascii(touch.object.substr(5)));
      }
    }
    return names;
  }

  [[noreturn]] void refuse(const Gate& gate, int extended) const {
    if (gate.refusal() == Refusal::forbidden) {
      throw Error(ErrorKind::invalid, "command.forbidden", "the statement would do something that is never run here")
          .with_sqlstate("SQLITE_AUTH");
    }
    if (gate.refusal() == Refusal::beyond) {
      // The schema is the one that the command was understood against (L2), so it is the understanding that was wrong.
      throw Error(
          ErrorKind::invalid, "command.disagreement",
          "the database would touch something that the statement was not understood to touch, so it was refused "
          "and nothing was changed; name the tables themselves instead of a view over them, or tell the "
          "operator");
    }
    throw_failure(extended, watch_);
  }

  std::shared_ptr<Pool> pool_;
  std::string digest_;
  std::string version_;
  Access access_;
  std::int64_t rows_affected_max_;
  std::int64_t rows_max_;
  std::int64_t bytes_max_;
  std::function<void()> changed_schema_;
  Watch watch_;
  std::optional<Session> session_;
  std::int64_t backend_us_ = 0;
};

}  // namespace

std::unique_ptr<Action> make_action(std::shared_ptr<Pool> pool, const Permit& permit, const ActionLimits& limits,
                                    std::function<void()> changed_schema) {
  return std::make_unique<SqliteAction>(std::move(pool), permit, limits, std::move(changed_schema));
}

}  // namespace libguard::backend::sqlite
