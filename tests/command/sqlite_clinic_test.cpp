// Three lists of statements on one schema, judged by SQLite itself: what is harmless must be seen to be, what is not
// must never pass as harmless, and changing a column's values must change only those result columns that say they
// reveal it.
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "command/sqlite_helpers.h"

namespace libguard::command::sqlite {
namespace {

const std::string kClinic = std::string(LIBGUARD_SOURCE_DIR) + "/tests/cases/command/clinic_sqlite/";

using Rows = std::vector<std::vector<std::string>>;

std::string schema_text() {
  std::ifstream in(kClinic + "schema.sql");
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<std::string> statements(const std::string& file) {
  std::ifstream in(kClinic + file);
  std::vector<std::string> all;
  for (std::string line; std::getline(in, line);) all.push_back(Json::parse(line)["sql"]);
  return all;
}

// The rows of the statement; nothing when it fails. It is stepped by hand, since it may well fail.
std::optional<Rows> rows_of(sqlite3* database, const std::string& sql) {
  Rows rows;
  for (const char* at = sql.c_str(); *at != '\0';) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(database, at, -1, &made, &at) != SQLITE_OK) return std::nullopt;
    int code = SQLITE_DONE;
    while (made != nullptr && (code = sqlite3_step(made)) == SQLITE_ROW) {
      auto& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(made); ++i) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(made, i));
        row.emplace_back(text == nullptr ? "NULL" : text);
      }
    }
    sqlite3_finalize(made);
    if (code != SQLITE_DONE) return std::nullopt;
  }
  return rows;
}

std::map<std::string, std::vector<std::string>> tables_of(sqlite3* database) {
  std::map<std::string, std::vector<std::string>> tables;
  const auto rows =
      rows_of(database,
              "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.schema = "
              "'main' AND t.type IN ('table', 'virtual') AND t.name NOT LIKE 'sqlite%'");
  for (const auto& row : rows.value()) tables[row[0]].push_back(row[1]);
  return tables;
}

std::map<std::string, Rows> contents(sqlite3* database, const std::map<std::string, std::vector<std::string>>& tables) {
  std::map<std::string, Rows> all;
  for (const auto& [table, columns] : tables) all[table] = rows_of(database, "SELECT * FROM " + table).value_or(Rows());
  return all;
}

std::string other_value(const std::string& column) {
  for (const char* number : {"id", "patient_id", "cost", "paid", "active", "n", "a", "k"}) {
    if (column == number) return column + " + 1000";
  }
  if (column == "info") return R"('{"kin":"zz","list":[77,78,79],"q":1}')";
  return "'~' || coalesce(" + column + ", '') || 'q'";
}

std::vector<std::string> sorted_column(const Rows& rows, std::size_t at) {
  std::vector<std::string> values;
  for (const auto& row : rows) values.push_back(row[at]);
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace

TEST_CASE("sqlite clinic: what is harmless is understood and seen to be harmless") {
  const std::string schema = schema_text();
  const auto understander = understander_of(schema.c_str());
  for (const std::string& sql : statements("benign.jsonl")) {
    INFO(sql);
    const auto command = ask(*understander, sql);
    CHECK_MESSAGE(command->understood, command->not_understood);
    CHECK(command->readonly_safe);
    auto database = database_with(schema.c_str());
    CHECK(rows_of(database.get(), sql).has_value());
  }
}

TEST_CASE("sqlite clinic: nothing that changes anything passes as harmless, and what it changes is named") {
  const std::string schema = schema_text();
  const auto understander = understander_of(schema.c_str());
  std::size_t changing = 0;
  for (const std::string& sql : statements("unsafe.jsonl")) {
    INFO(sql);
    const auto command = ask(*understander, sql);
    CHECK_FALSE(command->readonly_safe);
    if (!command->understood) continue;  // refused: ATTACH, VACUUM INTO and their kind are not even tried here
    auto database = database_with(schema.c_str());
    libguard::sqlite::execute(database.get(), "PRAGMA foreign_keys = ON");
    const auto tables = tables_of(database.get());
    const auto before = contents(database.get(), tables);
    (void)rows_of(database.get(), sql);
    const auto after = contents(database.get(), tables);
    changing += before != after;
    for (const auto& [table, rows] : before) {
      if (after.at(table) == rows) continue;
      const std::string name = "main." + table;
      CHECK_MESSAGE((command->writes.contains(name) || command->behind.cascades.contains(name)), "missed: " << name);
      CHECK_MESSAGE(
          (command->destructive || command->kinds.front() != "delete" || find_touch(*command, "delete", name)), name);
    }
  }
  CHECK(changing >= 40);
}

TEST_CASE("sqlite clinic: a result column changes only with the columns that it says it reveals") {
  const std::string schema = schema_text();
  const auto understander = understander_of(schema.c_str());
  std::size_t judged = 0;
  for (const std::string& sql : statements("lineage.jsonl")) {
    INFO(sql);
    const auto command = ask(*understander, sql);
    CHECK_MESSAGE(command->understood, command->not_understood);
    auto database = database_with(schema.c_str());
    libguard::sqlite::execute(database.get(), "DROP TRIGGER tw");
    const auto before = rows_of(database.get(), sql);
    REQUIRE(before);
    if (before->empty()) continue;
    for (const auto& [table, columns] : tables_of(database.get())) {
      for (const std::string& column : columns) {
        if (rows_of(database.get(), "SAVEPOINT s; UPDATE " + table + " SET " + column + " = " + other_value(column))) {
          const auto after = rows_of(database.get(), sql);
          const std::string name = "main." + table + "." + column;
          for (std::size_t i = 0; after && after->size() == before->size() && i < (*before)[0].size(); ++i) {
            if (sorted_column(*before, i) == sorted_column(*after, i)) continue;
            const auto& sources = command->reveals[i].sources;
            const bool known =
                sources.contains(name) || sources.contains("main." + table + ".*") || !how(*command, name).empty();
            CHECK_MESSAGE(known, "column " << i << " changes with " << name);
          }
        }
        (void)rows_of(database.get(), "ROLLBACK TO s; RELEASE s");
      }
    }
    ++judged;
  }
  CHECK(judged >= 40);
}

}  // namespace libguard::command::sqlite
