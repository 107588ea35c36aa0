// P1: deadlines and cancels are kept whatever the server does; what is not known is said to be in doubt.

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;

namespace {

using Steady = std::chrono::steady_clock;

template <typename Act>
std::int64_t milliseconds_of(Act act) {
  auto start = Steady::now();
  act();
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start).count();
}

// The server process of the (only) session of a role; waits until it shows `state`.
pid_t backend_of(const std::string& role, const std::string& query) {
  for (int i = 0; i < 200; ++i) {
    std::string pid = pg_cluster()->exec("SELECT pid FROM pg_stat_activity WHERE usename = '" + role +
                                         "' AND query LIKE '" + query + "' ORDER BY backend_start DESC LIMIT 1");
    if (!pid.empty()) return static_cast<pid_t>(std::stol(pid));
    std::this_thread::sleep_for(10ms);
  }
  return 0;
}

std::string running(const char* what) {
  return pg_cluster()->exec(
      std::string(
          "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '") +
      what + "%'");
}

// Until nothing of it runs on the server any more.
bool ended(const char* what) {
  for (int i = 0; i < 150; ++i) {
    if (running(what) == "0") return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

}  // namespace

TEST_CASE("a read ends at its deadline, and on the server too") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  (void)shop.read("SELECT 1");
  std::string code;
  auto took =
      milliseconds_of([&] { code = message_of([&] { (void)shop.read("SELECT pg_sleep(30)", {}, limits(400ms)); }); });
  CHECK(code == "backend.deadline");
  CHECK(took >= 380);
  CHECK(took < 700 + kPauseMs);
  CHECK(ended("SELECT pg_sleep"));
  CHECK(shop.read("SELECT 1").rows.size() == 1);
}

TEST_CASE("a cancel from another thread, or from the hook, is felt within a second") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  for (bool write : {false, true}) {
    CAPTURE(write);
    auto from_thread = limits();
    std::thread canceller([token = from_thread.cancel] {
      std::this_thread::sleep_for(150ms);
      token.cancel();
    });
    std::string code;
    auto took = milliseconds_of(
        [&] { code = message_of([&] { (void)shop.run(shop.command("SELECT pg_sleep(30)"), write, from_thread); }); });
    canceller.join();
    CHECK(code == "backend.cancelled");
    CHECK(took < 1'000 + kPauseMs);
    CHECK(ended("SELECT pg_sleep"));
    auto from_hook = limits();
    auto start = Steady::now();
    from_hook.cancel = CancelToken([start] { return Steady::now() - start > 150ms; });
    CHECK(message_of([&] { (void)shop.run(shop.command("SELECT pg_sleep(30)"), write, from_hook); }) ==
          "backend.cancelled");
  }
}

TEST_CASE("a server process that stands still does not hold the caller past its deadline") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  (void)shop.read("SELECT 1");
  pid_t server = backend_of("guard_reader", "%");
  REQUIRE(server > 0);
  ::kill(server, SIGSTOP);
  std::string code;
  auto took = milliseconds_of([&] { code = message_of([&] { (void)shop.read("SELECT 1", {}, limits(500ms)); }); });
  ::kill(server, SIGCONT);
  CHECK(code == "backend.deadline");
  CHECK(took < 800 + kPauseMs);
  CHECK(shop.read("SELECT 1").rows.size() == 1);
}

TEST_CASE("a stopped server does not hold the catalogue's reader either, though libpqxx blocks") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  // An exclusive lock on a catalogue stops the reader in the middle of its queries.
  std::unique_ptr<PGconn, decltype(&PQfinish)> locker(pg_cluster()->open("postgres"), &PQfinish);
  PQclear(PQexec(locker.get(), "BEGIN; LOCK TABLE pg_catalog.pg_cast IN ACCESS EXCLUSIVE MODE"));
  std::string code;
  auto took = milliseconds_of(
      [&] { code = message_of([&] { (void)shop.backend->catalogue(PermitForge::grant(), limits(500ms), true); }); });
  CHECK((code == "backend.deadline" || code == "backend.catalogue"));
  CHECK(took < 900 + kPauseMs);
  PQclear(PQexec(locker.get(), "ROLLBACK"));
  CHECK_FALSE(shop.version(true).empty());
}

