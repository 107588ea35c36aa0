// The pool, the reset, unsafe logins, credentials, forks.

#include <sys/wait.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "backend/postgres/connect.h"
#include "backend/postgres/values.h"
#include "postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;

TEST_CASE("logins that could undo the guard are refused at the first connect") {
  LIBGUARD_NEEDS_POSTGRES;
  PgCluster& cluster = *pg_cluster();
  struct Case {
    const char* make;
    const char* undo;
    const char* says;
  };
  cluster.exec("DROP TABLE IF EXISTS guarded; CREATE TABLE guarded(id int)");
  const Case cases[] = {
      {"ALTER ROLE unsafe SUPERUSER", "ALTER ROLE unsafe NOSUPERUSER", "superuser"},
      {"ALTER ROLE unsafe BYPASSRLS", "ALTER ROLE unsafe NOBYPASSRLS", "BYPASSRLS"},
      {"ALTER ROLE unsafe CREATEROLE", "ALTER ROLE unsafe NOCREATEROLE", "CREATEROLE"},
      {"ALTER ROLE unsafe REPLICATION", "ALTER ROLE unsafe NOREPLICATION", "REPLICATION"},
      {"GRANT pg_read_server_files TO unsafe", "REVOKE pg_read_server_files FROM unsafe", "pg_read_server_files"},
      {"GRANT pg_write_server_files TO unsafe", "REVOKE pg_write_server_files FROM unsafe", "pg_write_server_files"},
      {"GRANT pg_execute_server_program TO middle; GRANT middle TO unsafe; ALTER ROLE unsafe NOINHERIT",
       "REVOKE middle FROM unsafe; REVOKE pg_execute_server_program FROM middle; ALTER ROLE unsafe INHERIT",
       "pg_execute_server_program"},
      {"ALTER ROLE middle CREATEROLE; GRANT middle TO unsafe",
       "REVOKE middle FROM unsafe; ALTER ROLE middle NOCREATEROLE", "CREATEROLE"},
      {"ALTER TABLE guarded OWNER TO unsafe", "ALTER TABLE guarded OWNER TO postgres", "owner of relations"},
      {"ALTER TABLE guarded OWNER TO middle; GRANT middle TO unsafe",
       "REVOKE middle FROM unsafe; ALTER TABLE guarded OWNER TO postgres", "owner of relations"},
      {"ALTER SCHEMA public OWNER TO unsafe", "ALTER SCHEMA public OWNER TO pg_database_owner",
       "owner of a configured schema"},
      {"ALTER DATABASE postgres OWNER TO unsafe", "ALTER DATABASE postgres OWNER TO postgres", "owner of the database"},
  };
  cluster.exec(
      std::string(
          "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'unsafe') THEN CREATE ROLE unsafe LOGIN;"
          " CREATE ROLE middle; END IF; END $$; ALTER ROLE unsafe PASSWORD ") +
      "E'correct horse \\'battery\\\\ staple'");
  for (const Case& c : cases) {
    CAPTURE(c.make);
    cluster.exec(c.make);
    for (bool write : {false, true}) {
      auto unsafe = config();
      (write ? unsafe.write : unsafe.read).role = "unsafe";
      Shop shop(unsafe);
      std::string what;
      std::string code = message_of([&] { (void)(write ? shop.write("SELECT 1") : shop.read("SELECT 1")); }, &what);
      CHECK(code == "backend.unsafe_login");
      CHECK(what.find(c.says) != std::string::npos);
      CHECK(what.find("unsafe") != std::string::npos);
    }
    cluster.exec(c.undo);
  }
  auto safe = config();
  safe.read.role = "unsafe";
  CHECK(Shop(safe).read("SELECT 1").rows.size() == 1);
}

TEST_CASE("promise 3: a wrong password is refused without being shown, and a good one is nowhere to be asked for") {
  LIBGUARD_NEEDS_POSTGRES;
  std::string path = pg_cluster()->directory() + "/wrong";
  std::ofstream(path) << "hunter2";
  ::chmod(path.c_str(), 0600);
  auto wrong = config();
  wrong.read.source = credentials::file_source(path);
  std::string what;
  auto backend = backend::postgres_backend(wrong, system_clock());
  CHECK(message_of([&] { (void)backend->catalogue(PermitForge::grant(), limits(), false); }, &what) ==
        "backend.login_refused");
  CHECK(what.find("hunter2") == std::string::npos);
  ::chmod(path.c_str(), 0644);
  CHECK(message_of([&] { (void)backend->catalogue(PermitForge::grant(), limits(), false); }) ==
        "credential.unsafe_file");
  CHECK(message_of([&] { (void)backend->catalogue(PermitForge::grant("other"), limits(), false); }) ==
        "grant.other_connection");
}

