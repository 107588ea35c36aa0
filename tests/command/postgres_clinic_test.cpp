// Three lists of statements on one schema, judged by a real server: what is harmless must be seen to be, what is not
// must never pass as harmless, and changing a column's values must change only those result columns that say they
// reveal it.
#include <doctest/doctest.h>

#include "command/postgres_server.h"
#include "support/figures.h"

using namespace libguard;
using namespace libguard::test;

namespace {

const std::string kClinic = std::string(LIBGUARD_SOURCE_DIR) + "/tests/cases/command/clinic/";

// Other values of the same type, in the same order.
const std::map<std::string, std::string> kOtherValues = {
    {"text", "'~' || $ || 'q'"},
    {"int4", "$ + 1000"},
    {"numeric", "$ * 3 + 7"},
    {"date", "($ + interval '3 years 2 months 5 days')::date"},
    {"timestamptz", "$ + interval '400 days 3 hours'"},
    {"bool", "NOT $"},
    {"_text", "ARRAY['zz', 'yy'] || $"},
    {"jsonb", "jsonb_build_object('kin', ($->>'kin') || 'z', 'list', jsonb_build_array(71, 81, 91), 'more', 1)"},
    {"json", "json_build_object('a', 777, 'b', 'new', 'n', 1)"},
    {"xml", "xmlelement(name r, xmlelement(name v, 555))"},
    {"address", "ROW('a' || ($).street, 'b' || ($).town, 'c' || ($).zip)::clinic.address"},
    {"grade", "CASE $ WHEN 'junior' THEN 'senior' WHEN 'senior' THEN 'chief' ELSE 'junior' END::clinic.grade"}};

struct Column {
  std::string name;
  std::string type;
};

using Rows = std::vector<std::vector<std::string>>;

class Clinic {
 public:
  Clinic() : server_("clinic", file_text(kClinic + "schema.sql")) {
    understander_ = command::postgres_understander(server_.catalogue({"clinic"}));
    connect();
    for (const auto& row : server_.run(
             "SELECT c.relname, a.attname, t.typname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
             "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid WHERE n.nspname = "
             "'clinic' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY "
             "c.relname, a.attnum")) {
      tables_[row[0]].push_back({row[1], row[2]});
    }
  }

  void connect() { server_.run("SET search_path = pg_catalog, clinic; SET session_replication_role = replica"); }
  Server& server() { return server_; }
  [[nodiscard]] std::shared_ptr<const Command> understand(const std::string& sql) const {
    return understander_->understand(sql, {});
  }
  [[nodiscard]] const std::map<std::string, std::vector<Column>>& tables() const { return tables_; }

  // The rows with other values in these columns of the table; nothing when the statement fails on them.
  std::optional<Rows> with_other(const std::string& sql, const std::string& table,
                                 const std::set<std::string>& columns) {
    std::string names;
    std::string values;
    for (const Column& column : tables_.at(table)) {
      const auto& other = kOtherValues.at(column.type);
      std::string value;
      for (char c : columns.contains(column.name) ? other : "$")
        value += c == '$' ? "\"" + column.name + "\"" : std::string(1, c);
      names += (names.empty() ? "\"" : ", \"") + column.name + "\"";
      values += (values.empty() ? "" : ", ") + value;
    }
    std::optional<Rows> rows;
    server_.run("BEGIN");
    try {
      server_.run("CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM ONLY clinic." + table +
                  "; DELETE FROM ONLY clinic." + table + "; INSERT INTO clinic." + table + " (" + names +
                  ") OVERRIDING SYSTEM VALUE SELECT " + values + " FROM kept; DROP TABLE kept");
      rows = server_.run(sql);
    } catch (const std::exception&) {
    }
    server_.run("ROLLBACK");
    return rows;
  }

