// The project's oracle of lineage leaks, SQLite rows: every case is blocked, masked or clean as it says. The file lies
// beside the project and may be absent.
#include <fstream>

#include "base/json.h"
#include "command/sqlite_helpers.h"
#include "support/figures.h"

namespace libguard::command::sqlite {
namespace {

bool names_any(const std::set<std::string>& found, const Json& sensitive) {
  for (const Json& column : sensitive) {
    std::string name = "main." + column.get<std::string>();
    if (found.count(name) != 0 || found.count(name.substr(0, name.rfind('.')) + ".*") != 0) return true;
  }
  return false;
}

std::string verdict(const Command& command, const Json& sensitive) {
  if (!command.understood || names_any(command.error_reveals, sensitive) || names_any(command.carries, sensitive))
    return "blocked";
  for (const TestedColumn& test : command.tests) {
    if (names_any({test.column}, sensitive)) return "blocked";
  }
  for (const Touch& touch : command.touches) {
    if (touch.system) return "blocked";
  }
  for (const RevealedColumn& column : command.reveals) {
    if (names_any(column.sources, sensitive)) return "masked";
  }
  return "clean";
}

TEST_CASE("sqlite: the lineage oracle") {
  const std::string folder = std::string(LIBGUARD_SOURCE_DIR) + "/../shared/oracles/masking/";
  std::ifstream schema_file(folder + "lineage_schema_sqlite.sql");
  std::ifstream cases(folder + "lineage_leaks.jsonl");
  if (!schema_file || !cases) {
    MESSAGE("skipped: the lineage oracle is not there");
    return;
  }
  std::string schema((std::istreambuf_iterator<char>(schema_file)), {});
  auto understander = understander_of(schema.c_str());
  std::size_t run = 0;
  std::size_t wrong = 0;
  for (std::string line; std::getline(cases, line);) {
    JsonResult row = read_json(line);
    REQUIRE(row.value);
    if ((*row.value)["dialect"] != "sqlite") continue;
    CAPTURE((*row.value)["sql"].get<std::string>());
    auto command = ask(*understander, (*row.value)["sql"].get<std::string>());
    const std::string said = verdict(*command, (*row.value)["sensitive"]);
    CHECK(said == (*row.value)["expected"].get<std::string>());
    wrong += said != (*row.value)["expected"].get<std::string>();
    ++run;
  }
  test::figure("SQLite lineage leaks: verdicts that differ", test::share(wrong, run), "0");
  CHECK(run > 0);
}

}  // namespace
}  // namespace libguard::command::sqlite
