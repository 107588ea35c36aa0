// The catalogue through libpqxx. Two of its habits are dangerous here and are taken away: it reconnects by itself (as
// another session, without our settings), and it waits without a deadline. So it is given a connection that was opened
// and checked by connect.cpp, may not reconnect, and works in a helper thread whose socket is shut down when the time
// is over: that ends any wait of libpq at once.

#include "backend/postgres/catalogue_loader.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <pqxx/pqxx>
#include <thread>
#include <utility>

#include "backend/postgres/catalogue_reader.h"
#include "backend/postgres/connect.h"
#include "backend/postgres/probe.h"
#include "backend/postgres/sql_error.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// DDL that goes on while we read: a few tries, then the caller tries again later.
constexpr int kTriesMax = 3;

// libpqxx builds its policy from a string only, so the handle is handed over beside it.
thread_local PGconn* handed_over = nullptr;

class Adopted final : public pqxx::connectionpolicy {
 public:
  explicit Adopted(const std::string& options) : connectionpolicy(options) {}
  handle do_startconnect(handle original) override {
    return original != nullptr ? original : reinterpret_cast<handle>(std::exchange(handed_over, nullptr));
  }
};

using Session = pqxx::basic_connection_base<Adopted>;
using Transaction = pqxx::read_transaction;

std::string one_text(Transaction& transaction, const std::string& expression) {
  const pqxx::field field = transaction.exec("SELECT " + expression)[0][0];
  return field.is_null() ? "" : field.c_str();
}

// The log position is read in a statement *before* the digest's: a change that falls between them is then newer than
// the position, and is noticed. The digest is taken again at the end, because each query sees the catalogue of its own
// moment.
LoadedCatalogue load(Session& session, const PostgresConfig& config, const std::shared_ptr<const Catalogue>& known,
                     std::int64_t timeout_ms) {
  for (int attempt = 0; attempt < kTriesMax; ++attempt) {
    Transaction transaction(session);
    transaction.exec("SET LOCAL statement_timeout = " + std::to_string(timeout_ms));
    transaction.exec("SET LOCAL search_path = pg_catalog, pg_temp");
    // The planner overrates these queries, and compiling one takes longer (1.5 s) than running all of them.
    transaction.exec("SET LOCAL jit = off");
    LoadedCatalogue out;
    out.log_position = one_text(transaction, log_position_expression());
    std::string version = one_text(transaction, version_expression());
    if (known && known->version == version && CatalogueReader(transaction, config).on_same_server(*known)) {
      out.catalogue = known;
      return out;
    }
    Catalogue catalogue = CatalogueReader(transaction, config).read();
    if (one_text(transaction, version_expression()) != version) continue;
    catalogue.version = version;
    out.catalogue = std::make_shared<const Catalogue>(std::move(catalogue));
    return out;
  }
  throw Error(ErrorKind::unavailable, "backend.catalogue_changing",
              "the schema kept changing while the guard read it; try again");
}

// What libpqxx throws, without its text (P5).
[[noreturn]] void rethrow_own() {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const pqxx::sql_error& error) {
    throw Error(ErrorKind::unavailable, "backend.catalogue",
                "the catalogue cannot be read: " + sentence_of(error.sqlstate()));
  } catch (const std::exception&) {
    throw Error(ErrorKind::unavailable, "backend.unreachable",
                "the connection broke while the guard read the catalogue");
  }
}

class SocketCopy {
 public:
  explicit SocketCopy(int fd) : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 0)) {}
  ~SocketCopy() {
    if (fd_ >= 0) ::close(fd_);
  }
  SocketCopy(const SocketCopy&) = delete;
  SocketCopy& operator=(const SocketCopy&) = delete;
  void shut_down() const noexcept { ::shutdown(fd_, SHUT_RDWR); }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

struct Work {
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  LoadedCatalogue loaded;
  std::exception_ptr failure;
};

void run(Work& work, Session& session, const PostgresConfig& config, const std::shared_ptr<const Catalogue>& known,
         std::int64_t timeout_ms) noexcept {
  try {
    try {
      work.loaded = load(session, config, known, timeout_ms);
    } catch (...) {
      rethrow_own();
    }
  } catch (...) {
    work.failure = std::current_exception();
  }
  std::lock_guard lock(work.mutex);
  work.done = true;
  work.ended.notify_all();
}

}  // namespace

LoadedCatalogue load_catalogue(std::unique_ptr<Connection> connection, const PostgresConfig& config,
                               const std::shared_ptr<const Catalogue>& known, const Wait& wait) {
  std::string identifier = connection->system_identifier;
  // A copy of the descriptor: libpq may close its own at any moment, and the number may then be another file's.
  SocketCopy socket(connection->socket());
  if (!socket.valid()) throw Error(ErrorKind::unavailable, "backend.unreachable", "no file descriptor is left");
  Handle handle = connection->release_blocking();
  handed_over = handle.get();
  Session session{std::string()};
  (void)handle.release();  // now the session's
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  session.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  Work work;
  std::thread helper(run, std::ref(work), std::ref(session), std::cref(config), std::cref(known),
                     std::max<std::int64_t>(wait.deadline.left().count(), 1));
  std::exception_ptr stopped;
  {
    std::unique_lock lock(work.mutex);
    while (!work.ended.wait_for(lock, std::chrono::milliseconds(tick_ms(wait)), [&] { return work.done; })) {
      lock.unlock();
      try {
        check(wait);
      } catch (...) {
        stopped = std::current_exception();
        socket.shut_down();
      }
      lock.lock();
      if (stopped) work.ended.wait(lock, [&] { return work.done; });
      if (stopped) break;
    }
  }
  helper.join();
  if (stopped) std::rethrow_exception(stopped);
  if (work.failure) std::rethrow_exception(work.failure);
  if (work.loaded.catalogue == known && known->system_identifier == identifier) return std::move(work.loaded);
  auto named = std::make_shared<Catalogue>(*work.loaded.catalogue);
  named->system_identifier = identifier;
  return {std::move(named), std::move(work.loaded.log_position)};
}

}  // namespace libguard::backend::postgres
