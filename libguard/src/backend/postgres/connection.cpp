#include "backend/postgres/connection.h"

#include <poll.h>
#include <sys/ioctl.h>

#include <cstring>
#include <utility>

#include "backend/postgres/cancel_request.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// What DISCARD ALL should have put back and the server does not report by itself (parameters_sound sees the rest).
// Short, because each action pays for it.
constexpr const char* kVerify =
    "SELECT current_user = session_user AND current_setting('search_path') = $1 AND current_setting('row_security') = "
    "'on'";

}  // namespace

Connection::Connection(Handle handle, FdTable::Slot slot, std::string role, std::string search_path)
    : slot_(std::move(slot)), role_(std::move(role)), search_path_(std::move(search_path)), handle_(std::move(handle)) {
  PQsetNoticeReceiver(
      handle_.get(), [](void*, const PGresult*) {}, nullptr);  // P5
  if (PQsetnonblocking(handle_.get(), 1) != 0 || PQenterPipelineMode(handle_.get()) != 1) fail();
  idle_since = Steady::now();
}

// PQfinish of a non-blocking connection sends its farewell without waiting (P1). In a forked child it would end the
// parent's session (P6): there the handle is leaked on purpose.
Connection::~Connection() {
  if (!opened_in_.here()) {
    (void)handle_.release();
    return;
  }
  slot_.clear();
}

void Connection::fail() {
  broken_ = true;
  throw Error(ErrorKind::unavailable, "backend.unreachable", "the connection to the database broke");
}

void Connection::sent(int ok) {
  if (ok != 1) fail();
}

void Connection::send(const char* sql, const Params& params) {
  sent(PQsendQueryParams(handle_.get(), sql, params.count(), params.types(), params.pointers().data(), params.lengths(),
                         params.formats(), 0));
}

void Connection::send_prepare(const char* name, const char* sql, const Params& types) {
  sent(PQsendPrepare(handle_.get(), name, sql, types.count(), types.types()));
}

void Connection::send_describe(const char* name) { sent(PQsendDescribePrepared(handle_.get(), name)); }

void Connection::send_execute(const char* name, const Params& params) {
  sent(PQsendQueryPrepared(handle_.get(), name, params.count(), params.pointers().data(), params.lengths(),
                           params.formats(), 0));
}

void Connection::send_sync() {
  sent(PQpipelineSync(handle_.get()));
  ++unanswered_;
}

void Connection::try_flush() noexcept {
  if (PQflush(handle_.get()) < 0) broken_ = true;
}

// While the server does not read, it may be waiting for us to: so answers are taken in even while sending.
void Connection::flush(const Wait& wait) {
  for (;;) {
    int left = PQflush(handle_.get());
    if (left < 0) fail();
    if (left == 0) return;
    try {
      if ((wait_for(socket(), POLLIN | POLLOUT, wait) & POLLIN) != 0 && PQconsumeInput(handle_.get()) != 1) fail();
    } catch (...) {
      broken_ = true;
      throw;
    }
  }
}

void Connection::consume(const Wait& wait) {
  try {
    wait_for(socket(), POLLIN, wait);
  } catch (...) {
    broken_ = true;
    throw;
  }
  int arrived = 0;
  if (::ioctl(socket(), FIONREAD, &arrived) == 0) row_bytes_ += arrived;
  if (row_bytes_ > row_bytes_max_) fail_too_large();
  if (PQconsumeInput(handle_.get()) != 1) fail();
}

