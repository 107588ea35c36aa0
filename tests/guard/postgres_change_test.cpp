// What names stand for changes while commands run, and between them.

#include <doctest/doctest.h>

#include <thread>

#include "guard/warehouse.h"

using namespace libguard;
using namespace libguard::test;

TEST_CASE("PostgreSQL: another connection swaps a view while commands run, and no secret gets through") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  pg_cluster()->exec(
      "CREATE VIEW calm AS SELECT id, name AS shown FROM customers; GRANT SELECT ON calm TO guard_reader");
  Guard guard = Guard::open(warehouse.files().config());
  Session session = as_crew(guard);
  std::atomic<bool> stop{false};
  std::thread swapper([&] {
    for (int i = 0; !stop; ++i) {
      pg_cluster()->exec(i % 2 == 0 ? "CREATE OR REPLACE VIEW calm AS SELECT id, email AS shown FROM customers"
                                    : "CREATE OR REPLACE VIEW calm AS SELECT id, name AS shown FROM customers");
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  });
  int completed = 0;
  for (int i = 0; i < 60; ++i) {
    Outcome outcome = session.query("warehouse", "SELECT shown FROM calm");
    completed += outcome.completed() ? 1 : 0;
    CHECK(everything(outcome).find("@example") == std::string::npos);
  }
  stop = true;
  swapper.join();
  CHECK(session.query("warehouse", "SELECT shown FROM calm").completed());
  CAPTURE(completed);
}

TEST_CASE("PostgreSQL: what stands behind names is swapped under load, and no statement runs with another meaning") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  pg_cluster()->exec(
      "CREATE VIEW calm AS SELECT id, name AS shown FROM customers; GRANT SELECT ON calm TO guard_reader;"
      "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';"
      "CREATE TABLE moved(id int, shown text); INSERT INTO moved VALUES (1, 'calm'); GRANT SELECT ON moved TO "
      "guard_reader;"
      "CREATE TABLE leaks(id int); GRANT INSERT ON leaks TO guard_reader, guard_writer");
  warehouse.files().write("policies/support.cedar",
                          std::string(kPolicy) +
                              "@id(\"twice\") permit (principal in Group::\"support\", action == Action::\"call\", "
                              "resource == Function::\"warehouse/public.twice\");");
  Guard guard = Guard::open(warehouse.files().config());
  std::atomic<bool> stop{false};
  std::atomic<int> completed{0};
  std::atomic<int> answers{0};
  std::thread swapper([&] {
    const char* swaps[] = {
        "CREATE OR REPLACE VIEW public.calm AS SELECT id, email AS shown FROM public.customers",
        "CREATE OR REPLACE FUNCTION public.twice(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.leaks "
        "VALUES "
        "(1); RETURN 666; END'",
        "ALTER TABLE public.moved RENAME TO moved_away; CREATE TABLE public.moved AS SELECT id, ssn AS shown FROM "
        "public.customers; GRANT "
        "SELECT ON moved TO guard_reader",
        "ALTER ROLE guard_reader SET search_path = pg_temp; ALTER DATABASE postgres SET search_path = pg_temp",
        "CREATE OR REPLACE VIEW public.calm AS SELECT id, name AS shown FROM public.customers",
        "CREATE OR REPLACE FUNCTION public.twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'",
        "DROP TABLE public.moved; ALTER TABLE public.moved_away RENAME TO moved",
        "ALTER ROLE guard_reader RESET search_path; ALTER DATABASE postgres RESET search_path"};
    for (std::size_t i = 0; !stop || i % 8 != 0; ++i) {
      pg_cluster()->exec(swaps[i % 8]);
      // Goes on after something completed, or after a dozen refusals: at a pace of its own a slow build would only
      // ever refuse, and prove nothing.
      for (int done = completed, before = answers; !stop && completed == done && answers < before + 12;)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::atomic<int> leaked{0};
  std::vector<std::thread> agents;
  for (int thread = 0; thread < 4; ++thread) {
    agents.emplace_back([&] {
      Session session = as_crew(guard);
      for (int i = 0; i < 30; ++i) {
        for (const char* sql : {"SELECT shown FROM calm", "SELECT twice(21)", "SELECT shown FROM moved"}) {
          Outcome outcome = session.query("warehouse", sql);
          completed += outcome.completed() ? 1 : 0;
          ++answers;
          std::string shown = everything(outcome);
          for (const char* secret : {"@example", "536-90", "212-45"}) leaked += shown.find(secret) != std::string::npos;
          for (const Row& row : outcome.rows) {
            const auto* number = std::get_if<std::int64_t>(&row.at(0));
            leaked += number != nullptr && *number == 666 ? 1 : 0;
          }
        }
      }
    });
  }
  for (std::thread& agent : agents) agent.join();
  stop = true;
  swapper.join();
  CHECK(leaked == 0);
  CHECK(completed > 0);
  CHECK(pg_cluster()->exec("SELECT count(*) FROM leaks") == "0");
  // A refusal may rest on what was read up to a second ago.
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  Outcome last = as_crew(guard).query("warehouse", "SELECT twice(21)");
  INFO(last.reason);
  CHECK(last.code == "ok");
}

TEST_CASE("PostgreSQL: a refusal does not outlive its reason") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  Guard guard = Guard::open(warehouse.files().config());
  Session session = as_crew(guard);
  CHECK_FALSE(session.query("warehouse", "SELECT id FROM later").completed());
  pg_cluster()->exec("CREATE TABLE later(id int); GRANT SELECT ON later TO guard_reader");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  Outcome seen = session.query("warehouse", "SELECT id FROM later");
  INFO(seen.reason);
  CHECK(seen.code == "ok");
  // And a server that is away changes no refusal into anything else.
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  pg_cluster()->stop();
  Outcome refused = session.query("warehouse", "DROP TABLE later");
  pg_cluster()->start();
  CHECK(refused.state == OutcomeState::refused);
  CHECK(refused.code.starts_with("policy."));
}
