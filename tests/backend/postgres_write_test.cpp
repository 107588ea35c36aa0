// Writes: the transaction, the bound on the effect, the answer that never came, the changed catalogue.

#include <thread>

#include "postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;

namespace {

void make_orders() {
  pg_cluster()->exec(
      "DROP TABLE IF EXISTS orders, lines, logs CASCADE;"
      "CREATE TABLE orders(id int PRIMARY KEY, status text, total int CHECK (total >= 0));"
      "CREATE TABLE lines(id serial PRIMARY KEY, order_id int REFERENCES orders ON DELETE CASCADE);"
      "CREATE TABLE logs(id serial, what text);"
      "INSERT INTO orders SELECT i, 'new', i FROM generate_series(1, 50) i;"
      "INSERT INTO lines(order_id) SELECT 1 + i % 5 FROM generate_series(1, 100) i;");
}

std::string count(const std::string& table) { return pg_cluster()->exec("SELECT count(*) FROM " + table); }

}  // namespace

TEST_CASE("a write commits, says how many rows, and carries what resolves it") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  Shop shop;
  auto answer = shop.write("UPDATE orders SET status = $1 WHERE id = $2", {std::string("paid"), std::int64_t{7}});
  CHECK(answer.affected == 1);
  CHECK(answer.tag == "UPDATE 1");
  CHECK(pg_cluster()->exec("SELECT status FROM orders WHERE id = 7") == "paid");
  CHECK_FALSE(answer.prepared.xid.empty());
  CHECK(answer.prepared.system_identifier == pg_cluster()->exec("SELECT system_identifier FROM pg_control_system()"));
  CHECK(shop.backend->resolve(PermitForge::grant(), answer.prepared.system_identifier, answer.prepared.xid, limits()) ==
        "committed");
  auto returning = shop.write("INSERT INTO logs(what) VALUES ('a'), ('b') RETURNING id, what");
  CHECK(returning.rows.size() == 2);
  CHECK(returning.columns[1].origin == "public.logs.what");
  CHECK(returning.affected == 2);
}

TEST_CASE("P4: more rows than permitted are rolled back, cascades, triggers and deferred ones included") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  pg_cluster()->exec(
      "CREATE OR REPLACE FUNCTION log_ten() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
      " 'BEGIN INSERT INTO public.logs(what) SELECT ''x'' FROM generate_series(1, 10); RETURN NULL; END';"
      "CREATE TRIGGER after_update AFTER UPDATE ON orders FOR EACH ROW WHEN (NEW.id = 20) EXECUTE FUNCTION log_ten();"
      "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id = "
      "21)"
      " EXECUTE FUNCTION log_ten();");
  Shop shop;
  auto code = [&](const char* sql, std::int64_t max) { return message_of([&] { (void)shop.write(sql, {}, max); }); };
  CHECK(code("UPDATE orders SET status = 'x'", 49) == "backend.effect_exceeded");
  CHECK(code("DELETE FROM orders WHERE id = 1", 20) == "backend.effect_exceeded");  // 1 + 20 lines
  CHECK(code("DELETE FROM orders WHERE id = 2", 21).empty());
  CHECK(code("UPDATE orders SET status = 'x' WHERE id = 20", 10) == "backend.effect_exceeded");
  CHECK(code("UPDATE orders SET status = 'x' WHERE id = 21", 10) == "backend.effect_exceeded");
  CHECK(code("UPDATE orders SET status = 'x' WHERE id = 21", 11).empty());
  CHECK(code("WITH d AS (DELETE FROM orders RETURNING 1) SELECT count(*) FROM d", 10) == "backend.effect_exceeded");
  CHECK(code("INSERT INTO orders SELECT 1000 + i, 'n', 1 FROM generate_series(1, 30) i", 29) ==
        "backend.effect_exceeded");
  CHECK(count("orders") == "49");
  CHECK(count("orders WHERE status = 'x'") == "1");
}

TEST_CASE("P4: the rows of a TRUNCATE are counted before they are gone") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  Shop shop;
  auto truncate = [&](std::int64_t max) {
    Command command = shop.command("TRUNCATE logs, lines");
    command.effect = CommandEffect::write;
    command.kinds = {"truncate"};
    for (const char* table : {"logs", "lines"}) {
      Touch touch;
      touch.action = "delete";
      touch.object = std::string("public.") + table;
      touch.oid = std::stoll(pg_cluster()->exec(std::string("SELECT 'public.") + table + "'::regclass::oid"));
      command.touches.push_back(touch);
    }
    return message_of([&] { (void)shop.run(std::move(command), true, limits(), max); });
  };
  CHECK(truncate(99) == "backend.effect_exceeded");
  CHECK(count("lines") == "100");
  // The login may not truncate the sequence's owner's table without the privilege; lines and logs are granted.
  CHECK(truncate(100).empty());
  CHECK(count("lines") == "0");
}

