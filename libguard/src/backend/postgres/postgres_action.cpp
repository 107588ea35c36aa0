#include "backend/postgres/postgres_action.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "backend/postgres/agreement.h"
#include "backend/postgres/sql_error.h"
#include "backend/postgres/values.h"
#include "base/log.h"
#include "base/text.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// Room for a row that is a little over bytes_max: it is then cut as a row, not as a connection.
constexpr std::int64_t kRowSlackBytes = 1024 * 1024;

std::string name_of(const std::string& name, std::size_t part) {
  return part == 0 ? name : name + "." + std::to_string(part);
}

bool is_dml(std::string_view tag) {
  return tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE") ||
         tag.starts_with("MERGE");
}

}  // namespace

PostgresAction::PostgresAction(std::shared_ptr<Core> core, std::shared_ptr<const Snapshot> snapshot,
                               const Permit& permit, const ActionLimits& limits, Pool::Lease lease)
    : core_(std::move(core)),
      snapshot_(std::move(snapshot)),
      digest_(permit.digest()),
      text_(permit.command().text),
      version_(permit.command().catalogue_version),
      params_(permit.command().params),
      wait_{limits.deadline, limits.cancel},
      rows_max_(std::max<std::int64_t>(0, std::min(limits.rows_max, permit.row_limit()))),
      bytes_max_(std::max<std::int64_t>(0, limits.bytes_max)),
      affected_max_(permit.rows_affected_max()),
      connection_(std::move(lease)) {
  connection_->limit_row_bytes(bytes_max_ + kRowSlackBytes);
  const Command& command = permit.command();
  const bool always = core_->config.verify_always;
  if (command.parts.empty()) parts_.push_back({nullptr, text_, plan_wanted(command, *snapshot_, always)});
  for (const auto& part : command.parts) parts_.push_back({part, part->text, plan_wanted(*part, *snapshot_, always)});
  answering_ = command.answering;
  if (wants_plans()) whole_ = std::make_shared<const Command>(command);
}

std::shared_ptr<const Command> PostgresAction::spend(Permit& permit, const Intent& intent) {
  if (core_->fds->forked())
    throw Error(ErrorKind::unavailable, "guard.forked", "this process was forked; open a guard of its own after exec");
  auto command = permit.spend(intent.digest());
  if (used_ || intent.digest() != digest_ || command->text != text_) {
    throw Error(ErrorKind::internal, "permit.other_command", "this permit was made for another command");
  }
  used_ = true;
  return command;
}

void PostgresAction::check_parameters() {
  check(wait_);
  if (connection_->parameters_sound()) return;
  connection_->mark_broken();
  throw Error(ErrorKind::unavailable, "backend.unsound_session",
              "the session reads strings or names otherwise than the guard does; it was closed");
}

void PostgresAction::send_opening(bool write, bool position, const std::string& name) {
  static const std::string position_query = std::string("SELECT ") + log_position_expression();
  std::int64_t left = wait_.deadline.left().count();
  std::int64_t configured = core_->config.statement_timeout_ms;
  std::int64_t timeout_ms = std::max<std::int64_t>(configured > 0 ? std::min(configured, left) : left, 1);
  connection_->send(write ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                          : "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY");
  // It bounds waiting for locks as well, so there is no lock_timeout beside it.
  connection_->send(("SET LOCAL statement_timeout = " + std::to_string(timeout_ms)).c_str());
  if (position) connection_->send(position_query.c_str());
  for (std::size_t i = 0; i < parts_.size(); ++i)
    connection_->send_prepare(name_of(name, i).c_str(), parts_[i].text.c_str(), params_);
}

std::string PostgresAction::read_opening(bool position) {
  for (int command = 0; command < 2; ++command) {
    Result done = connection_->one(wait_);
    if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) throw_sql_error(done.get(), wait_);
  }
  std::string out;
  if (position) {
    Result found = connection_->one(wait_);
    if (PQresultStatus(found.get()) != PGRES_TUPLES_OK) throw_sql_error(found.get(), wait_);
    out = PQgetvalue(found.get(), 0, 0);
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    Result parsed = connection_->one(wait_);
    if (PQresultStatus(parsed.get()) != PGRES_COMMAND_OK) refuse(parsed.get());
  }
  return out;
}

bool PostgresAction::wants_plans() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.planned; });
}

void PostgresAction::send_plans() {
  for (const Part& part : parts_) {
    if (part.planned) connection_->send(plan_query(part.text, connection_->server_version()).c_str(), params_);
  }
}

void PostgresAction::read_plans() {
  for (const Part& part : parts_) {
    if (!part.planned) continue;
    Result plan = connection_->one(wait_);
    if (PQresultStatus(plan.get()) != PGRES_TUPLES_OK || PQntuples(plan.get()) != 1) refuse(plan.get());
    const Command& command = part.command ? *part.command : *whole_;
    const std::string_view text(PQgetvalue(plan.get(), 0, 0), static_cast<std::size_t>(PQgetlength(plan.get(), 0, 0)));
    if (std::string beyond = beyond_facts(command, *snapshot_, text); !beyond.empty()) disagree(beyond);
  }
}

