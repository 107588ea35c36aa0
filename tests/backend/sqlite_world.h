#pragma once
// An SQLite file of its own, for the contract and for the tests of what only SQLite does.

#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "backend/contract.h"
#include "backend/sqlite/sqlite_backend.h"

namespace libguard::backend::contract {

class SqliteWorld final : public World {
 public:
  SqliteWorld() {
    std::string pattern = "/tmp/lgsqliteXXXXXX";
    folder_ = mkdtemp(pattern.data());
    sql("CREATE TABLE contract_items(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
        " INSERT INTO contract_items SELECT i, 'item-' || i FROM n");
  }
  ~SqliteWorld() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::unique_ptr<Backend> open() override { return sqlite_backend(config()); }
  [[nodiscard]] SqliteConfig config() const {
    SqliteConfig config;
    config.name = "shop";
    config.path = path();
    config.connections_max = 4;
    return config;
  }
  [[nodiscard]] std::string path() const { return folder_ + "/shop.db"; }
  Dialect dialect() const override { return Dialect::sqlite; }
  std::string placeholder(int number) const override { return "?" + std::to_string(number); }
  std::string table() const override { return "main.contract_items"; }
  std::string slow_read() const override {
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT max(i) FROM "
           "n";
  }
  void change_schema() override { sql("ALTER TABLE contract_items ADD COLUMN added TEXT"); }
  std::int64_t count(const std::string& where) override {
    return number("SELECT count(*) FROM contract_items WHERE " + where);
  }

  // By a connection of its own, as another program would.
  void sql(const std::string& text) const {
    sqlite3* database = open_raw();
    char* message = nullptr;
    const int result = sqlite3_exec(database, text.c_str(), nullptr, nullptr, &message);
    INFO(text, ": ", message == nullptr ? "" : message);
    CHECK(result == SQLITE_OK);
    sqlite3_free(message);
    sqlite3_close(database);
  }
  [[nodiscard]] std::int64_t number(const std::string& text) const {
    sqlite3* database = open_raw();
    sqlite3_stmt* statement = nullptr;
    std::int64_t result = -1;
    if (sqlite3_prepare_v2(database, text.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
      result = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return result;
  }
  [[nodiscard]] sqlite3* open_raw() const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path().c_str(), &database) == SQLITE_OK);
    sqlite3_busy_timeout(database, 5'000);
    return database;
  }

 private:
  std::string folder_;
};

}  // namespace libguard::backend::contract