TEST_CASE("an error or an action that is dropped leaves nothing behind") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  Shop shop;
  std::string state;
  CHECK(message_of([&] { (void)shop.write("INSERT INTO orders VALUES (1, 'secret value', 1)"); }, nullptr, &state) ==
        "backend.sql_error");
  CHECK(state == "23505");
  CHECK(message_of([&] { (void)shop.write("UPDATE orders SET total = -1 WHERE id = 1"); }, nullptr, &state) ==
        "backend.sql_error");
  CHECK(state == "23514");
  std::string xid, identifier;
  {
    Permit permit = PermitForge::permit(shop.command("DELETE FROM orders"), true);
    auto action = shop.backend->begin(PermitForge::grant(), permit, limits());
    backend::Prepared prepared = action->prepare();
    xid = prepared.xid;
    identifier = prepared.system_identifier;
    CHECK(shop.backend->resolve(PermitForge::grant(), identifier, xid, limits()) == "in progress");
  }
  CHECK(shop.read("SELECT 1").rows.size() == 1);
  CHECK(shop.write("UPDATE orders SET status = 'y' WHERE id = 3").affected == 1);
  CHECK(shop.backend->resolve(PermitForge::grant(), identifier, xid, limits()) == "aborted");
  CHECK(shop.backend->resolve(PermitForge::grant(), "1", xid, limits()) == "unknown");
  CHECK(shop.backend->resolve(PermitForge::grant(), identifier, "99999999", limits()) == "unknown");
  CHECK(shop.backend->resolve(PermitForge::grant(), identifier, "1; DROP TABLE orders", limits()) == "unknown");
  CHECK(shop.backend->resolve(PermitForge::grant(), identifier, "", limits()) == "unknown");
  CHECK(count("orders") == "50");
}

TEST_CASE("a connection without a write login never writes; execute without prepare is refused") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  auto read_only = config();
  read_only.write = {};
  Shop reader(read_only);
  CHECK(message_of([&] { (void)reader.write("DELETE FROM orders"); }) == "backend.no_write_login");
  Shop shop;
  Permit permit = PermitForge::permit(shop.command("DELETE FROM orders"), true);
  auto action = shop.backend->begin(PermitForge::grant(), permit, limits());
  CHECK(message_of([&] { (void)action->execute(std::move(permit), PermitForge::intent()); }) == "backend.not_prepared");
  CHECK(count("orders") == "50");
}

TEST_CASE("P3: a catalogue that changed stops reads and writes before they run") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  Shop shop;
  auto changed = [&](const char* ddl, const char* sql = "SELECT id FROM orders") {
    CAPTURE(ddl);
    std::string before = shop.version(true);
    Command command = shop.command(sql);
    pg_cluster()->exec(ddl);
    CHECK(message_of([&] { (void)shop.run(command, false); }) == "command.changed");
    CHECK(message_of([&] { (void)shop.run(command, true); }) == "command.changed");
    CHECK(shop.version(true) != before);
    CHECK(message_of([&] { (void)shop.run(shop.command(sql), false); }) != "command.changed");
  };
  changed("ALTER TABLE orders ADD COLUMN extra int");
  changed("ALTER TABLE orders RENAME COLUMN status TO state");
  changed("ALTER TABLE orders ALTER COLUMN state TYPE varchar");
  changed("ALTER TABLE orders ALTER COLUMN total SET NOT NULL");
  changed("ALTER TABLE orders ALTER COLUMN total SET DEFAULT 3");
  changed("CREATE OR REPLACE FUNCTION lower(int) RETURNS int LANGUAGE sql AS 'SELECT 1'");
  changed("CREATE OR REPLACE FUNCTION lower(int) RETURNS int LANGUAGE sql AS 'SELECT 2'");
  changed("CREATE OR REPLACE VIEW some_orders AS SELECT id FROM orders");
  changed("CREATE OR REPLACE VIEW some_orders AS SELECT id FROM orders WHERE id > 1");
  changed("DROP TABLE IF EXISTS logs");
  changed("CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)");
  changed("DROP OPERATOR === (int, int)");
  changed("CREATE RULE r AS ON DELETE TO orders DO INSTEAD NOTHING");
  changed("ALTER TABLE orders ENABLE ROW LEVEL SECURITY");
  changed("CREATE POLICY p ON orders USING (true)");
  changed("ALTER TABLE orders RENAME TO old_orders; CREATE TABLE orders(id int)");
  changed("CREATE UNIQUE INDEX one ON orders(id)");
  changed("DROP INDEX one");
  changed("CREATE DOMAIN positive AS int CHECK (VALUE > 0)");
  changed("CREATE SCHEMA another");
  changed("DROP TABLE orders", "SELECT id FROM orders");
  pg_cluster()->exec(
      "DROP SCHEMA another; DROP DOMAIN positive; DROP FUNCTION lower(int); DROP TABLE old_orders CASCADE");
}

