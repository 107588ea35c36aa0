// L1, L4, L6: the file, the waits, and the process.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmath>
#include <fstream>

#include "backend/sqlite_world.h"

using namespace libguard;
using namespace libguard::backend;
using namespace libguard::backend::contract;

namespace {

std::string catalogue_code(Backend& backend) {
  try {
    static_cast<void>(backend.catalogue(PermitForge::grant(), limits(), true));
  } catch (const Error& error) {
    return error.code();
  }
  return "ok";
}

Command all_items(World& world, Backend& backend) {
  return contract::command(world, backend, "SELECT id FROM contract_items", "select");
}

}  // namespace

TEST_CASE("L1: a missing file is not made, and only a regular file is opened") {
  SqliteWorld world;
  SqliteConfig config = world.config();
  config.path = world.path() + ".missing";
  CHECK(catalogue_code(*sqlite_backend(config)) == "backend.unreachable");
  CHECK_FALSE(std::filesystem::exists(config.path));
  REQUIRE(symlink((world.path() + ".nowhere").c_str(), config.path.c_str()) == 0);
  CHECK(catalogue_code(*sqlite_backend(config)) == "backend.unreachable");
  CHECK_FALSE(std::filesystem::exists(world.path() + ".nowhere"));
  config.path = "/tmp";
  CHECK(catalogue_code(*sqlite_backend(config)) == "backend.unreachable");
  config.path = world.path() + ".fifo";
  REQUIRE(mkfifo(config.path.c_str(), 0600) == 0);
  CHECK(catalogue_code(*sqlite_backend(config)) == "backend.unreachable");
  config.path = world.path() + ".text";
  std::ofstream(config.path) << std::string(5'000, 'x');
  CHECK(catalogue_code(*sqlite_backend(config)) == "backend.unreachable");
}

TEST_CASE("a configuration that can never work is refused at once") {
  SqliteConfig config;
  config.name = "shop";
  for (const char* path : {"", ":memory:"}) {
    config.path = path;
    CHECK_THROWS_AS(static_cast<void>(sqlite_backend(config)), Error);
  }
  config.path = "x.db";
  config.connections_max = 0;
  CHECK_THROWS_AS(static_cast<void>(sqlite_backend(config)), Error);
}

TEST_CASE("a file that was replaced is another database") {
  SqliteWorld world;
  auto backend = world.open();
  const Command read = all_items(world, *backend);
  CHECK(run(*backend, read).rows.size() == 100);
  std::filesystem::copy_file(world.path(), world.path() + ".new");
  std::filesystem::rename(world.path() + ".new", world.path());
  world.sql("DELETE FROM contract_items WHERE id > 10");
  CHECK(run(*backend, read).rows.size() == 10);
}

TEST_CASE("L2: a schema that was changed under an unchanged cookie is seen") {
  SqliteWorld world;
  world.sql(
      "CREATE TABLE secrets(name TEXT); INSERT INTO secrets VALUES ('hidden'); CREATE VIEW v AS SELECT name FROM "
      "contract_items;");
  auto backend = world.open();
  Command read = contract::command(world, *backend, "SELECT name FROM v", "select");
  Touch view;
  view.action = "select";
  view.object = "main.v";
  read.touches.push_back(view);
  CHECK(run(*backend, read).rows.size() == 100);
  const std::int64_t cookie = world.number("PRAGMA schema_version");
  world.sql("DROP VIEW v; CREATE VIEW v AS SELECT name FROM secrets; PRAGMA schema_version = " +
            std::to_string(cookie));
  CHECK(run(*backend, read).code == "command.changed");
  // Understood anew, the right thing is read, and not what an old handle remembers.
  static_cast<void>(backend->catalogue(PermitForge::grant(), limits(), true));
  Command again = contract::command(world, *backend, "SELECT name FROM v", "select");
  again.touches.push_back(view);
  CHECK(run(*backend, again).code == "command.disagreement");  // the facts do not name secrets
  view.object = "main.secrets";
  again.touches.push_back(view);
  Ran ran = run(*backend, again);
  CHECK(ran.code == "ok");
  CHECK(ran.rows.size() == 1);
}

TEST_CASE("L2: nobody changes the schema between the look and the run") {
  SqliteWorld world;
  auto backend = world.open();
  const Command write = contract::command(world, *backend, "DELETE FROM contract_items WHERE id = 1", "delete");
  Permit permit = PermitForge::permit(write, true);
  auto action = backend->begin(PermitForge::grant(), permit, limits());
  static_cast<void>(action->prepare());
  sqlite3* other = world.open_raw();
  sqlite3_busy_timeout(other, 50);
  CHECK(sqlite3_exec(other, "DROP TABLE contract_items", nullptr, nullptr, nullptr) == SQLITE_BUSY);
  CHECK(action->execute(std::move(permit), PermitForge::intent()).affected == 1);
  sqlite3_close(other);
}

TEST_CASE("L4: a lock of another process is waited for, until the deadline and no longer") {
  SqliteWorld world;
  auto backend = world.open();
  const Command write = contract::command(world, *backend, "DELETE FROM contract_items WHERE id = 1", "delete");
  sqlite3* other = world.open_raw();
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  auto began = std::chrono::steady_clock::now();
  CHECK(run(*backend, write, 1, limits(300)).code == "backend.deadline");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(1));
  ActionLimits cancelled = limits();
  cancelled.cancel.cancel();
  CHECK(run(*backend, write, 1, cancelled).code == "backend.cancelled");
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  });
  CHECK(run(*backend, write, 1).code == "ok");
  release.join();

  // A reader that keeps COMMIT from ending: the write is rolled back, not left open.
  sqlite3_stmt* reader = nullptr;
  REQUIRE(sqlite3_exec(other, "BEGIN; SELECT count(*) FROM contract_items", nullptr, nullptr, nullptr) == SQLITE_OK);
  const Command second = contract::command(world, *backend, "DELETE FROM contract_items WHERE id = 2", "delete");
  CHECK(run(*backend, second, 1, limits(300)).code == "backend.deadline");
  sqlite3_finalize(reader);
  sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  CHECK(world.count("id = 2") == 1);
  CHECK(run(*backend, second, 1).code == "ok");
}