 private:
  Server server_;
  std::unique_ptr<command::Understander> understander_;
  std::map<std::string, std::vector<Column>> tables_;
};

std::vector<std::string> sorted_column(const Rows& rows, std::size_t at) {
  std::vector<std::string> values;
  for (const auto& row : rows) values.push_back(row[at]);
  std::sort(values.begin(), values.end());
  return values;
}

// A partition or child is read through its parent.
std::string parent_of(const std::string& table) {
  if (table.starts_with("shifts_")) return "shifts";
  return table == "drug" ? "base_item" : table;
}

bool revealed_by(const RevealedColumn& column, const std::string& table, const std::string& name) {
  for (const std::string& from : {table, parent_of(table)}) {
    if (column.sources.contains("clinic." + from + "." + name) || column.sources.contains("clinic." + from + ".*"))
      return true;
  }
  return false;
}

bool tested(const Command& command, const std::string& table, const std::string& name) {
  return std::any_of(command.tests.begin(), command.tests.end(), [&](const TestedColumn& test) {
    return test.column == "clinic." + table + "." + name || test.column == "clinic." + parent_of(table) + "." + name;
  });
}

}  // namespace

TEST_CASE("Postgres clinic: what is harmless is understood and seen to be harmless") {
  if (pg_cluster() == nullptr) return;
  Clinic clinic;
  std::size_t blocked = 0;
  const std::vector<Json> all = lines(kClinic + "benign.jsonl");
  for (const Json& row : all) {
    const std::string sql = row["sql"];
    INFO(sql);
    const auto command = clinic.understand(sql);
    CHECK_MESSAGE(command->understood, command->not_understood);
    CHECK(command->readonly_safe);
    blocked += !command->readonly_safe;
    if (row.value("newer", false)) continue;  // than the server that judges
    std::string error;
    CHECK(clinic.server().changed(sql, false, error).empty());
    CHECK_MESSAGE(error.empty(), error);
  }
  CHECK(all.size() >= 200);
  MESSAGE(share(blocked, all.size()) << " harmless statements blocked");
}

TEST_CASE("Postgres clinic: nothing that changes anything passes as harmless, and what it changes is named") {
  if (pg_cluster() == nullptr) return;
  Clinic clinic;
  std::size_t changing = 0;
  const std::vector<Json> all = lines(kClinic + "unsafe.jsonl");
  for (const Json& row : all) {
    const std::string sql = row["sql"];
    INFO(sql);
    const auto command = clinic.understand(sql);
    CHECK_MESSAGE(command->understood, command->not_understood);
    CHECK_FALSE(command->readonly_safe);
    if (!row.value("run", true) || opaque(*command)) continue;
    std::string error;
    clinic.server().run("SET session_replication_role = origin; SET statement_timeout = 3000");
    const Names changed = clinic.server().changed(sql, false, error);
    changing += !changed.empty();
    for (const std::string& table : changed) {
      CHECK_MESSAGE((command->writes.contains(table) || command->behind.cascades.contains(table)), "missed: " << table);
    }
  }
  CHECK(all.size() >= 300);
  CHECK(changing >= 100);
}

TEST_CASE("Postgres clinic: a result column changes only with the columns that it says it reveals") {
  if (pg_cluster() == nullptr) return;
  Clinic clinic;
  std::size_t judged = 0;
  for (const Json& row : lines(kClinic + "lineage.jsonl")) {
    const std::string sql = row["sql"];
    INFO(sql);
    const auto command = clinic.understand(sql);
    CHECK_MESSAGE(command->understood, command->not_understood);
    const Rows before = clinic.server().run(sql);
    if (before.empty()) continue;
    REQUIRE(command->reveals.size() == before[0].size());
    for (const auto& [table, columns] : clinic.tables()) {
      Names all;
      for (const Column& column : columns) all.insert(column.name);
      if (table.starts_with("shifts_")) all.erase("day");  // it says in which partition a row lies
      if (clinic.with_other(sql, table, all) == before) continue;
      for (const std::string& name : all) {
        const auto after = clinic.with_other(sql, table, {name});
        if (!after || after->size() != before.size() || *after == before) continue;
        for (std::size_t i = 0; i < before[0].size(); ++i) {
          if (sorted_column(before, i) == sorted_column(*after, i)) continue;
          CHECK_MESSAGE(
              (revealed_by(command->reveals[i], table, name) || tested(*command, table, name)),
              "column " << i << " " << command->reveals[i].column << " changes with " << table << "." << name);
        }
      }
    }
    ++judged;
  }
  CHECK(judged >= 100);
}
