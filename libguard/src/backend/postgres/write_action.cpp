// A write: (1) prepare opens the transaction, proves the catalogue and fetches the xid for the intent; (2) execute
// proves it again, runs the statement and compares its effect with the permitted bound; (3) COMMIT. Whatever leaves
// earlier rolls back.

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "backend/postgres/postgres_action.h"
#include "backend/postgres/sql_error.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// Rows touched so far by this session in any user table, triggers, rules and cascades included. The counters go back
// further than the transaction, so only a difference says something. NULL when the server does not count.
constexpr const char* kTouched =
    "SELECT CASE WHEN current_setting('track_counts')::bool THEN coalesce(sum(pg_stat_get_xact_tuples_inserted(oid)"
    " + pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid)), 0)::text END"
    ", pg_current_xact_id()::text FROM pg_catalog.pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'm')";

// In an action's own transaction a failed proof would lose the xid that the intent holds, so position and digest are
// tried in one statement (whose planning costs more than a write's own round trips, but less than its sync).
const std::string& proof_of_write() {
  static const std::string proof = std::string("SELECT 1 / CASE WHEN ") + log_position_expression() +
                                   " = $1 THEN 1 WHEN " + version_expression() + " = $2 THEN 1 ELSE 0 END";
  return proof;
}

class WriteAction final : public PostgresAction {
 public:
  WriteAction(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot, const Permit& permit,
              const ActionLimits& limits, Pool::Lease lease)
      : PostgresAction(std::move(core), std::move(snapshot), permit, limits, std::move(lease)) {
    const Command& command = permit.command();
    changes_schema_ = command.effect != CommandEffect::read && command.effect != CommandEffect::write;
    if (std::find(command.kinds.begin(), command.kinds.end(), "truncate") == command.kinds.end()) return;
    for (const Touch& touch : command.touches) {
      if (touch.action != "select" && touch.oid != 0) emptied_.push_back(touch.oid);
    }
  }

  // P4. Nothing of ours stays: an open transaction is rolled back by the reset, a running statement is stopped.
  ~WriteAction() override {
    if (under_way_ && !core_->fds->forked()) {
      (void)connection_->cancel(std::chrono::milliseconds(0));
      connection_->mark_broken();
    }
  }

  Prepared prepare() override {
    auto start = Connection::Steady::now();
    check_parameters();
    under_way_ = true;
    send_opening(true, true, "g0");
    send_write_proof();
    connection_->send(kTouched);
    send_plans();
    finish_batch();
    std::string position = read_opening(true);
    read_proof();
    Result before = connection_->one(wait_);
    auto [touched, xid] = touched_by(before.get());
    touched_before_ = touched;
    read_plans();
    drained();
    core_->freshness.learned(version_, position);
    if (!emptied_.empty()) emptied_rows_ = count_emptied();
    waited_ += Connection::Steady::now() - start;
    prepared_ = true;
    return {xid, connection_->system_identifier};
  }

  RawResult execute(Permit&& permit, const Intent& intent) override {
    Permit mine = std::move(permit);
    (void)spend(mine, intent);
    if (!prepared_)
      throw Error(ErrorKind::internal, "backend.not_prepared", "a write was executed before it was prepared");
    auto start = Connection::Steady::now();
    check_parameters();
    Rows read = run();
    compare_effect(read.result);
    commit();
    if (changes_schema_) core_->snapshots.invalidate();
    waited_ += Connection::Steady::now() - start;
    read.result.backend_us = std::chrono::duration_cast<std::chrono::microseconds>(waited_).count();
    return std::move(read.result);
  }

 private:
  void finish_batch() {
    connection_->send_sync();
    connection_->flush(wait_);
  }

  void drained() {
    connection_->drain_to_sync(wait_);
    under_way_ = false;
  }

  void send_write_proof() {
    Freshness::Plan plan = core_->freshness.plan(version_);
    Params expected;
    expected.text(plan.by_position ? plan.position : "-").text(version_);
    connection_->send(proof_of_write().c_str(), expected);
  }

  void read_proof() {
    if (proof_held(connection_->one(wait_).get(), wait_)) return;
    drained();
    rollback();
    throw_changed();
  }

  // Touched rows and the xid.
  std::pair<std::int64_t, std::string> touched_by(const PGresult* answer) {
    if (PQresultStatus(answer) != PGRES_TUPLES_OK || PQntuples(answer) != 1) throw_sql_error(answer, wait_);
    if (PQgetisnull(answer, 0, 0) != 0) {
      throw Error(
          ErrorKind::configuration, "backend.track_counts_off",
          "the server does not count changed rows (track_counts is off), so the effect of a write cannot be bounded");
    }
    return {std::strtoll(PQgetvalue(answer, 0, 0), nullptr, 10), PQgetvalue(answer, 0, 1)};
  }

