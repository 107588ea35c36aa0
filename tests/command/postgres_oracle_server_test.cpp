// Another author's statements, judged with the catalogue of a real server. They lie beside the project and may be
// absent.
#include <doctest/doctest.h>

#include "command/postgres_server.h"
#include "support/figures.h"

using namespace libguard;
using namespace libguard::test;

namespace {

const std::string kOracle = std::string(LIBGUARD_SOURCE_DIR) + "/../shared/oracles/sql/";

struct Score {
  std::size_t safe_wanted = 0, benign = 0, unsafe = 0, allowed = 0, blocked = 0;
  std::size_t understood = 0, kinds = 0, reads = 0, writes = 0;
  std::size_t changed = 0, changed_found = 0;  // what the server really changed
  std::size_t heavy = 0, heavy_missed = 0;     // >= 30 % of a table, and nothing says so or bounds it
  std::size_t benign_writes = 0, alarms = 0;
};

// Of what `verified` saw: is a table of this change, its cascades included, changed by a third or more?
bool is_heavy(const Json& row) {
  if (!row.contains("verified") || !row["verified"].is_object()) return false;
  if (!row["destructive"].get<bool>()) return false;
  const Json& before_after = row["verified"]["rows_before_after"];
  return !before_after.empty();
}

// With the effect bound on, a heavy change passes unseen only when it looks harmless and is not held to its keys.
bool is_missed(const Command& command) {
  const bool keyed = std::any_of(command.touches.begin(), command.touches.end(), [](const Touch& touch) {
    return touch.rows_bound != kUnproven && !touch.through_view && touch.action != "select" && touch.action != "insert";
  });
  return command.understood && !command.destructive && !keyed;
}

void judge(const Json& row, const Command& command, Score& score) {
  const bool reading = row["category"].get<std::string>().starts_with("benign_read");
  const bool writing = row["category"].get<std::string>().starts_with("benign_write");
  score.unsafe += !row["readonly_safe"].get<bool>();
  score.allowed += command.readonly_safe && !row["readonly_safe"].get<bool>();
  score.benign += reading;
  score.blocked += reading && !command.readonly_safe;
  score.benign_writes += writing;
  score.alarms += writing && command.destructive;
  if (is_heavy(row)) {
    ++score.heavy;
    score.heavy_missed += is_missed(command);
    if (is_missed(command)) MESSAGE("heavy and not seen: " << row["sql"].get<std::string>());
  }
  if (!command.understood) return;
  ++score.understood;
  const bool same_kinds = command.kinds == row["kinds"].get<std::vector<std::string>>();
  const bool same_reads = command.reads == row["reads"].get<Names>();
  const bool same_writes = command.writes == row["writes"].get<Names>();
  score.kinds += same_kinds;
  score.reads += same_reads;
  score.writes += same_writes;
  if (!same_kinds || !same_reads || !same_writes) {
    MESSAGE(row["id"].get<std::string>() << ": " << row["sql"].get<std::string>() << "\n  writes"
                                         << joined(command.writes) << " wanted" << joined(row["writes"].get<Names>())
                                         << "\n  reads" << joined(command.reads));
  }
  if (!row.contains("verified") || !row["verified"].is_object() || opaque(command)) return;
  for (const Json& table : row["verified"]["data_changed"]) {
    ++score.changed;
    const bool found = command.writes.contains(table) || command.behind.cascades.contains(table) ||
                       std::any_of(command.touches.begin(), command.touches.end(), [&](const Touch& touch) {
                         return touch.action == "ddl" && touch.object == table;  // under its new name, too
                       });
    score.changed_found += found;
    if (!found) MESSAGE("changed and not named: " << table.get<std::string>() << ": " << row["sql"].get<std::string>());
  }
}

}  // namespace

TEST_CASE("Postgres oracle: another author's statements, with the catalogue of a real server") {
  const std::vector<Json> all = lines(kOracle + "adversarial.jsonl");
  if (all.empty()) {
    MESSAGE("skipped: sql/adversarial.jsonl is not here");
    return;
  }
  if (pg_cluster() == nullptr) return;
  pg_cluster()->exec("DROP ROLE IF EXISTS reader");
  pg_cluster()->exec("DROP ROLE IF EXISTS admin_role");
  Server server("adversarial", file_text(kOracle + "schema_adversarial.sql"));
  const auto understander = command::postgres_understander(server.catalogue({"public", "app", "audit"}));
  Score score;
  for (const Json& row : all) judge(row, *understander->understand(row["sql"].get<std::string>(), {}), score);
  figure("PostgreSQL: unsafe statements let through the read-only gate", share(score.allowed, score.unsafe), "0");
  figure("PostgreSQL: benign reads blocked", share(score.blocked, score.benign), "<= 2 %");
  figure("PostgreSQL: changes of >= 30 % of a table not seen and not held", share(score.heavy_missed, score.heavy),
         "0");
  figure("PostgreSQL: bounded writes called destructive", share(score.alarms, score.benign_writes), "-");
  figure("PostgreSQL: tables that the server changed, found", share(score.changed_found, score.changed), ">= 99 %");
  figure("PostgreSQL: writes exactly as labelled", share(score.writes, score.understood), ">= 99 %");
  figure("PostgreSQL: reads exactly as labelled", share(score.reads, score.understood), "-");
  figure("PostgreSQL: kinds exactly as labelled", share(score.kinds, score.understood), "-");
  CHECK(score.allowed == 0);
  CHECK(score.blocked * 50 <= score.benign);
  CHECK(score.heavy_missed == 0);
  CHECK(score.changed_found * 100 >= score.changed * 99);
  CHECK(score.writes * 100 >= score.understood * 99);
}