TEST_CASE("P2: nothing of one action reaches the next one on the same session") {
  LIBGUARD_NEEDS_POSTGRES;
  auto single = config();
  single.connections_max = 1;
  Shop shop(single);
  auto pid = shop.read("SELECT pg_backend_pid()").rows.at(0)[0];
  const char* leftovers[] = {"SELECT set_config('application_name', 'left', false)",
                             "SELECT set_config('search_path', 'evil', false)",
                             "SELECT set_config('session_replication_role', 'replica', false)",
                             "SELECT pg_advisory_lock(42)",
                             "SELECT set_config('my.secret', 'ada@example.com', false)",
                             "PREPARE left_over AS SELECT 1",
                             "LISTEN left_over",
                             "SELECT set_config('bytea_output', 'escape', false)",
                             "SELECT set_config('statement_timeout', '1', false)",
                             "DECLARE left_over CURSOR WITH HOLD FOR SELECT 1",
                             "SET SESSION AUTHORIZATION DEFAULT",
                             "CREATE TEMP TABLE left_over(i int)"};
  for (const char* sql : leftovers) {
    CAPTURE(sql);
    (void)message_of([&] { (void)shop.read(sql); });
    auto clean = shop.read(
                         "SELECT current_setting('application_name'), current_setting('search_path'), "
                         "current_setting('session_replication_role'),"
                         " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), "
                         "coalesce(current_setting('my.secret', true), ''),"
                         " (SELECT count(*) FROM pg_prepared_statements WHERE name <> 'g0' AND name <> 'g1'), (SELECT "
                         "count(*) FROM pg_listening_channels()),"
                         " current_setting('bytea_output'), (SELECT count(*) FROM pg_cursors WHERE name = "
                         "'left_over'), to_regclass('left_over') IS NULL,"
                         " pg_backend_pid()")
                     .rows.at(0);
    CHECK(clean[0] == Value{std::string("libguard")});
    CHECK(clean[1] == Value{std::string("pg_catalog, \"public\", pg_temp")});
    CHECK(clean[2] == Value{std::string("origin")});
    CHECK(clean[3] == Value{std::int64_t{0}});
    CHECK(clean[4] == Value{std::string()});
    CHECK(clean[5] == Value{std::int64_t{0}});
    CHECK(clean[6] == Value{std::int64_t{0}});
    CHECK(clean[7] == Value{std::string("hex")});
    CHECK(clean[8] == Value{std::int64_t{0}});
    CHECK(clean[9] == Value{true});
  }
  CHECK(shop.read("SELECT pg_backend_pid()").rows.at(0)[0] == pid);  // it was the same session all along
}

TEST_CASE("the pool gives connections in the order of asking, never more than its maximum, and keeps deadlines") {
  LIBGUARD_NEEDS_POSTGRES;
  auto two = config();
  two.connections_max = 2;
  Shop shop(two);
  (void)shop.version();
  Permit first = PermitForge::permit(shop.command("SELECT 1"), false);
  Permit second = PermitForge::permit(shop.command("SELECT 1"), false);
  auto held = shop.backend->begin(PermitForge::grant(), first, limits());
  auto also = shop.backend->begin(PermitForge::grant(), second, limits());
  auto start = std::chrono::steady_clock::now();
  CHECK(message_of([&] { (void)shop.read("SELECT 1", {}, limits(200ms)); }) == "backend.deadline");
  CHECK(std::chrono::steady_clock::now() - start < 400ms + std::chrono::milliseconds(kPauseMs));
  auto cancelled = limits();
  cancelled.cancel.cancel();
  CHECK(message_of([&] { (void)shop.read("SELECT 1", {}, cancelled); }) == "backend.cancelled");
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      Permit permit = PermitForge::permit(shop.command("SELECT 1"), false);
      auto action = shop.backend->begin(PermitForge::grant(), permit, limits());
      std::lock_guard lock(mutex);
      order.push_back(i);
    });
    std::this_thread::sleep_for(30ms);
  }
  held.reset();
  for (std::thread& thread : threads) thread.join();
  CHECK(order == std::vector<int>{0, 1, 2, 3});
  CHECK(shop.backend->stats().at("connections") <= 2);
  CHECK(shop.backend->stats().at("in_use") == 1);
}

TEST_CASE("many threads share few connections") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  (void)shop.version();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        auto row = shop.read("SELECT $1::int", {std::int64_t{i * 1000 + n}}, limits(60s)).rows.at(0);
        if (row[0] == Value{std::int64_t{i * 1000 + n}}) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 320);
  CHECK(shop.backend->stats().at("opened") <= 4);
}