// The name goes to the operator's log, not into the answer: the agent may not know that it exists.
void PostgresAction::disagree(const std::string& beyond) {
  log(LogLevel::warning, "connection " + core_->config.connection + ": the server's plan has " + text::visible(beyond) +
                             ", which the statement was not understood to touch; refused");
  connection_->drain_to_sync(wait_);
  rollback();
  throw Error(
      ErrorKind::invalid, "command.disagreement",
      "the database would touch something that the statement was not understood to touch, so it was refused and "
      "nothing was run; name the tables themselves instead of a view or function over them, or tell the operator");
}

void PostgresAction::send_statements(const std::string& name) {
  for (std::size_t i = 0; i < parts_.size(); ++i) connection_->send_execute(name_of(name, i).c_str(), params_);
}

void PostgresAction::describe(const PGresult* first, RawResult& result) const {
  for (int column = 0; column < PQnfields(first); ++column) {
    Oid type = PQftype(first, column);
    result.columns.push_back({PQfname(first, column), type_name(type),
                              snapshot_->origin(PQftable(first, column), PQftablecol(first, column)),
                              is_textual(type)});
  }
}

PostgresAction::Rows PostgresAction::read_rows(const std::function<bool()>& at_limit) {
  Rows out;
  const bool only = parts_.size() == 1;
  for (std::size_t i = 0; i < parts_.size() && !out.error && !out.stopped; ++i) {
    // A statement behind this one must still run, so its rows are read to the end.
    read_part(
        i == answering_, only ? at_limit : [] { return true; }, out);
    if (connection_->broken()) break;
  }
  if (!out.result.rows) out.result.rows = std::make_unique<BufferedRows>(std::vector<Row>(), false);
  return out;
}

void PostgresAction::read_part(bool keep, const std::function<bool()>& at_limit, Rows& out) {
  std::vector<Row> rows;
  std::int64_t bytes = 0;
  bool described = false;
  bool truncated = !keep;
  connection_->single_rows();
  while (Result piece = connection_->next(wait_)) {
    ExecStatusType status = PQresultStatus(piece.get());
    if (status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_ABORTED || status == PGRES_BAD_RESPONSE) {
      out.error = std::move(piece);
      if (connection_->broken()) break;
      continue;
    }
    if (status == PGRES_PIPELINE_SYNC)
      throw Error(ErrorKind::unavailable, "backend.unreachable", "the database answered out of order");
    if (keep && !described && (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK)) {
      out.has_rows = described = true;
      describe(piece.get(), out.result);
    }
    if (status == PGRES_SINGLE_TUPLE && !truncated) {
      const std::int64_t size = row_bytes(piece.get(), 0);
      if (size > bytes_max_ + kRowSlackBytes) connection_->fail_too_large();
      bytes += size;
      if (static_cast<std::int64_t>(rows.size()) < rows_max_ && bytes <= bytes_max_) {
        Row& row = rows.emplace_back();
        row.reserve(static_cast<std::size_t>(PQnfields(piece.get())));
        for (int column = 0; column < PQnfields(piece.get()); ++column) row.push_back(decode(piece.get(), 0, column));
        continue;
      }
      truncated = true;
      out.stopped = !at_limit();
      if (out.stopped) break;
    }
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      out.result.command_tag = PQcmdStatus(piece.get());
      const std::int64_t affected = std::strtoll(PQcmdTuples(piece.get()), nullptr, 10);
      if (is_dml(out.result.command_tag)) changed_ = changed_.value_or(0) + affected;
      out.result.affected = affected;
    }
    if (connection_->broken()) break;
  }
  if (keep) out.result.rows = std::make_unique<BufferedRows>(std::move(rows), truncated);
}

void PostgresAction::rollback() {
  if (connection_->transaction() == PQTRANS_IDLE) return;
  connection_->send("ROLLBACK");
  connection_->send_sync();
  connection_->flush(wait_);
  connection_->drain_to_sync(wait_);
}

void PostgresAction::throw_changed() {
  throw Error(ErrorKind::unavailable, "command.changed",
              "the database's schema changed since the command was understood; nothing was run");
}

void PostgresAction::refuse(const PGresult* error) {
  std::string state = sqlstate_of(error);
  bool of_schema = state.starts_with("42") || state == "3F000" || state == "0A000" || state == "XX000";
  if (!connection_->broken() && of_schema) {
    connection_->drain_to_sync(wait_);
    rollback();
    send_proof(*connection_, version_, {});
    connection_->send_sync();
    connection_->flush(wait_);
    bool held = proof_held(connection_->one(wait_).get(), wait_);
    connection_->drain_to_sync(wait_);
    if (!held) throw_changed();
  } else if (!connection_->broken()) {
    connection_->drain_to_sync(wait_);
  }
  throw_sql_error(error, wait_);
}

}  // namespace libguard::backend::postgres
