// Judged by data that lies beside the project and is no part of it; skipped where it is absent.
#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "base/json.h"
#include "command/postgres_fixture.h"
#include "support/figures.h"

using namespace libguard;

namespace {

std::vector<Json> rows(const std::string& file) {
  std::ifstream in(std::string(LIBGUARD_SOURCE_DIR) + "/../shared/oracles/" + file);
  std::vector<Json> all;
  for (std::string line; std::getline(in, line);) all.push_back(Json::parse(line));
  if (all.empty()) MESSAGE("skipped: " << file << " is not here");
  return all;
}

// The kind that a server's command tag stands for.
std::string kind_of_tag(const std::string& tag) {
  static const std::map<std::string, std::string> kWhole = {{"BEGIN", "tcl"},
                                                            {"COMMIT", "tcl"},
                                                            {"ROLLBACK", "tcl"},
                                                            {"SAVEPOINT", "tcl"},
                                                            {"RELEASE", "tcl"},
                                                            {"START TRANSACTION", "tcl"},
                                                            {"PREPARE TRANSACTION", "tcl"},
                                                            {"COMMIT PREPARED", "tcl"},
                                                            {"ROLLBACK PREPARED", "tcl"},
                                                            {"SET", "set"},
                                                            {"RESET", "set"},
                                                            {"SET CONSTRAINTS", "set"},
                                                            {"SHOW", "show"},
                                                            {"EXPLAIN", "explain"},
                                                            {"TRUNCATE TABLE", "truncate"},
                                                            {"MOVE", "fetch"},
                                                            {"FETCH", "fetch"},
                                                            {"DECLARE CURSOR", "declare_cursor"},
                                                            {"CLOSE CURSOR", "close_cursor"},
                                                            {"CLOSE CURSOR ALL", "close_cursor"},
                                                            {"LOCK TABLE", "lock"},
                                                            {"GRANT ROLE", "dcl"},
                                                            {"REVOKE ROLE", "dcl"},
                                                            {"GRANT", "dcl"},
                                                            {"REVOKE", "dcl"},
                                                            {"ALTER DEFAULT PRIVILEGES", "dcl"},
                                                            {"ALTER ROLE", "alter_role"},
                                                            {"CREATE PROCEDURE", "create_function"},
                                                            {"DEALLOCATE ALL", "deallocate"}};
  auto whole = kWhole.find(tag);
  if (whole != kWhole.end()) return whole->second;
  if (tag.starts_with("DROP ")) return "drop";
  if (tag.starts_with("ALTER ")) return "alter";
  if (tag.starts_with("DISCARD")) return "discard";
  std::string kind;
  for (char c : tag) kind += c == ' ' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return kind;
}

std::string without_counts(std::string tag) {
  while (!tag.empty() && (tag.back() == ' ' || (tag.back() >= '0' && tag.back() <= '9'))) tag.pop_back();
  return tag;
}

bool agrees(const Command& command, const std::string& tag) {
  const std::string wanted = kind_of_tag(tag);
  auto has = [&](std::string_view kind) {
    return std::find(command.kinds.begin(), command.kinds.end(), kind) != command.kinds.end();
  };
  if (has(wanted) || has("execute")) return true;  // EXECUTE answers with the tag of what it runs
  if (tag == "COPY") return has("copy_to") || has("copy_from");
  if (tag == "SELECT") return has("create_table_as") || has("create_materialized_view");
  // Renaming, and objects for which the words know nothing finer.
  return has("ddl") && (tag.starts_with("ALTER ") || tag.starts_with("CREATE "));
}

}  // namespace