bool Connection::reset_answered() const noexcept {
  if (!resetting_) return true;
  pollfd polled{socket(), POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

void Connection::fail_too_large() {
  broken_ = true;
  throw Error(ErrorKind::unavailable, "backend.row_too_large", "one row is larger than the action's bytes_max");
}

Result Connection::next(const Wait& wait) {
  while (PQisBusy(handle_.get()) != 0) consume(wait);
  row_bytes_ = 0;
  Result result(PQgetResult(handle_.get()));
  if (!result) {
    if (PQstatus(handle_.get()) == CONNECTION_BAD) fail();
    return result;
  }
  switch (PQresultStatus(result.get())) {
    case PGRES_PIPELINE_SYNC:
      --unanswered_;
      break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      broken_ = true;
      throw Error(ErrorKind::invalid, "command.copy", "COPY is not run through the guard");
    case PGRES_FATAL_ERROR:
      if (PQstatus(handle_.get()) == CONNECTION_BAD) broken_ = true;
      break;
    default:
      break;
  }
  return result;
}

Result Connection::one(const Wait& wait) {
  Result first = next(wait);
  if (!first || PQresultStatus(first.get()) == PGRES_PIPELINE_SYNC) fail();
  if (broken_) return first;
  while (Result more = next(wait)) {
    if (PQresultStatus(more.get()) == PGRES_PIPELINE_SYNC) fail();
  }
  return first;
}

void Connection::drain_to_sync(const Wait& wait) {
  for (int ends = 0; unanswered_ > 0;) {
    if (broken_) fail();
    Result result = next(wait);
    if (result && PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) return;
    // Two ends in a row without a sync behind them: libpq lost count.
    ends = result ? 0 : ends + 1;
    if (ends > 2) fail();
  }
}

void Connection::single_rows() {
  if (PQsetSingleRowMode(handle_.get()) != 1) fail();
}

bool Connection::cancel(std::chrono::milliseconds span) { return cancel_request(handle_.get(), span); }

bool Connection::parameters_sound() const noexcept {
  auto is = [&](const char* name, const char* wanted) {
    const char* value = PQparameterStatus(handle_.get(), name);
    return value != nullptr && std::strcmp(value, wanted) == 0;
  };
  return is("standard_conforming_strings", "on") && is("client_encoding", "UTF8") &&
         is("session_authorization", role_.c_str());
}

bool Connection::standby() const noexcept {
  const char* value = PQparameterStatus(handle_.get(), "in_hot_standby");
  return value == nullptr || std::strcmp(value, "off") != 0;
}

void Connection::begin_reset() noexcept {
  idle_since = Steady::now();
  if (!idle() || resetting_) {
    broken_ = true;
    return;
  }
  while (PGnotify* notify = PQnotifies(handle_.get())) PQfreemem(notify);
  try {
    reset_rolls_back_ = transaction() != PQTRANS_IDLE;
    if (reset_rolls_back_) {
      send("ROLLBACK");
      send_sync();
    }
    // First in its batch: DISCARD ALL may not stand inside a transaction block, which a batch is from its second
    // statement on.
    send("DISCARD ALL");
    Params expected;
    expected.text(search_path_);
    send(kVerify, expected);
    send_sync();
    resetting_ = true;
    try_flush();
  } catch (...) {
    broken_ = true;
  }
}

bool Connection::finish_reset(const Wait& wait) {
  if (broken_) return false;
  if (!resetting_) return idle();
  flush(wait);
  bool sound = true;
  if (reset_rolls_back_) {
    sound = PQresultStatus(one(wait).get()) == PGRES_COMMAND_OK;
    drain_to_sync(wait);
  }
  sound = PQresultStatus(one(wait).get()) == PGRES_COMMAND_OK && sound;
  Result verified = one(wait);
  sound = sound && PQresultStatus(verified.get()) == PGRES_TUPLES_OK && PQntuples(verified.get()) == 1 &&
          std::strcmp(PQgetvalue(verified.get(), 0, 0), "t") == 0;
  drain_to_sync(wait);
  resetting_ = false;
  return sound && idle() && transaction() == PQTRANS_IDLE && parameters_sound();
}

bool Connection::ping(const Wait& wait) {
  send_sync();
  flush(wait);
  drain_to_sync(wait);
  return idle();
}

Handle Connection::release_blocking() {
  if (!idle() || PQexitPipelineMode(handle_.get()) != 1 || PQsetnonblocking(handle_.get(), 0) != 0) fail();
  return std::move(handle_);
}

}  // namespace libguard::backend::postgres