  Rows run() {
    under_way_ = true;
    send_write_proof();
    send_statements("g0");
    connection_->send("SET CONSTRAINTS ALL IMMEDIATE");
    connection_->send(kTouched);
    finish_batch();
    read_proof();
    Rows read = read_rows([] { return true; });
    if (read.error) failed(read.error.get());
    Result constraints = connection_->one(wait_);
    if (PQresultStatus(constraints.get()) != PGRES_COMMAND_OK) failed(constraints.get());
    touched_ = touched_by(connection_->one(wait_).get()).first - touched_before_;
    drained();
    read.result.affected = changed() ? *changed() : read.has_rows ? touched_ : std::max(touched_, read.result.affected);
    return read;
  }

  [[noreturn]] void failed(const PGresult* error) {
    if (!connection_->broken()) {
      drained();
      rollback();
    }
    throw_sql_error(error, wait_);
  }

  void compare_effect(const RawResult& result) {
    std::int64_t effect = 0;
    if (__builtin_add_overflow(std::max(touched_, result.affected), emptied_rows_, &effect)) effect = INT64_MAX;
    if (effect <= affected_max_) return;
    rollback();
    throw Error(ErrorKind::invalid, "backend.effect_exceeded",
                "the statement changed " + std::to_string(effect) +
                    " rows, triggers and cascades included, where at most " + std::to_string(affected_max_) +
                    " were permitted; it was rolled back");
  }

  // TRUNCATE counts nothing, so its rows are counted before, up to one more than is permitted.
  std::int64_t count_emptied() {
    std::string sql = "SELECT 0";
    for (const std::string& name : names_of_emptied()) {
      sql += " + (SELECT count(*) FROM (SELECT FROM " + name + " LIMIT " +
             std::to_string(std::min<std::int64_t>(affected_max_, INT64_MAX - 1) + 1) + ") AS emptied)";
    }
    Result counted = ask(sql, Params());
    return std::strtoll(PQgetvalue(counted.get(), 0, 0), nullptr, 10);
  }

  std::vector<std::string> names_of_emptied() {
    std::string list = "{";
    for (std::int64_t oid : emptied_) list += (list.size() > 1 ? "," : "") + std::to_string(oid);
    Params params;
    params.text(list + "}");
    Result found =
        ask("SELECT format('%I.%I', nspname, relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
            " ON n.oid = relnamespace WHERE c.oid = ANY ($1::oid[]) AND relkind IN ('r', 'p')",
            params);
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(PQntuples(found.get())));
    for (int row = 0; row < PQntuples(found.get()); ++row) names.push_back(PQgetvalue(found.get(), row, 0));
    return names;
  }

  Result ask(const std::string& sql, const Params& params) {
    under_way_ = true;
    connection_->send(sql.c_str(), params);
    finish_batch();
    Result answer = connection_->one(wait_);
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
      failed(answer.get());
    }
    drained();
    return answer;
  }

  // From here on a cancel comes too late, and silence is not a no.
  void commit() {
    check(wait_);
    Wait patient{wait_.deadline, CancelToken()};
    Result answer;
    try {
      connection_->send("COMMIT");
      connection_->send_sync();
      connection_->flush(patient);
      answer = connection_->one(patient);
      if (!ends_or_unknown(answer.get())) connection_->drain_to_sync(patient);
    } catch (const Error&) {
      in_doubt();
    }
    if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) {
      if (ends_or_unknown(answer.get())) in_doubt();
      throw_sql_error(answer.get(), wait_);
    }
    if (std::string_view(PQcmdStatus(answer.get())) != "COMMIT") {
      throw Error(ErrorKind::unavailable, "backend.rolled_back",
                  "the database rolled the transaction back instead of committing it");
    }
  }

  [[nodiscard]] bool ends_or_unknown(const PGresult* answer) const {
    return PQresultStatus(answer) != PGRES_COMMAND_OK && (connection_->broken() || ends_session(answer));
  }

  [[noreturn]] void in_doubt() {
    connection_->mark_broken();
    throw Error(
        ErrorKind::in_doubt, "backend.in_doubt",
        "COMMIT was sent and the database did not answer; whether it took effect can be resolved from the record");
  }

  std::vector<std::int64_t> emptied_;  // oids of what a TRUNCATE empties
  std::int64_t emptied_rows_ = 0;
  std::int64_t touched_before_ = 0;
  std::int64_t touched_ = 0;
  bool changes_schema_ = false;
  bool prepared_ = false;
  bool under_way_ = false;
};

}  // namespace

std::unique_ptr<Action> write_action(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot,
                                     const Permit& permit, const ActionLimits& limits, Pool::Lease lease) {
  return std::make_unique<WriteAction>(std::move(core), std::move(snapshot), permit, limits, std::move(lease));
}

}  // namespace libguard::backend::postgres
