#include "base/sqlite_handle.h"

#include "libguard/error.h"

namespace libguard::sqlite {

void fail(sqlite3* database, int result, const char* doing) {
  int code = database != nullptr ? sqlite3_extended_errcode(database) : result;
  throw Error(ErrorKind::unavailable, "sqlite.failed", std::string("SQLite failed while ") + doing)
      .with_sqlstate(std::to_string(code));
}

Database open(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  int result = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database database(raw);
  if (result != SQLITE_OK) {
    throw Error(ErrorKind::unavailable, "sqlite.unavailable", "the SQLite database cannot be opened")
        .with_sqlstate(std::to_string(result));
  }
  sqlite3_extended_result_codes(database.get(), 1);
  return database;
}

Statement prepare(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  int result = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), 0, &raw, nullptr);
  Statement statement(raw);
  if (result != SQLITE_OK || raw == nullptr) fail(database, result, "preparing a statement");
  return statement;
}

void execute(sqlite3* database, const char* sql) {
  int result = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(database, result, "running a statement");
}

bool step(sqlite3* database, sqlite3_stmt* statement) {
  int result = sqlite3_step(statement);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  fail(database, result, "running a statement");
}

void bind(sqlite3* database, sqlite3_stmt* statement, int index, std::string_view text) {
  int result = sqlite3_bind_text64(statement, index, text.data() == nullptr ? "" : text.data(), text.size(),
                                   SQLITE_TRANSIENT, SQLITE_UTF8);
  if (result != SQLITE_OK) fail(database, result, "binding a parameter");
}

void bind(sqlite3* database, sqlite3_stmt* statement, int index, std::int64_t number) {
  int result = sqlite3_bind_int64(statement, index, number);
  if (result != SQLITE_OK) fail(database, result, "binding a parameter");
}

void bind(sqlite3* database, sqlite3_stmt* statement, int index, const Value& value) {
  struct Visitor {
    sqlite3* database;
    sqlite3_stmt* statement;
    int index;
    int operator()(const Null&) const { return sqlite3_bind_null(statement, index); }
    int operator()(bool flag) const { return sqlite3_bind_int(statement, index, flag ? 1 : 0); }
    int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, index, number); }
    int operator()(double number) const { return sqlite3_bind_double(statement, index, number); }
    int operator()(const std::string& text) const {
      return sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    int operator()(const Bytes& bytes) const {
      return sqlite3_bind_blob64(statement, index, bytes.data.data(), bytes.data.size(), SQLITE_TRANSIENT);
    }
    int operator()(const Decimal& decimal) const { return (*this)(decimal.digits); }
  };
  int result = std::visit(Visitor{database, statement, index}, value);
  if (result != SQLITE_OK) fail(database, result, "binding a parameter");
}

std::string column_text(sqlite3_stmt* statement, int index) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement, index))};
}

Value column_value(sqlite3_stmt* statement, int index) {
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(statement, index));
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, index);
    case SQLITE_TEXT:
      return column_text(statement, index);
    case SQLITE_BLOB: {
      const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, index));
      auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
      return Bytes{data == nullptr ? std::string() : std::string(data, size)};
    }
    default:
      return Null{};
  }
}

}  // namespace libguard::sqlite