TEST_CASE("a server process that is killed in the middle is unreachable, and the next action gets another") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  (void)shop.read("SELECT 1");
  std::thread killer([] {
    pid_t server = backend_of("guard_reader", "%pg_sleep%");
    if (server > 0) pg_cluster()->exec("SELECT pg_terminate_backend(" + std::to_string(server) + ")");
  });
  std::string what;
  CHECK(message_of([&] { (void)shop.read("SELECT pg_sleep(20)"); }, &what) == "backend.unreachable");
  CHECK(what.find("administrator") == std::string::npos);
  killer.join();
  CHECK(shop.read("SELECT 1").rows.size() == 1);
}

TEST_CASE("a COMMIT without an answer is in doubt, and resolved later") {
  LIBGUARD_NEEDS_POSTGRES;
  pg_cluster()->exec(
      "DROP TABLE IF EXISTS doubts; CREATE TABLE doubts(id int);"
      "ALTER ROLE guard_writer SET synchronous_commit = on");
  Shop shop;
  std::string xid, identifier, code;
  Permit permit = PermitForge::permit(shop.command("INSERT INTO doubts VALUES (1)"), true);
  auto short_limits = limits(1500ms);
  {
    auto action = shop.backend->begin(PermitForge::grant(), permit, short_limits);
    backend::Prepared prepared = action->prepare();
    xid = prepared.xid;
    identifier = prepared.system_identifier;
    // With a synchronous standby that never comes, COMMIT is done but not answered.
    pg_cluster()->exec("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    pg_cluster()->exec("SELECT pg_reload_conf()");
    std::this_thread::sleep_for(100ms);
    auto took = milliseconds_of(
        [&] { code = message_of([&] { (void)action->execute(std::move(permit), PermitForge::intent()); }); });
    CHECK(took < 1'800 + kPauseMs);
  }
  pg_cluster()->exec("ALTER ROLE guard_writer RESET synchronous_commit");
  pg_cluster()->exec("ALTER SYSTEM RESET ALL");
  pg_cluster()->exec("SELECT pg_reload_conf()");
  CHECK(code == "backend.in_doubt");
  std::string resolved;
  for (int i = 0; i < 100 && resolved != "committed"; ++i) {
    resolved = shop.backend->resolve(PermitForge::grant(), identifier, xid, limits());
    std::this_thread::sleep_for(20ms);
  }
  CHECK(resolved == "committed");
  CHECK(pg_cluster()->exec("SELECT count(*) FROM doubts") == "1");
}

TEST_CASE("nobody listening: unreachable, at once, and never a hang") {
  LIBGUARD_NEEDS_POSTGRES;
  auto nowhere = config();
  nowhere.port = 5999;
  auto closed = backend::postgres_backend(nowhere, system_clock());
  CHECK(message_of([&] { (void)closed->catalogue(PermitForge::grant(), limits(), false); }) == "backend.unreachable");
  // One that takes the connection and says nothing.
  std::string directory = pg_cluster()->directory() + "/mute";
  ::mkdir(directory.c_str(), 0700);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = directory + "/.s.PGSQL.5433";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 8) == 0);
  auto silent = config();
  silent.host = directory;
  auto mute = backend::postgres_backend(silent, system_clock());
  auto waited = milliseconds_of([&] {
    CHECK(message_of([&] { (void)mute->catalogue(PermitForge::grant(), limits(300ms), false); }) == "backend.deadline");
  });
  CHECK(waited < 500);
  ::close(listener);
  auto unresolvable = config();
  unresolvable.host = "no-such-host.invalid";
  auto lost = backend::postgres_backend(unresolvable, system_clock());
  auto took = milliseconds_of([&] {
    std::string code = message_of([&] { (void)lost->catalogue(PermitForge::grant(), limits(1s), false); });
    CHECK((code == "backend.unreachable" || code == "backend.deadline"));
  });
  CHECK(took < 1'300 + kPauseMs);
}
