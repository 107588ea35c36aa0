// A read: one pipelined round trip. The command stands behind the proof of its catalogue (probe.h), so the server does
// not execute it when the proof fails, and no row of another schema is ever read.

#include <utility>

#include "backend/postgres/postgres_action.h"
#include "backend/postgres/sql_error.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// How long a cancelled read may take to end before the connection is given up instead.
constexpr auto kCancelSpan = std::chrono::milliseconds(2'000);

class ReadAction final : public PostgresAction {
 public:
  using PostgresAction::PostgresAction;
  ~ReadAction() override {
    // Left in the middle by a deadline or a cancel: the server is told, nobody waits for it, and the connection goes.
    if (under_way_ && !core_->fds->forked()) {
      (void)connection_->cancel(std::chrono::milliseconds(0));
      connection_->mark_broken();
    }
  }

  // Nothing is sent here unless a plan is wanted: then the transaction opens, proves its catalogue and shows its plans,
  // whose locks hold what they name until the end.
  Prepared prepare() override {
    if (!wants_plans() || opened_) return {};
    auto start = Connection::Steady::now();
    check_parameters();
    under_way_ = true;
    send_opening(false, true, kOpened);
    send_proof(*connection_, version_, {});
    send_plans();
    connection_->send_sync();
    connection_->flush(wait_);
    std::string position = read_opening(true);
    if (!proof()) changed_before();
    read_plans();
    connection_->drain_to_sync(wait_);
    under_way_ = false;
    core_->freshness.learned(version_, position);
    opened_ = true;
    waited_ += Connection::Steady::now() - start;
    return {};
  }

  RawResult execute(Permit&& permit, const Intent& intent) override {
    Permit mine = std::move(permit);
    (void)spend(mine, intent);
    prepare();
    auto start = Connection::Steady::now();
    check_parameters();
    RawResult result = opened_ ? run_opened() : run();
    waited_ += Connection::Steady::now() - start;
    result.backend_us = std::chrono::duration_cast<std::chrono::microseconds>(waited_).count();
    return result;
  }

 private:
  static constexpr const char* kOpened = "g";

  // The proof stands once more before the command, by digest: a function could have been replaced since, which no lock
  // holds.
  RawResult run_opened() {
    under_way_ = true;
    send_proof(*connection_, version_, {});
    send_end(kOpened);
    if (!proof()) changed_before();
    return rows();
  }

  RawResult run() {
    Freshness::Plan plan = connection_->standby() ? Freshness::Plan{} : core_->freshness.plan(version_);
    if (plan.by_position) {
      send(plan, "g0");
      (void)read_opening(false);
      if (proof()) {
        core_->freshness.held();
        return rows();
      }
      // Something was written somewhere since: whether it was the catalogue, only the digest knows.
      core_->freshness.moved();
      connection_->drain_to_sync(wait_);
      rollback();
      under_way_ = false;
    }
    send({}, "g1");
    std::string position = read_opening(true);
    if (!proof()) changed_before();
    core_->freshness.learned(version_, position);
    return rows();
  }

  [[noreturn]] void changed_before() {
    connection_->drain_to_sync(wait_);
    under_way_ = false;
    throw_changed();
  }

  void send(const Freshness::Plan& plan, const char* name) {
    under_way_ = true;
    send_opening(false, !plan.by_position, name);
    send_proof(*connection_, version_, plan);
    send_end(name);
  }

  void send_end(const char* name) {
    send_statements(name);
    connection_->send("COMMIT");
    connection_->send_sync();
    connection_->flush(wait_);
  }

  bool proof() { return proof_held(connection_->one(wait_).get(), wait_); }

  RawResult rows() {
    Rows read = read_rows([] { return false; });
    if (read.stopped) {
      stop();
    } else if (!connection_->broken()) {
      connection_->drain_to_sync(wait_);
    }
    under_way_ = false;
    if (read.error) refuse(read.error.get());
    read.result.affected = 0;
    return std::move(read.result);
  }

  // The rows that we have are good; what the connection is worth depends on how soon the server lets go.
  void stop() {
    auto span = std::min<std::chrono::milliseconds>(kCancelSpan, wait_.deadline.left());
    Wait ending{wait_.deadline.earlier(Deadline::after(kCancelSpan)), wait_.cancel};
    try {
      if (connection_->cancel(span))
        connection_->drain_to_sync(ending);
      else
        connection_->mark_broken();
    } catch (const Error&) {
      connection_->mark_broken();
    }
  }

  bool under_way_ = false;
  bool opened_ = false;
};

}  // namespace

std::unique_ptr<Action> read_action(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot,
                                    const Permit& permit, const ActionLimits& limits, Pool::Lease lease) {
  return std::make_unique<ReadAction>(std::move(core), std::move(snapshot), permit, limits, std::move(lease));
}

}  // namespace libguard::backend::postgres
