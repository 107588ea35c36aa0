#include "base/sqlite_rules.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace libguard::sqlite {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool starts(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && same(text.substr(0, prefix.size()), prefix);
}

template <std::size_t N>
bool among(std::string_view name, const std::array<std::string_view, N>& names) noexcept {
  return std::any_of(names.begin(), names.end(), [name](std::string_view candidate) { return same(name, candidate); });
}

std::string_view view(const char* text) noexcept { return text == nullptr ? std::string_view() : text; }

// Whether a missing argument is allowed: without one these either list names or say nothing.
constexpr std::array<std::string_view, 11> kSchemaPragmas = {
    "table_info",       "table_xinfo",    "table_list",    "index_list",  "index_info", "index_xinfo",
    "foreign_key_list", "collation_list", "function_list", "module_list", "pragma_list"};
// Read the setting without an argument; with one they would change it.
// FTS5 itself reads data_version.
constexpr std::array<std::string_view, 7> kSettingPragmas = {
    "user_version", "schema_version", "encoding", "foreign_keys", "page_count", "application_id", "data_version"};

constexpr std::array<std::string_view, 13> kForbiddenFunctions = {
    "load_extension", "readfile",   "writefile", "edit",          "fts3_tokenizer", "lsdir",           "fsdir",
    "eval",           "sqlite_log", "zipfile",   "sqlite_dbpage", "sqlite_dbdata",  "sqlite_file_info"};

constexpr std::array<std::string_view, 8> kVolatileFunctions = {"random",       "randomblob",    "last_insert_rowid",
                                                                "changes",      "total_changes", "current_timestamp",
                                                                "current_date", "current_time"};

constexpr std::array<std::string_view, 137> kSafeFunctions = {
    // Text, numbers, choice.
    "abs", "char", "coalesce", "concat", "concat_ws", "format", "glob", "hex", "if", "ifnull", "iif", "instr", "length",
    "like", "likelihood", "likely", "lower", "ltrim", "max", "min", "nullif", "octet_length", "printf", "quote",
    "replace", "round", "rtrim", "sign", "soundex", "substr", "substring", "trim", "typeof", "unhex", "unicode",
    "unlikely", "upper", "zeroblob", "subtype", "sqlite_version",
    // Chance and the connection's own counters.
    "random", "randomblob", "last_insert_rowid", "changes", "total_changes",
    // Dates.
    "date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff", "current_timestamp", "current_date",
    "current_time",
    // Aggregates and windows.
    "avg", "count", "group_concat", "string_agg", "sum", "total", "median", "row_number", "rank", "dense_rank",
    "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
    // Mathematics.
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "cos", "cosh", "degrees", "exp",
    "floor", "ln", "log", "log10", "log2", "mod", "pi", "pow", "power", "radians", "sin", "sinh", "sqrt", "tan", "tanh",
    "trunc",
    // JSON.
    "json", "json_array", "json_array_length", "json_error_position", "json_extract", "->", "->>", "json_insert",
    "json_object", "json_patch", "json_pretty", "json_quote", "json_remove", "json_replace", "json_set", "json_type",
    "json_valid", "json_group_array", "json_group_object", "jsonb", "jsonb_array", "jsonb_extract", "jsonb_insert",
    "jsonb_object", "jsonb_patch", "jsonb_remove", "jsonb_replace", "jsonb_set",
    // Full text.
    "match", "snippet", "bm25", "highlight", "offsets", "matchinfo", "fts5_source_id"};

constexpr std::array<std::string_view, 7> kVirtualModules = {"fts3",  "fts4",      "fts5",   "fts5vocab",
                                                             "rtree", "rtree_i32", "geopoly"};

}  // namespace

bool pragma_allowed(std::string_view name, const char* argument) noexcept {
  if (among(name, kSchemaPragmas)) return true;
  return argument == nullptr && among(name, kSettingPragmas);
}

bool function_is_safe(std::string_view name) noexcept { return among(name, kSafeFunctions); }
bool function_is_volatile(std::string_view name) noexcept { return among(name, kVolatileFunctions); }
bool function_is_forbidden(std::string_view name) noexcept { return among(name, kForbiddenFunctions); }

bool is_system_table(std::string_view name) noexcept {
  return starts(name, "sqlite_") || starts(name, "pragma_") || same(name, "dbstat");
}

bool may_run(int action, const char* first, const char* second) noexcept {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_VIEW:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TEMP_INDEX:
    case SQLITE_DROP_TEMP_TABLE:
    case SQLITE_DROP_TEMP_TRIGGER:
    case SQLITE_DROP_TEMP_VIEW:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW:
    case SQLITE_DROP_VTABLE:
    case SQLITE_ALTER_TABLE:
    case SQLITE_REINDEX:
    case SQLITE_ANALYZE:
      return true;
    // Raw pages of any table, and the texts of other statements.
    case SQLITE_READ:
      return !same(view(first), "sqlite_dbpage") && !same(view(first), "sqlite_stmt");
    case SQLITE_CREATE_VTABLE:
      return among(view(second), kVirtualModules);
    case SQLITE_PRAGMA:
      return pragma_allowed(view(first), second);
    case SQLITE_FUNCTION:
      return !function_is_forbidden(view(second));
    default:
      return false;  // ATTACH, DETACH, TRANSACTION, SAVEPOINT and whatever a later SQLite adds
  }
}

void harden(sqlite3* database) noexcept {
  if (database == nullptr) return;
  int ignored = 0;
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, &ignored);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &ignored);
  sqlite3_db_config(database, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0, &ignored);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, &ignored);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, &ignored);
  struct Limit {
    int id;
    int value;
  };
  // The parse of a statement must fit a 256 KiB stack: depth and compound terms are what recurses. CREATE statements
  // in a schema may be longer than an agent's statement, so the length is larger than kCommandBytesMax.
  static constexpr Limit kLimits[] = {{SQLITE_LIMIT_SQL_LENGTH, 1024 * 1024},
                                      {SQLITE_LIMIT_EXPR_DEPTH, 200},
                                      {SQLITE_LIMIT_COMPOUND_SELECT, 100},
                                      {SQLITE_LIMIT_VARIABLE_NUMBER, static_cast<int>(limits::kParamsMax)},
                                      {SQLITE_LIMIT_TRIGGER_DEPTH, 50},
                                      {SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024},
                                      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 2048},
                                      {SQLITE_LIMIT_WORKER_THREADS, 0},
                                      {SQLITE_LIMIT_ATTACHED, 0}};
  for (const Limit& limit : kLimits) sqlite3_limit(database, limit.id, limit.value);
}

}  // namespace libguard::sqlite
