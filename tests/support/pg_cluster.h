#pragma once
// Tests only: a throw-away PostgreSQL cluster on a unix socket in a short directory of its own. One for each test
// executable (`pg_cluster()`), started at its first use and removed at the end. When the binaries are missing,
// `pg_cluster()` is null and the tests that need it skip with a message:
//
//   PgCluster* cluster = pg_cluster();
//   if (cluster == nullptr) return;
//   cluster->exec("CREATE TABLE t(id int)");   // as superuser, throws with the server's text
//
// Roles guard_reader and guard_writer log in by SCRAM with PgCluster::kPassword; `postgres` is trusted.

#include <libpq-fe.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace libguard::test {

class PgCluster {
 public:
  static constexpr const char* kPassword = "correct horse 'battery\\ staple";
  static constexpr int kPort = 5433;  // only the name of a socket in our own directory

  PgCluster() {
    if (binaries().empty()) throw std::runtime_error("PostgreSQL server binaries were not found");
    char name[] = "/tmp/lgXXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = name;
    try {
      if (::geteuid() == 0) run_as_root("chown postgres " + directory_);
      run("mkdir -m 700 " + directory_ + "/s");
      run(binaries() + "/initdb -D " + directory_ + "/data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync");
      write_hba();
      start();
      create_roles();
    } catch (...) {
      remove();
      throw;
    }
  }
  ~PgCluster() {
    if (::getpid() == owner_) remove();
  }
  PgCluster(const PgCluster&) = delete;
  PgCluster& operator=(const PgCluster&) = delete;

  [[nodiscard]] std::string host() const { return directory_ + "/s"; }
  [[nodiscard]] const std::string& directory() const { return directory_; }

  // Runs statements as superuser; the first cell of the last result, or "".
  std::string exec(const std::string& sql, const std::string& database = "postgres") const {
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection(open("postgres", database), &PQfinish);
    std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
    ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQresultErrorMessage(result.get()));
    bool cell = status == PGRES_TUPLES_OK && PQntuples(result.get()) > 0 && PQnfields(result.get()) > 0;
    return cell ? PQgetvalue(result.get(), 0, 0) : "";
  }

  // An empty schema public with the rights that both roles have from the start: dropping it drops those as well.
  void empty_public() const {
    exec("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public;");
    grant_public();
  }

  // An ordinary blocking connection, for tests that compare with one. The caller finishes it.
  [[nodiscard]] PGconn* open(const std::string& role, const std::string& database = "postgres") const {
    std::string port = std::to_string(kPort);
    const char* keys[] = {"host", "port", "dbname", "user", "password", nullptr};
    std::string where = host();
    const char* values[] = {where.c_str(), port.c_str(), database.c_str(), role.c_str(), kPassword, nullptr};
    PGconn* connection = PQconnectdbParams(keys, values, 0);
    if (PQstatus(connection) != CONNECTION_OK) {
      std::string message = PQerrorMessage(connection);
      PQfinish(connection);
      throw std::runtime_error("cannot connect to the test cluster: " + message);
    }
    PQsetNoticeProcessor(
        connection, [](void*, const char*) {}, nullptr);
    return connection;
  }

  void stop(const char* mode = "fast") {
    run(binaries() + "/pg_ctl -D " + directory_ + "/data -m " + mode + " -w stop");
  }
  void start() {
    run(binaries() + "/pg_ctl -D " + directory_ + "/data -l " + directory_ +
        "/data/log -w -t 60 -o \"-c listen_addresses='' -c port=" + std::to_string(kPort) +
        " -c unix_socket_directories=" + host() +
        " -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=100 -c "
        "shared_buffers=32MB\" start");
  }

  // The directory of initdb, "" when there is none.
  static const std::string& binaries() {
    static const std::string found = [] {
      std::vector<std::string> candidates;
      if (const char* given = std::getenv("LIBGUARD_TEST_PG_BIN")) candidates.emplace_back(given);
      for (int version = 18; version >= 14; --version)
        candidates.push_back("/usr/lib/postgresql/" + std::to_string(version) + "/bin");
      for (const std::string& candidate : candidates) {
        if (::access((candidate + "/initdb").c_str(), X_OK) == 0) return candidate;
      }
      return std::string();
    }();
    return found;
  }

 private:
  static void run_as_root(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) throw std::runtime_error("failed: " + command);
  }
  // The server refuses to run as root.
  void run(const std::string& command) const {
    std::string script = directory_ + "/.command";
    std::ofstream(script) << "cd /\nexec " << command << "\n";
    ::chmod(script.c_str(), 0644);
    run_as_root(::geteuid() == 0 ? "runuser -u postgres -- sh " + script : "sh " + script);
  }

  void write_hba() const {
    std::string path = directory_ + "/data/pg_hba.conf";
    std::ofstream(path, std::ios::trunc) << "local all postgres trust\nlocal all all scram-sha-256\n";
  }

  void create_roles() const {
    std::string literal = PQescape(kPassword);
    for (const char* role : {"guard_reader", "guard_writer"}) {
      exec("CREATE ROLE " + std::string(role) + " LOGIN PASSWORD " + literal);
    }
    grant_public();
  }

  void grant_public() const {
    exec(
        "GRANT USAGE ON SCHEMA public TO guard_reader, guard_writer;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO guard_reader;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO "
        "guard_writer;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO guard_writer;");
  }

  static std::string PQescape(const std::string& text) {
    std::string out = " E'";
    for (char c : text) {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
    return out + "'";
  }

  void remove() noexcept {
    try {
      stop("immediate");
    } catch (...) {
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string directory_;
  pid_t owner_ = ::getpid();
};

// Null, with a message, when no cluster can be made here.
inline PgCluster* pg_cluster() {
  static const std::unique_ptr<PgCluster> cluster = []() -> std::unique_ptr<PgCluster> {
    try {
      return std::make_unique<PgCluster>();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "skipping the tests that need PostgreSQL: %s\n", error.what());
      return nullptr;
    }
  }();
  return cluster.get();
}

}  // namespace libguard::test
