// Counters of one machine in a SQLite file. A rollback journal, for the reason that tickets have one
// (docs/decisions/0004): whoever of this process closes the file drops our POSIX locks, and under WAL a log that is
// still read would then be removed; a count must never be read from a stale log.

#include <unordered_map>

#include "base/sqlite_handle.h"
#include "base/sqlite_rules.h"
#include "base/store_file.h"
#include "budget/sql_store.h"
#include "libguard/error.h"

namespace libguard::budget {
namespace {

// Another process holds the write lock for a few milliseconds; two seconds means it hangs, and then we refuse.
constexpr int kBusyMs = 2'000;

class SqliteSession final : public SqlSession {
 public:
  explicit SqliteSession(const std::string& path)
      : database_(sqlite::open(plain_path(path), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX)) {
    sqlite3_busy_timeout(database_.get(), kBusyMs);
    sqlite::harden(database_.get());
    // TRUNCATE spares the folder's sync; NORMAL loses no transaction when a process dies, and after a power cut the
    // journal still tells whether the last one was whole.
    sqlite::execute(database_.get(), "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = NORMAL;");
    check_whole();
  }

  void begin() override { (void)run("BEGIN IMMEDIATE", {}); }
  void commit() override { (void)run("COMMIT", {}); }
  void rollback() noexcept override { sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr); }

  std::vector<Row> run(const char* sql, const std::vector<Value>& params) override {
    sqlite3_stmt* statement = prepared(sql);
    Reset reset{statement};
    for (std::size_t i = 0; i < params.size(); ++i)
      sqlite::bind(database_.get(), statement, static_cast<int>(i + 1), params[i]);
    std::vector<Row> rows;
    while (sqlite::step(database_.get(), statement)) {
      Row& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(statement); ++i) row.push_back(sqlite::column_value(statement, i));
    }
    return rows;
  }

  bool has_table(const std::string& name) override {
    return !run("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1", {name}).empty();
  }

 private:
  struct Reset {
    sqlite3_stmt* statement;
    ~Reset() { sqlite3_reset(statement); }
  };

  // The statements are fixed texts, so that their addresses name them.
  sqlite3_stmt* prepared(const char* sql) {
    sqlite::Statement& statement = statements_[sql];
    if (!statement) statement = sqlite::prepare(database_.get(), sql);
    return statement.get();
  }

  void check_whole() {
    sqlite::Statement statement = sqlite::prepare(database_.get(), "PRAGMA quick_check(1)");
    if (!sqlite::step(database_.get(), statement.get()) || sqlite::column_text(statement.get(), 0) != "ok")
      throw Error(ErrorKind::unavailable, "budget.store",
                  "the budget store is damaged; move it away, and today's counts begin anew");
  }

  sqlite::Database database_;
  std::unordered_map<const char*, sqlite::Statement> statements_;
};

}  // namespace

std::shared_ptr<Store> sqlite_store(const std::string& path, DayOf day_of) {
  make_store_file(path, {"the budget store", "budget.store"});
  auto store = std::make_shared<SqlStore>([path] { return std::make_unique<SqliteSession>(path); }, std::move(day_of));
  store->open();
  return store;
}

}  // namespace libguard::budget