TEST_CASE("dead, old and expired connections are replaced without the caller noticing") {
  LIBGUARD_NEEDS_POSTGRES;
  Shop shop;
  (void)shop.read("SELECT 1");
  pg_cluster()->exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guard_reader'");
  std::this_thread::sleep_for(600ms);  // past the span after which a silent connection is asked
  CHECK(shop.read("SELECT 1").rows.size() == 1);
  CHECK(shop.backend->stats().at("opened") == 2);
  auto brief = config();
  brief.lifetime_s = 1;
  Shop aging(brief);
  (void)aging.read("SELECT 1");
  std::this_thread::sleep_for(1'050ms);
  (void)aging.read("SELECT 1");
  CHECK(aging.backend->stats().at("opened") == 2);
  // A whole restart of the server.
  pg_cluster()->stop("immediate");
  pg_cluster()->start();
  std::string code = message_of([&] { (void)shop.read("SELECT 1"); });
  CHECK((code.empty() || code == "backend.unreachable" || code == "command.changed"));
  CHECK(shop.read("SELECT 1").rows.size() == 1);
}

TEST_CASE("P6: a forked child closes the sockets, answers guard.forked, and the parent's session lives") {
  LIBGUARD_NEEDS_POSTGRES;
  for (bool told : {true, false}) {
    CAPTURE(told);
    auto shop = std::make_unique<Shop>();
    auto pid = shop->read("SELECT pg_backend_pid()").rows.at(0)[0];
    Permit permit = PermitForge::permit(shop->command("SELECT 1"), false);
    auto action = shop->backend->begin(PermitForge::grant(), permit, limits());
    pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      if (told) shop->backend->abandon_after_fork();
      bool good =
          message_of([&] { (void)shop->backend->catalogue(PermitForge::grant(), limits(), false); }) == "guard.forked";
      good = message_of([&] { (void)action->execute(std::move(permit), PermitForge::intent()); }) == "guard.forked" &&
             good;
      (void)shop->backend->stats();
      action.reset();
      shop.reset();
      ::_exit(good ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    RawResult result = action->execute(std::move(permit), PermitForge::intent());
    action.reset();
    // Which connection serves depends on which of them is being reset, so the server is asked for the session.
    const std::string number = std::to_string(std::get<std::int64_t>(pid));
    CHECK(shop->read("SELECT 1 FROM pg_stat_activity WHERE pid = " + number).rows.size() == 1);
    shop->backend
        ->abandon_after_fork();  // by mistake, in the parent: from then on it refuses, and closes nothing twice
    CHECK(message_of([&] { (void)shop->read("SELECT 1"); }) == "guard.forked");
  }
}

TEST_CASE("configurations that can never work are refused without connecting") {
  using backend::PostgresConfig;
  PostgresConfig good;
  good.connection = "shop";
  good.host = "/tmp";
  good.database = "d";
  good.read.role = "r";
  CHECK(message_of([&] { (void)backend::postgres_backend(good, system_clock()); }).empty());
  auto bad = [&](const std::function<void(PostgresConfig&)>& change) {
    PostgresConfig config = good;
    change(config);
    return message_of([&] { (void)backend::postgres_backend(config, system_clock()); });
  };
  CHECK(bad([](auto& c) { c.host = ""; }) == "backend.config");
  CHECK(bad([](auto& c) { c.host = "a,b"; }) == "backend.config");
  CHECK(bad([](auto& c) { c.port = 0; }) == "backend.config");
  CHECK(bad([](auto& c) { c.database = "host=evil"; }) == "backend.config");
  CHECK(bad([](auto& c) { c.database = "postgresql://evil/d"; }) == "backend.config");
  CHECK(bad([](auto& c) { c.read.role = ""; }) == "backend.config");
  CHECK(bad([](auto& c) { c.write.role = "r"; }) == "backend.config");
  CHECK(bad([](auto& c) { c.connections_max = 0; }) == "backend.config");
  CHECK(bad([](auto& c) { c.schemas = {"pg_catalog"}; }) == "backend.config");
  CHECK(bad([](auto& c) { c.ssl_mode = "prefer"; }) == "backend.config");
}

TEST_CASE("names of types and quoting") {
  using namespace backend::postgres;
  CHECK(type_name(23) == "int4");
  CHECK(type_name(1009) == "text[]");
  CHECK(type_name(424242) == "oid:424242");
  CHECK(is_textual(424242));
  CHECK_FALSE(is_textual(1700));
  CHECK(quoted("a\"b") == "\"a\"\"b\"");
}