TEST_CASE("P3: ordinary work does not change the version") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  Shop shop;
  std::string before = shop.version(true);
  pg_cluster()->exec("UPDATE orders SET status = 'z'; DELETE FROM lines; INSERT INTO logs(what) VALUES ('q')");
  pg_cluster()->exec("ANALYZE");
  pg_cluster()->exec("VACUUM");
  pg_cluster()->exec("VACUUM FULL orders");
  pg_cluster()->exec("TRUNCATE logs");
  pg_cluster()->exec("REINDEX TABLE orders");
  pg_cluster()->exec("CHECKPOINT");
  pg_cluster()->exec(
      "CREATE TEMP TABLE t(id serial PRIMARY KEY, x int DEFAULT 3 CHECK (x > 0), y text); CREATE TEMP VIEW v AS SELECT "
      "1 AS a");
  CHECK(shop.version(true) == before);
  CHECK(shop.read("SELECT count(*) FROM orders").rows.size() == 1);
}

TEST_CASE("a DDL of ours refreshes the catalogue") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  pg_cluster()->exec("CREATE SCHEMA IF NOT EXISTS work AUTHORIZATION guard_writer");
  Shop shop;
  std::string before = shop.version();
  Command ddl = shop.command("CREATE TABLE work.fresh AS SELECT * FROM generate_series(1, 5) AS i");
  ddl.effect = CommandEffect::ddl;
  auto answer = shop.run(std::move(ddl), true);
  CHECK(answer.affected == 5);
  CHECK(shop.version() != before);
  Command large = shop.command("CREATE TABLE work.large AS SELECT * FROM generate_series(1, 500) AS i");
  large.effect = CommandEffect::ddl;
  CHECK(message_of([&] { (void)shop.run(std::move(large), true, limits(), 100); }) == "backend.effect_exceeded");
  pg_cluster()->exec("DROP SCHEMA work CASCADE");
}

TEST_CASE("P3: a DDL whose commit is in the log but not yet visible is noticed when it becomes visible") {
  LIBGUARD_NEEDS_POSTGRES;
  make_orders();
  pg_cluster()->exec("CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  // The DDL's COMMIT waits for a standby that never comes: logged, and invisible to everybody.
  pg_cluster()->exec("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  pg_cluster()->exec("SELECT pg_reload_conf()");
  std::this_thread::sleep_for(100ms);
  std::unique_ptr<PGconn, decltype(&PQfinish)> late(pg_cluster()->open("postgres"), &PQfinish);
  PQclear(PQexec(late.get(), "SET synchronous_commit = on"));
  REQUIRE(PQsendQuery(late.get(), "CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 2'") == 1);
  std::this_thread::sleep_for(150ms);
  Shop shop;
  Command command = shop.command("SELECT answer()");
  CHECK(shop.run(command, false).rows.at(0)[0] == Value{std::int64_t{1}});
  CHECK(shop.run(command, false).rows.at(0)[0] == Value{std::int64_t{1}});
  pg_cluster()->exec("ALTER SYSTEM RESET ALL");
  pg_cluster()->exec("SELECT pg_reload_conf()");
  while (PGresult* result = PQgetResult(late.get())) PQclear(result);
  CHECK(message_of([&] { (void)shop.run(command, false); }) == "command.changed");
  (void)shop.version(true);
  CHECK(shop.read("SELECT answer()").rows.at(0)[0] == Value{std::int64_t{2}});
  pg_cluster()->exec("DROP FUNCTION answer()");
}