TEST_CASE("a connection's own busy limit ends the wait earlier") {
  SqliteWorld world;
  SqliteConfig config = world.config();
  config.busy_ms = 100;
  auto backend = sqlite_backend(config);
  const Command write = contract::command(world, *backend, "DELETE FROM contract_items WHERE id = 1", "delete");
  sqlite3* other = world.open_raw();
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto began = std::chrono::steady_clock::now();
  CHECK(run(*backend, write, 1).code == "backend.busy");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(1));
  sqlite3_close(other);
}

TEST_CASE("L4: a pool with no place left keeps the deadline") {
  SqliteWorld world;
  SqliteConfig config = world.config();
  config.connections_max = 1;
  auto backend = sqlite_backend(config);
  const Command read = all_items(world, *backend);
  Permit permit = PermitForge::permit(read, false);
  auto holder = backend->begin(PermitForge::grant(), permit, limits());
  static_cast<void>(holder->prepare());
  CHECK(run(*backend, read, 1, limits(200)).code == "backend.deadline");
  holder.reset();
  CHECK(run(*backend, read).rows.size() == 100);
  // Readers and writers share the places: the idle reader makes room.
  CHECK(
      run(*backend, contract::command(world, *backend, "DELETE FROM contract_items WHERE id = 1", "delete"), 1).code ==
      "ok");
  CHECK(backend->stats()["connections"] == 1);
}

TEST_CASE("an action that is dropped leaves nothing behind") {
  SqliteWorld world;
  auto backend = world.open();
  const Command write = contract::command(world, *backend, "DELETE FROM contract_items WHERE id = 1", "delete");
  {
    Permit permit = PermitForge::permit(write, true);
    auto action = backend->begin(PermitForge::grant(), permit, limits());
    static_cast<void>(action->prepare());
  }
  world.sql("DELETE FROM contract_items WHERE id = 3");
  CHECK(backend->stats()["in_use"] == 0);
  CHECK(run(*backend, write, 1).code == "ok");
}

