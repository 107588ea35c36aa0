// Actions whose end nobody told: a COMMIT that was never answered, a process that was killed.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/warehouse.h"

using namespace libguard;
using namespace libguard::test;

TEST_CASE("PostgreSQL: an action whose COMMIT was never answered is resolved, at once or when a guard opens") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  pg_cluster()->exec("ALTER ROLE guard_writer SET synchronous_commit = on");
  const auto settings = [](const char* names) {
    pg_cluster()->exec(names);
    pg_cluster()->exec("SELECT pg_reload_conf()");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  };
  std::string record;
  {
    Guard guard = Guard::open(warehouse.files().config());
    Session session = as_crew(guard);
    // Committed, but the answer waits for a standby that never comes.
    settings("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    Request request;
    request.connection = "warehouse";
    request.text = "UPDATE orders SET status = 'done' WHERE id = 11";
    request.deadline_ms = 1'500;
    Outcome outcome = session.run(request);
    record = outcome.record;
    CHECK(outcome.state == OutcomeState::in_doubt);
    CHECK(warehouse.files().verify().in_doubt == 1);
    settings("ALTER SYSTEM RESET ALL");
    // The connection works again, so what is in doubt is asked about again.
    for (int i = 0; i < 50 && warehouse.files().verify().in_doubt != 0; ++i) {
      CHECK(session.query("warehouse", "SELECT 1").completed());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK(warehouse.files().verify().in_doubt == 0);
    const std::string shown = audit::session_json(warehouse.files().path("state/audit"), session.id());
    CHECK(shown.find("resolved.committed") != std::string::npos);
    CHECK(guard.resolve("") == "[]");
    guard.close();
  }
  pg_cluster()->exec("ALTER ROLE guard_writer RESET synchronous_commit");
  CHECK(pg_cluster()->exec("SELECT status FROM orders WHERE id = 11") == "done");
  CHECK(warehouse.files().verify().intact);
}

TEST_CASE("PostgreSQL: a process that was killed between intent and outcome is resolved by the next guard") {
  if (pg_cluster() == nullptr) return;
  Warehouse warehouse;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // Killed while its statement runs: the intent is on record, and nothing else.
    Guard guard = Guard::open(warehouse.files().config());
    (void)::write(ends[1], "x", 1);
    (void)as_crew(guard).query("warehouse", "UPDATE orders SET status = 'lost' WHERE id = 12");
    ::_exit(0);
  }
  // The row is locked by us, so that the child waits inside of its transaction.
  std::unique_ptr<PGconn, decltype(&PQfinish)> holder(pg_cluster()->open("postgres"), &PQfinish);
  PQclear(PQexec(holder.get(), "BEGIN; UPDATE orders SET total = 1 WHERE id = 12"));
  char ready = 0;
  REQUIRE(::read(ends[0], &ready, 1) == 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  PQclear(PQexec(holder.get(), "ROLLBACK"));
  CHECK(warehouse.files().verify().in_doubt == 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  Guard guard = Guard::open(warehouse.files().config());
  CHECK(warehouse.files().verify().in_doubt == 0);
  CHECK(warehouse.files().records().find("resolved.aborted") != std::string::npos);
  CHECK(pg_cluster()->exec("SELECT status FROM orders WHERE id = 12") == "paid");
  guard.close();
}
