#pragma once
// One libpq connection in pipeline mode: statements are queued, a sync ends a batch, results come back in order. Every
// wait obeys a Wait. Not thread-safe. After an Error of kind unavailable the connection is broken and must be
// destroyed: nobody knows what is still under way in it.

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/postgres/fd_table.h"
#include "backend/postgres/wait.h"
#include "libguard/value.h"

namespace libguard::backend::postgres {

struct ResultClear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultClear>;

struct ConnectionClose {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using Handle = std::unique_ptr<PGconn, ConnectionClose>;

// Bind values in libpq's form; the bytes live as long as this does.
class Params {
 public:
  Params() = default;
  // Throws Error(invalid, "request.malformed") for text that PostgreSQL cannot take (NUL, not UTF-8).
  explicit Params(const std::vector<Value>& values);
  Params& text(std::string value);  // of unknown type: the server infers it

  [[nodiscard]] int count() const noexcept { return static_cast<int>(types_.size()); }
  [[nodiscard]] const Oid* types() const noexcept { return types_.data(); }
  [[nodiscard]] const int* lengths() const noexcept { return lengths_.data(); }
  [[nodiscard]] const int* formats() const noexcept { return formats_.data(); }
  [[nodiscard]] std::vector<const char*> pointers() const;

 private:
  void add(Oid type, std::string bytes, bool binary);
  std::vector<Oid> types_;
  std::vector<std::string> bytes_;
  std::vector<bool> null_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

class Connection {
 public:
  using Steady = std::chrono::steady_clock;

  // Takes over an established connection; switches to non-blocking pipeline mode.
  Connection(Handle handle, FdTable::Slot slot, std::string role, std::string search_path);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Queue a statement; nothing waits here.
  void send(const char* sql) { send(sql, Params()); }
  void send(const char* sql, const Params& params);
  void send_prepare(const char* name, const char* sql, const Params& types);
  void send_describe(const char* name);
  void send_execute(const char* name, const Params& params);
  void send_sync();
  // Gives everything queued to the socket.
  void flush(const Wait& wait);
  void try_flush() noexcept;

  // The next result of the current statement; null at its end. PGRES_PIPELINE_SYNC has no end of its own.
  Result next(const Wait& wait);
  // The one result of a statement whose rows are not streamed, and its end.
  Result one(const Wait& wait);
  // Reads up to and including the next sync, dropping what comes before.
  void drain_to_sync(const Wait& wait);
  // Asks for the coming statement's rows one by one.
  void single_rows();
  // An estimate of the bytes that arrived since the last result stops most oversized rows before they fill the memory;
  // the reader of rows checks the exact size and calls `fail_too_large` for the rest.
  [[noreturn]] void fail_too_large();
  void limit_row_bytes(std::int64_t bytes_max) noexcept { row_bytes_max_ = bytes_max; }

  // Stops what is running, from a helper thread that ends by itself; true when the server took note within `span`.
  bool cancel(std::chrono::milliseconds span);

  [[nodiscard]] PGTransactionStatusType transaction() const noexcept { return PQtransactionStatus(handle_.get()); }
  // What the server said of itself: a session that lies about these would turn our reading of the text into another.
  [[nodiscard]] bool parameters_sound() const noexcept;
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  void mark_broken() noexcept { broken_ = true; }
  [[nodiscard]] bool idle() const noexcept { return !broken_ && unanswered_ == 0; }

  // P2: queued when the connection is given back, answered while nobody waits, judged before the next use.
  void begin_reset() noexcept;
  [[nodiscard]] bool finish_reset(const Wait& wait);
  // Without waiting: has an answer to the reset begun to arrive?
  [[nodiscard]] bool reset_answered() const noexcept;
  // True when the server answers an empty batch.
  [[nodiscard]] bool ping(const Wait& wait);

  // Ends pipeline mode and gives the handle away (catalogue_loader).
  [[nodiscard]] Handle release_blocking();
  [[nodiscard]] int socket() const noexcept { return PQsocket(handle_.get()); }
  [[nodiscard]] bool standby() const noexcept;
  [[nodiscard]] int server_version() const noexcept { return PQserverVersion(handle_.get()); }

  std::string system_identifier;  // of the server; "" when it may not be asked
  Steady::time_point ends_at;     // lifetime
  Steady::time_point idle_since;
  std::int64_t lease_expires_at_us = 0;  // of the credential it was opened with; 0 = never

 private:
  void sent(int ok);
  void consume(const Wait& wait);
  [[noreturn]] void fail();

  FdTable::Slot slot_;
  ProcessMark opened_in_;
  std::string role_;
  std::string search_path_;
  Handle handle_;
  int unanswered_ = 0;  // syncs sent and not yet seen
  bool broken_ = false;
  bool resetting_ = false;
  bool reset_rolls_back_ = false;
  std::int64_t row_bytes_ = 0;
  std::int64_t row_bytes_max_ = INT64_MAX;
};

}  // namespace libguard::backend::postgres
