#include "backend/sqlite/statement.h"

#include <cmath>

#include "base/limits.h"
#include "base/text.h"
#include "libguard/error.h"

namespace libguard::backend::sqlite {
namespace {

// Spaces, semicolons and comments: what may follow a statement.
bool is_empty(std::string_view tail) {
  while (!tail.empty()) {
    if (std::string_view(" \t\r\n\f;").find(tail.front()) != std::string_view::npos) {
      tail.remove_prefix(1);
    } else if (tail.starts_with("--")) {
      const auto end = tail.find('\n');
      tail.remove_prefix(end == std::string_view::npos ? tail.size() : end + 1);
    } else if (tail.starts_with("/*")) {
      const auto end = tail.find("*/", 2);
      tail.remove_prefix(end == std::string_view::npos ? tail.size() : end + 2);
    } else {
      return false;
    }
  }
  return true;
}

[[noreturn]] void bad_parameters(const std::string& sentence) {
  throw Error(ErrorKind::invalid, "command.parameters", sentence);
}

// A value that SQLite would store as another one was not what was decided on.
void check_value(const Value& value) {
  if (const auto* number = std::get_if<double>(&value); number != nullptr && std::isnan(*number)) {
    bad_parameters("a parameter is NaN, which SQLite would read as NULL");
  }
  if (const auto* string = std::get_if<std::string>(&value)) {
    if (string->size() > limits::kParamBytesMax) bad_parameters("a parameter is longer than the limit");
    if (!text::is_utf8(*string)) bad_parameters("a text parameter is not UTF-8; pass it as bytes");
  }
  if (const auto* bytes = std::get_if<Bytes>(&value); bytes != nullptr && bytes->data.size() > limits::kParamBytesMax) {
    bad_parameters("a parameter is longer than the limit");
  }
}

// SQLite keeps whatever bytes it was given as text; what leaves here is UTF-8.
std::string as_utf8(std::string text) {
  if (text::is_utf8(text)) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 4;
    while (length > 0 && !(at + length <= text.size() && text::is_utf8(std::string_view(text).substr(at, length))))
      --length;
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
    } else {
      out.append(text, at, length);
      at += length;
    }
  }
  return out;
}

Value value_at(sqlite3_stmt* statement, int column) {
  Value value = libguard::sqlite::column_value(statement, column);
  if (auto* string = std::get_if<std::string>(&value)) *string = as_utf8(std::move(*string));
  return value;
}

// What the row holds, asked before anything is copied. Numbers count eight bytes.
std::int64_t bytes_of(sqlite3_stmt* statement, int columns) {
  std::int64_t bytes = 0;
  for (int column = 0; column < columns; ++column) {
    const int type = sqlite3_column_type(statement, column);
    bytes += type == SQLITE_TEXT || type == SQLITE_BLOB ? sqlite3_column_bytes(statement, column) + 8 : 8;
  }
  return bytes;
}

std::string name_or_empty(const char* name) { return name == nullptr ? std::string() : as_utf8(name); }

}  // namespace

int prepare_one(sqlite3* database, const std::string& text, libguard::sqlite::Statement& statement) {
  if (text.size() > limits::kCommandBytesMax || text.find('\0') != std::string::npos) {
    throw Error(ErrorKind::invalid, "command.malformed", "the statement is too long or holds a NUL byte");
  }
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int result = sqlite3_prepare_v3(database, text.c_str(), static_cast<int>(text.size() + 1), 0, &raw, &tail);
  statement.reset(raw);
  if (result != SQLITE_OK) return sqlite3_extended_errcode(database);
  if (raw == nullptr) throw Error(ErrorKind::invalid, "command.malformed", "the text holds no statement");
  if (!is_empty(std::string_view(tail, static_cast<std::size_t>(text.c_str() + text.size() - tail)))) {
    throw Error(ErrorKind::invalid, "command.multi_statement",
                "the text holds more than one statement; send them one by one");
  }
  return SQLITE_OK;
}

void bind_all(sqlite3_stmt* statement, const std::vector<Value>& params) {
  const int wanted = sqlite3_bind_parameter_count(statement);
  if (static_cast<std::size_t>(wanted) != params.size()) {
    bad_parameters("the statement has " + std::to_string(wanted) + " parameters and " + std::to_string(params.size()) +
                   " values were given");
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    check_value(params[i]);
    libguard::sqlite::bind(sqlite3_db_handle(statement), statement, static_cast<int>(i + 1), params[i]);
  }
}

std::vector<RawColumn> columns_of(sqlite3_stmt* statement) {
  std::vector<RawColumn> columns;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    RawColumn column;
    column.name = name_or_empty(sqlite3_column_name(statement, i));
    column.type = name_or_empty(sqlite3_column_decltype(statement, i));
    const char* table = sqlite3_column_table_name(statement, i);
    const char* origin = sqlite3_column_origin_name(statement, i);
    if (table != nullptr && origin != nullptr) {
      column.origin = name_or_empty(sqlite3_column_database_name(statement, i)) + "." + name_or_empty(table) + "." +
                      name_or_empty(origin);
    }
    // Any SQLite column may hold text, whatever it was declared as.
    column.textual = true;
    columns.push_back(std::move(column));
  }
  return columns;
}

ReadRows read_rows(sqlite3* database, sqlite3_stmt* statement, const ReadLimits& limits) {
  ReadRows read;
  const int columns = sqlite3_column_count(statement);
  std::int64_t bytes = 0;
  for (;;) {
    const int result = sqlite3_step(statement);
    if (result != SQLITE_ROW) {
      read.result = result == SQLITE_DONE ? SQLITE_DONE : sqlite3_extended_errcode(database);
      return read;
    }
    if (!read.truncated) {
      bytes += bytes_of(statement, columns);
      read.truncated = static_cast<std::int64_t>(read.rows.size()) >= limits.rows_max || bytes > limits.bytes_max;
    }
    if (!read.truncated) {
      Row& row = read.rows.emplace_back();
      row.reserve(static_cast<std::size_t>(columns));
      for (int column = 0; column < columns; ++column) row.push_back(value_at(statement, column));
    } else if (!limits.drain) {
      read.result = SQLITE_ROW;
      return read;
    }
  }
}

}  // namespace libguard::backend::sqlite