TEST_CASE("the journal of a killed writer is rolled back before anything is read") {
  SqliteWorld world;
  pid_t child = fork();
  if (child == 0) {
    sqlite3* database = nullptr;
    sqlite3_open(world.path().c_str(), &database);
    sqlite3_exec(database,
                 "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN;"
                 "UPDATE contract_items SET name = name || hex(zeroblob(4000));",
                 nullptr, nullptr, nullptr);
    _exit(0);  // without ROLLBACK: the journal stays, and it is hot
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(std::filesystem::exists(world.path() + "-journal"));
  auto backend = world.open();
  Ran ran = run(*backend, contract::command(world, *backend, "SELECT max(length(name)) FROM contract_items", "select"));
  REQUIRE(ran.code == "ok");
  CHECK(std::get<std::int64_t>(ran.rows.at(0).at(0)) == 8);
}

TEST_CASE("L6: a forked child is told so, and the parent's handles survive it") {
  SqliteWorld world;
  auto backend = world.open();
  const Command read = all_items(world, *backend);
  CHECK(run(*backend, read).code == "ok");
  Permit permit = PermitForge::permit(read, false);
  auto action = backend->begin(PermitForge::grant(), permit, limits());
  static_cast<void>(action->prepare());
  pid_t child = fork();
  if (child == 0) {
    backend->abandon_after_fork();
    int result = run(*backend, read).code == "guard.forked" && catalogue_code(*backend) == "guard.forked" ? 0 : 1;
    action.reset();
    backend.reset();
    _exit(result);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  RawResult result = action->execute(std::move(permit), PermitForge::intent());
  Row row;
  int rows = 0;
  while (result.rows->next(row)) ++rows;
  CHECK(rows == 100);
}

TEST_CASE("values arrive as they are, and never as another one") {
  SqliteWorld world;
  world.sql(
      "CREATE TABLE bytes(t, b); INSERT INTO bytes VALUES (CAST(x'61ff62' AS TEXT), x'00ff'), (1.5, NULL), "
      "(9007199254740993, 'e\xC3\xA9')");
  auto backend = world.open();
  Touch touch;
  touch.action = "select";
  touch.object = "main.bytes";
  Command read = contract::command(world, *backend, "SELECT t, b, t || 'x' AS e FROM bytes", "select");
  read.touches = {touch};
  Ran ran = run(*backend, read);
  REQUIRE(ran.rows.size() == 3);
  CHECK(ran.rows[0][0] == Value(std::string("a\xEF\xBF\xBD"
                                            "b")));
  CHECK(ran.rows[0][1] == Value(Bytes{std::string("\0\xff", 2)}));
  CHECK(ran.rows[1][0] == Value(1.5));
  CHECK(ran.rows[1][1] == Value(Null{}));
  CHECK(ran.rows[2][0] == Value(std::int64_t{9007199254740993}));
  CHECK(ran.columns[0].origin == "main.bytes.t");
  CHECK(ran.columns[2].origin.empty());
  CHECK(ran.columns[2].textual);

  auto echo = [&](Value value) {
    Command command = contract::command(world, *backend, "SELECT ?1", "select");
    command.params.resize(1);
    command.params[0] = std::move(value);
    return run(*backend, command);
  };
  CHECK(echo(std::nan("")).code == "command.parameters");
  CHECK(echo(std::string("\xff")).code == "command.parameters");
  CHECK(echo(std::string(2 * 1024 * 1024, 'x')).code == "command.parameters");
  CHECK(echo(std::string("a\0b", 3)).rows.at(0).at(0) == Value(std::string("a\0b", 3)));
  CHECK(echo(std::string()).rows.at(0).at(0) == Value(std::string()));
  CHECK(echo(HUGE_VAL).rows.at(0).at(0) == Value(HUGE_VAL));
}

TEST_CASE("text that is no statement, deep or endless, is an error and no more") {
  SqliteWorld world;
  auto backend = world.open();
  std::string deep = "SELECT ";
  for (int i = 0; i < 5'000; ++i) deep += "(";
  for (const std::string& text :
       {std::string(), std::string("   -- nothing"), std::string("SELECT 1\0; DROP TABLE contract_items", 36), deep,
        std::string(70'000, 'x'), std::string("\xff\xfe"), std::string("SELECT 1; /* and */ SELECT 2"),
        std::string("SELECT 1 ;; SELECT 2")}) {
    CHECK(run(*backend, contract::command(world, *backend, text, "select")).code != "ok");
  }
  CHECK(run(*backend, contract::command(world, *backend, "SELECT 1 ; -- done\n /* open", "select")).code == "ok");
  // One value at a time is built, and never one that is larger than the limit.
  CHECK(run(*backend, contract::command(world, *backend, "SELECT zeroblob(1000000000)", "select")).code ==
        "backend.sql_error");
  Ran large = run(*backend, contract::command(world, *backend, "SELECT hex(zeroblob(10000000))", "select"));
  CHECK(large.truncated);
  CHECK(large.rows.empty());
}

TEST_CASE("a reader's handle cannot write, whatever the gate says") {
  SqliteWorld world;
  auto backend = world.open();
  Command write = contract::command(world, *backend, "DELETE FROM contract_items WHERE id = 1", "delete");
  Permit permit = PermitForge::permit(write, false);
  auto action = backend->begin(PermitForge::grant(), permit, limits());
  CHECK_THROWS_AS(static_cast<void>(action->execute(std::move(permit), PermitForge::intent())), Error);
  CHECK(world.count("1 = 1") == 100);
  CHECK(backend->resolve(PermitForge::grant(), "", "", limits()) == "unknown");
}
