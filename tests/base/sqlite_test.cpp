#include <doctest/doctest.h>

#include "base/sqlite_handle.h"
#include "base/sqlite_rules.h"
#include "libguard/error.h"

namespace libguard::sqlite {
namespace {

Database fresh() { return open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); }

int authorize(void*, int action, const char* first, const char* second, const char*, const char*) {
  return may_run(action, first, second) ? SQLITE_OK : SQLITE_DENY;
}

bool runs(sqlite3* database, const char* sql) {
  return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

TEST_CASE("sqlite rules: what is never run on an agent's behalf") {
  Database database = fresh();
  execute(database.get(), "CREATE TABLE t(id INTEGER PRIMARY KEY, x)");
  harden(database.get());
  harden(database.get());
  sqlite3_set_authorizer(database.get(), &authorize, nullptr);
  for (const char* sql : {"SELECT * FROM t", "INSERT INTO t(x) VALUES (upper('a'))", "UPDATE t SET x = 1",
                          "DELETE FROM t", "PRAGMA table_info(t)", "PRAGMA user_version", "CREATE TABLE u(x)",
                          "DROP TABLE u", "CREATE VIRTUAL TABLE d USING fts5(x)", "SELECT * FROM json_each('[1]')"}) {
    CAPTURE(std::string(sql));
    CHECK(runs(database.get(), sql));
  }
  for (const char* sql :
       {"ATTACH ':memory:' AS x", "DETACH main", "VACUUM", "VACUUM INTO '/nonexistent/x'", "BEGIN", "COMMIT",
        "SAVEPOINT s", "PRAGMA user_version = 2", "PRAGMA writable_schema = 1", "PRAGMA journal_mode",
        "PRAGMA database_list", "SELECT load_extension('x')", "SELECT fts3_tokenizer('simple')",
        "SELECT * FROM sqlite_dbpage", "SELECT * FROM sqlite_stmt",
        "INSERT INTO sqlite_master VALUES ('a','b','c',1,'d')", "CREATE VIRTUAL TABLE c USING csv(filename='x')"}) {
    CAPTURE(std::string(sql));
    CHECK_FALSE(runs(database.get(), sql));
  }
}

TEST_CASE("sqlite rules: lists compare without case, and what is unknown is denied") {
  CHECK(pragma_allowed("TABLE_INFO", "t"));
  CHECK(pragma_allowed("user_version", nullptr));
  CHECK_FALSE(pragma_allowed("user_version", "3"));
  CHECK_FALSE(pragma_allowed("", nullptr));
  CHECK(function_is_safe("LoWeR"));
  CHECK_FALSE(function_is_safe("readfile"));
  CHECK_FALSE(function_is_safe(""));
  CHECK(function_is_volatile("RANDOM"));
  CHECK(is_system_table("SQLite_Master"));
  CHECK_FALSE(is_system_table("sqlit"));
  CHECK_FALSE(may_run(9999, nullptr, nullptr));
  CHECK_FALSE(may_run(SQLITE_PRAGMA, nullptr, nullptr));
  CHECK_FALSE(may_run(SQLITE_CREATE_VTABLE, "x", nullptr));
}

TEST_CASE("sqlite handles: values go in and come out, errors show no text of SQLite") {
  Database database = fresh();
  execute(database.get(), "CREATE TABLE t(x)");
  const Value values[] = {Null{}, std::int64_t{-5}, 1.5, std::string("é"), std::string(), Bytes{std::string("\0a", 2)},
                          Bytes{}};
  for (const Value& value : values) {
    Statement insert = prepare(database.get(), "INSERT INTO t VALUES (?) RETURNING x");
    bind(database.get(), insert.get(), 1, value);
    REQUIRE(step(database.get(), insert.get()));
    CHECK(column_value(insert.get(), 0) == value);
    CHECK_FALSE(step(database.get(), insert.get()));
  }
  try {
    (void)prepare(database.get(), "SELECT secret FROM nowhere");
    FAIL("prepared");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("nowhere") == std::string::npos);
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(error.sqlstate() == "1");
  }
  CHECK_THROWS_AS((void)open("/nonexistent/folder/x.db", SQLITE_OPEN_READWRITE), Error);
}

}  // namespace
}  // namespace libguard::sqlite
