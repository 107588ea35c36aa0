// libpqxx reconnects by itself (as another session, without our settings) and
// waits without a deadline; both are taken away: reactivation is inhibited, and a watch shuts the socket down when the
// time of a call is over, which ends any wait of libpq at once.

#include "backend/postgres/store_session.h"

#include <sys/socket.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <pqxx/pqxx>
#include <thread>

#include "backend/secret_door.h"
#include "libguard/error.h"

namespace libguard::backend {
namespace {

using Moment = std::chrono::steady_clock::time_point;

// Ends the socket's waits when a call takes longer than it may.
class Watch {
 public:
  explicit Watch(int socket) : socket_(socket), thread_([this] { watch(); }) {}
  ~Watch() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  void until(std::optional<Moment> deadline) {
    {
      std::lock_guard lock(mutex_);
      deadline_ = deadline;
    }
    wake_.notify_one();
  }

 private:
  void watch() {
    std::unique_lock lock(mutex_);
    while (!over_) {
      if (!deadline_) {
        wake_.wait(lock);
      } else if (wake_.wait_until(lock, *deadline_) == std::cv_status::timeout && deadline_ &&
                 std::chrono::steady_clock::now() >= *deadline_) {
        ::shutdown(socket_, SHUT_RDWR);
        deadline_.reset();
      }
    }
  }
  int socket_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Moment> deadline_;
  bool over_ = false;
  std::thread thread_;
};

// One value of a connection string, quoted.
std::string quoted(const std::string& value) {
  std::string out = "'";
  for (char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string options_of(const StoreLogin& login, const Grant& grant) {
  std::string out = "host=" + quoted(login.host) + " port=" + std::to_string(login.port) +
                    " dbname=" + quoted(login.database) + " user=" + quoted(login.role) +
                    " sslmode=" + quoted(login.ssl_mode) + " connect_timeout=5 application_name=libguard";
  if (!login.ssl_root_cert.empty()) out += " sslrootcert=" + quoted(login.ssl_root_cert);
  if (!login.source) return out;
  credentials::Lease lease = login.source->acquire(grant);
  if (!lease.secret.empty()) out += " password=" + quoted(std::string(SecretDoor::read(lease.secret)));
  return out;
}

// libpqxx's texts may hold what a server says; only the SQLSTATE leaves.
template <typename Work>
auto translated(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const pqxx::sql_error& error) {
    throw Error(ErrorKind::unavailable, "store.postgres", "PostgreSQL refused").with_sqlstate(error.sqlstate());
  } catch (const pqxx::failure&) {
    throw Error(ErrorKind::unavailable, "store.postgres", "PostgreSQL is not reachable");
  }
}

std::string text_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return std::get<std::string>(value);
}

Value value_of(const pqxx::field& field) {
  constexpr pqxx::oid kInt8 = 20;
  if (field.is_null()) return Null{};
  std::string_view text(field.c_str(), field.size());
  if (field.type() != kInt8) return std::string(text);
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return Null{};
  return number;
}

class PostgresSession final : public SqlSession {
 public:
  PostgresSession(const StoreLogin& login, const Grant& grant) : span_(login.deadline_ms) {
    translated([&] {
      std::string options = options_of(login, grant);
      connection_ = std::make_unique<pqxx::connection>(options);
      wipe(options);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
      connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
      watch_ = std::make_unique<Watch>(connection_->sock());
      watch_->until(std::chrono::steady_clock::now() + span_);
      pqxx::nontransaction setting(*connection_);
      setting.exec("SET search_path TO " + connection_->quote_name(login.schema) + ", pg_catalog, pg_temp");
      setting.exec("SET client_min_messages = 'error'");  // libpqxx would print the rest
      setting.exec("SET statement_timeout = '" + std::to_string(login.deadline_ms) + "ms'");
      setting.exec("SET idle_in_transaction_session_timeout = '" + std::to_string(login.deadline_ms) + "ms'");
      watch_->until(std::nullopt);
    });
  }
  ~PostgresSession() override {
    // Bounded too: closing says goodbye to the server.
    watch_->until(std::chrono::steady_clock::now() + span_);
    transaction_.reset();
    connection_->disconnect();
  }
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  void begin() override {
    watch_->until(std::chrono::steady_clock::now() + span_);
    translated([&] {
      transaction_ = std::make_unique<pqxx::work>(*connection_);
      // libpqxx says BEGIN with the first statement only: a session that is gone must be found here.
      transaction_->exec("SELECT 1");
    });
  }
  std::vector<Row> run(const char* sql, const std::vector<Value>& params) override {
    return translated([&] {
      std::vector<std::string> texts;
      texts.reserve(params.size());
      for (const Value& value : params) texts.push_back(text_of(value));
      std::vector<Row> rows;
      for (const auto& row : transaction_->exec_params(sql, pqxx::prepare::make_dynamic_params(texts))) {
        Row& out = rows.emplace_back();
        for (const auto& field : row) out.push_back(value_of(field));
      }
      return rows;
    });
  }
  bool has_table(const std::string& name) override {
    return !run("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = $1", {name})
                .empty();
  }
  void commit() override {
    translated([&] { transaction_->commit(); });
    transaction_.reset();
    watch_->until(std::nullopt);
  }
  void rollback() noexcept override {
    try {
      transaction_.reset();
    } catch (const std::exception&) {
      // The session is thrown away next.
    }
  }

 private:
  std::chrono::milliseconds span_;
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<pqxx::work> transaction_;
};

}  // namespace

std::unique_ptr<SqlSession> store_session(const StoreLogin& login, const Grant& grant) {
  return std::make_unique<PostgresSession>(login, grant);
}

}  // namespace libguard::backend