TEST_CASE("Postgres oracle: every statement of the regression suite parses and its kind agrees with the server's tag") {
  const auto open = command::understander_without_catalogue(Dialect::postgres);
  std::size_t parsed = 0;
  std::size_t refused = 0;
  std::size_t agreed = 0;
  const std::vector<Json> all = rows("sql/postgres_regress_tags.jsonl");
  for (const Json& row : all) {
    const auto command = open->understand(row["sql"].get<std::string>(), {});
    const bool named = command->understood || command->not_understood_code == "command.unknown_name";
    parsed += named;
    refused += !named && !command->not_understood.empty();
    const bool same = agrees(*command, without_counts(row["tag"]));
    if (!same) MESSAGE(row["tag"].get<std::string>() << ": " << row["sql"].get<std::string>().substr(0, 120));
    agreed += same;
  }
  if (!all.empty()) {
    test::figure("regression suite: parsed", test::share(parsed, all.size()), "-");
    test::figure("regression suite: refused with a reason", test::share(refused, all.size()), "-");
    test::figure("regression suite: neither parsed nor refused", test::share(all.size() - parsed - refused, all.size()),
                 "0");
    test::figure("regression suite: kinds agree with command tags", test::share(agreed, all.size()), "100 %");
  }
  CHECK(parsed + refused == all.size());
  CHECK(agreed == all.size());
}

TEST_CASE("Postgres oracle: without a catalogue nothing unsafe passes the read-only gate, save what names hide") {
  const auto open = command::understander_without_catalogue(Dialect::postgres);
  std::size_t benign = 0;
  std::size_t blocked = 0;
  const std::vector<Json> all = rows("sql/adversarial.jsonl");
  for (const Json& row : all) {
    const auto command = open->understand(row["sql"].get<std::string>(), {});
    const bool safe = row["readonly_safe"];
    // What a name does cannot be seen here: attribute notation of a user's function.
    if (!safe && row["sql"].get<std::string>().find(").") == std::string::npos) {
      CHECK_MESSAGE(!command->readonly_safe, row["sql"].get<std::string>());
    }
    if (!row["category"].get<std::string>().starts_with("benign_read")) continue;
    ++benign;
    blocked += !command->readonly_safe;
  }
  if (!all.empty()) test::figure("without a catalogue: benign reads blocked", test::share(blocked, benign), "<= 2 %");
  CHECK(blocked * 50 <= benign);
}

TEST_CASE("Postgres oracle: lineage of each result column") {
  std::size_t judged = 0;
  std::size_t right = 0;
  std::size_t small = 0;
  std::size_t large = 0;
  for (const Json& row : rows("masking/bytebase_pg_lineage.jsonl")) {
    const Json metadata = Json::parse(row["metadata"].get<std::string>());
    Catalogue catalogue;
    catalogue.dialect = Dialect::postgres;
    catalogue.search_path = {"public"};
    bool functions = false;
    for (const Json& schema : metadata["schemas"]) {
      functions = functions || schema.contains("functions");
      for (const Json& table : schema.value("tables", Json::array())) {
        std::vector<std::pair<std::string, std::string>> columns;
        for (const Json& column : table.value("columns", Json::array())) columns.emplace_back(column["name"], "text");
        catalogue.relations.push_back(test::table(schema["name"], table["name"], columns));
      }
    }
    if (functions || row["results"].empty())
      continue;  // bodies are not read; EXPLAIN and system views are not counted there
    const auto understander = command::postgres_understander(std::make_shared<const Catalogue>(catalogue));
    const auto command = understander->understand(row["sql"].get<std::string>(), {});
    if (!command->understood) continue;  // the row's catalogue lacks a column that its text names
    ++judged;
    bool same = command->reveals.size() == row["results"].size();
    bool missing = !same;
    bool further = false;
    for (std::size_t i = 0; i < command->reveals.size() && i < row["results"].size(); ++i) {
      const auto wanted = row["results"][i]["sources"].get<std::set<std::string>>();
      const auto& found = command->reveals[i].sources;
      same = same && found == wanted;
      missing = missing || !std::includes(found.begin(), found.end(), wanted.begin(), wanted.end());
      further = further || !std::includes(wanted.begin(), wanted.end(), found.begin(), found.end());
    }
    small += missing;
    large += further;
    if (!same) MESSAGE(row["sql"].get<std::string>());
    right += same;
  }
  if (judged > 0) {
    test::figure("Bytebase lineage: statements that reveal too little", test::share(small, judged), "0");
    test::figure("Bytebase lineage: statements that reveal too much", test::share(large, judged), "<= 3 %");
  }
  CHECK(right == judged);
}
