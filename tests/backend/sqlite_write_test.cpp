// L2 and L3: what a statement may do and how much of it.
#include "backend/sqlite_world.h"

using namespace libguard;
using namespace libguard::backend;
using namespace libguard::backend::contract;

namespace {

Touch touch(const std::string& action, const std::string& object, bool through = false) {
  Touch touch;
  touch.action = action;
  touch.object = object;
  touch.through_view = through;
  return touch;
}

Command facts(World& world, Backend& backend, const std::string& text, CommandEffect effect, std::vector<Touch> touches,
              std::vector<Value> params = {}) {
  Command command = contract::command(world, backend, text, "select", std::move(params));
  command.effect = effect;
  command.touches = std::move(touches);
  command.reads.clear();
  return command;
}

Command writes(World& world, Backend& backend, const std::string& text, std::vector<Touch> touches) {
  return facts(world, backend, text, CommandEffect::write, std::move(touches));
}

}  // namespace

TEST_CASE("L3: rows that REPLACE removes are counted") {
  SqliteWorld world;
  auto backend = world.open();
  const Command replace = writes(world, *backend, "REPLACE INTO contract_items VALUES (1, 'item-2')",
                                 {touch("insert", "main.contract_items"), touch("delete", "main.contract_items")});
  CHECK(run(*backend, replace, 1).code == "backend.effect_exceeded");
  CHECK(world.count("1 = 1") == 100);
  const Command same_row = writes(world, *backend, "REPLACE INTO contract_items VALUES (1, 'item-1')",
                                  {touch("insert", "main.contract_items")});
  CHECK(run(*backend, same_row, 1).code == "ok");
  CHECK(run(*backend, replace, 2).code == "ok");
  CHECK(world.count("1 = 1") == 99);
}

TEST_CASE("L3: rows of triggers and cascades are counted, a row stamped twice once") {
  SqliteWorld world;
  world.sql(
      "CREATE TABLE log(id INTEGER PRIMARY KEY, what TEXT);"
      "CREATE TABLE lines(id INTEGER PRIMARY KEY, item INTEGER REFERENCES contract_items(id) ON DELETE CASCADE);"
      "INSERT INTO lines SELECT i.id + 1000 * n.id, i.id FROM contract_items i, contract_items n WHERE n.id <= 5;"
      "CREATE TRIGGER stamp AFTER UPDATE OF name ON contract_items WHEN NEW.name NOT LIKE '%.'"
      " BEGIN UPDATE contract_items SET name = NEW.name || '.' WHERE id = NEW.id; END;");
  auto backend = world.open();
  const Command rename = writes(world, *backend, "UPDATE contract_items SET name = 'x' WHERE id = 1",
                                {touch("update", "main.contract_items"), touch("select", "main.contract_items")});
  CHECK(run(*backend, rename, 1).code == "ok");
  CHECK(world.count("name = 'x.'") == 1);

  const std::vector<Touch> cascade = {touch("delete", "main.contract_items"), touch("delete", "main.lines", true)};
  const Command remove = writes(world, *backend, "DELETE FROM contract_items WHERE id = 2", cascade);
  CHECK(run(*backend, remove, 5).code == "backend.effect_exceeded");
  CHECK(world.count("id = 2") == 1);
  CHECK(run(*backend, remove, 6).code == "ok");
  CHECK(world.number("SELECT count(*) FROM lines WHERE item = 2") == 0);
}

TEST_CASE("L3: a table without rowid and a table emptied whole are counted") {
  SqliteWorld world;
  world.sql(
      "CREATE TABLE pairs(a TEXT, b TEXT, PRIMARY KEY(a, b)) WITHOUT ROWID;"
      "INSERT INTO pairs SELECT name, name FROM contract_items");
  auto backend = world.open();
  const Command empty = writes(world, *backend, "DELETE FROM pairs", {touch("delete", "main.pairs")});
  CHECK(run(*backend, empty, 99).code == "backend.effect_exceeded");
  CHECK(world.number("SELECT count(*) FROM pairs") == 100);
  Ran emptied = run(*backend, empty, 100);
  CHECK(emptied.code == "ok");
  CHECK(emptied.affected == 100);
}

TEST_CASE("L3: what is written through a view is counted at its base") {
  SqliteWorld world;
  world.sql(
      "CREATE VIEW v AS SELECT id FROM contract_items;"
      "CREATE TRIGGER v_delete INSTEAD OF DELETE ON v BEGIN DELETE FROM contract_items; END;");
  auto backend = world.open();
  const Command remove =
      writes(world, *backend, "DELETE FROM v WHERE id = 1",
             {touch("delete", "main.v"), touch("select", "main.v"), touch("select", "main.contract_items", true),
              touch("delete", "main.contract_items", true)});
  CHECK(run(*backend, remove, 1).code == "backend.effect_exceeded");
  CHECK(world.count("1 = 1") == 100);
  Command narrower = remove;
  narrower.touches.pop_back();
  CHECK(run(*backend, narrower, 1'000).code == "command.disagreement");
  CHECK(world.count("1 = 1") == 100);
}

TEST_CASE("L2: a statement does no more than its facts") {
  SqliteWorld world;
  world.sql(
      "CREATE TABLE secrets(value TEXT); CREATE VIEW names AS SELECT name, (SELECT value FROM secrets) AS s FROM "
      "contract_items;");
  auto backend = world.open();
  auto code = [&](const std::string& text, CommandEffect effect, std::vector<Touch> touches) {
    return run(*backend, facts(world, *backend, text, effect, std::move(touches))).code;
  };
  const Touch items = touch("select", "main.contract_items");
  CHECK(code("SELECT value FROM secrets", CommandEffect::read, {items}) == "command.disagreement");
  CHECK(code("SELECT count(*) FROM secrets", CommandEffect::read, {items}) == "command.disagreement");
  CHECK(code("SELECT name FROM contract_items WHERE EXISTS (SELECT 1 FROM secrets)", CommandEffect::read, {items}) ==
        "command.disagreement");
  CHECK(code("SELECT name FROM names", CommandEffect::read, {items, touch("select", "main.names")}) ==
        "command.disagreement");
  CHECK(code("SELECT name FROM names", CommandEffect::read,
             {items, touch("select", "main.names"), touch("select", "main.secrets", true)}) == "ok");
  CHECK(code("SELECT sql FROM sqlite_master", CommandEffect::read, {items}) == "command.disagreement");
  CHECK(code("SELECT sql FROM sqlite_master", CommandEffect::read, {touch("select", "main.sqlite_schema")}) == "ok");
  CHECK(code("SELECT SQL FROM SQLITE_TEMP_MASTER", CommandEffect::read, {items}) != "ok");
  CHECK(code("DELETE FROM contract_items", CommandEffect::write, {items, touch("update", "main.contract_items")}) ==
        "command.disagreement");
  CHECK(code("UPDATE contract_items SET name = 'a'", CommandEffect::write,
             {items, touch("delete", "main.contract_items")}) == "command.disagreement");
  CHECK(code("DROP TABLE contract_items", CommandEffect::write, {items, touch("delete", "main.contract_items")}) ==
        "command.disagreement");
  CHECK(code("WITH x AS (SELECT 1) SELECT count(*) FROM x", CommandEffect::read, {}) == "ok");
  CHECK(code("SELECT value FROM json_each('[1,2]')", CommandEffect::read, {}) == "ok");
  CHECK(code("SELECT upper(NAME) FROM Contract_Items WHERE name LIKE 'item-1%'", CommandEffect::read, {items}) == "ok");
  CHECK(world.count("1 = 1") == 100);
}

TEST_CASE("L2: what is never run, even when the facts say so") {
  SqliteWorld world;
  auto backend = world.open();
  for (const std::string& text :
       {std::string("ATTACH DATABASE '/tmp/libguard-attached.db' AS a"),
        std::string("VACUUM INTO '/tmp/libguard-vacuum.db'"), std::string("PRAGMA writable_schema = ON"),
        std::string("PRAGMA foreign_keys = OFF"), std::string("PRAGMA journal_mode = OFF"),
        std::string("PRAGMA query_only = OFF"), std::string("BEGIN"), std::string("COMMIT"), std::string("ROLLBACK"),
        std::string("SAVEPOINT s"), std::string("SELECT load_extension('x')"),
        std::string("SELECT * FROM sqlite_dbpage"), std::string("CREATE TEMP TABLE contract_items(id, name)"),
        std::string("CREATE TEMP VIEW contract_items AS SELECT 1 AS id"),
        std::string("CREATE TEMP TRIGGER t AFTER INSERT ON contract_items BEGIN SELECT 1; END"),
        std::string("DETACH main")}) {
    CAPTURE(text);
    for (CommandEffect effect : {CommandEffect::read, CommandEffect::write, CommandEffect::ddl, CommandEffect::session,
                                 CommandEffect::opaque}) {
      const Ran ran = run(*backend, facts(world, *backend, text, effect,
                                          {touch("ddl", "main.contract_items"), touch("ddl", "temp.contract_items"),
                                           touch("ddl", "temp.t"), touch("select", "main.sqlite_dbpage")}));
      CHECK(ran.code != "ok");
    }
  }
  CHECK_FALSE(std::filesystem::exists("/tmp/libguard-attached.db"));
  CHECK_FALSE(std::filesystem::exists("/tmp/libguard-vacuum.db"));
  CHECK(run(*backend, contract::command(world, *backend, "SELECT id FROM contract_items", "select")).rows.size() ==
        100);
}

TEST_CASE("DDL runs when it is what was understood, and the catalogue follows") {
  SqliteWorld world;
  auto backend = world.open();
  auto ddl = [&](const std::string& text, const std::string& object) {
    return run(*backend, facts(world, *backend, text, CommandEffect::ddl, {touch("ddl", object)})).code;
  };
  CHECK(ddl("CREATE TABLE fresh(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)", "main.fresh") == "ok");
  CHECK(ddl("CREATE INDEX fresh_a ON fresh(a)", "main.fresh") == "ok");
  CHECK(ddl("ALTER TABLE fresh ADD COLUMN b TEXT DEFAULT 'x'", "main.fresh") == "ok");
  CHECK(ddl("ALTER TABLE fresh RENAME COLUMN b TO c", "main.fresh") == "ok");
  CHECK(ddl("CREATE VIEW fresh_view AS SELECT a FROM fresh", "main.fresh_view") == "ok");
  CHECK(ddl("DROP VIEW fresh_view", "main.fresh_view") == "ok");
  CHECK(ddl("DROP TABLE contract_items", "main.fresh") == "command.disagreement");
  CHECK(ddl("DROP TABLE fresh", "main.fresh") == "ok");
  CHECK(world.number("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'fresh%'") == 0);
  CHECK(world.count("1 = 1") == 100);
}

TEST_CASE("a full text table reads and writes its shadow tables, and nobody else does") {
  SqliteWorld world;
  world.sql(
      "CREATE VIRTUAL TABLE docs USING fts5(body); INSERT INTO docs(rowid, body) VALUES (1, 'red fish'), (2, 'blue "
      "fish');");
  auto backend = world.open();
  const Touch read = touch("select", "main.docs");
  CHECK(
      run(*backend, facts(world, *backend, "SELECT body FROM docs WHERE docs MATCH 'red'", CommandEffect::read, {read}))
          .rows.size() == 1);
  CHECK(
      run(*backend, facts(world, *backend, "SELECT rowid, body FROM docs", CommandEffect::read, {read})).rows.size() ==
      2);
  Ran inserted =
      run(*backend,
          writes(world, *backend, "INSERT INTO docs(body) VALUES ('green bird')", {touch("insert", "main.docs")}), 1);
  CHECK(inserted.code == "ok");
  CHECK(inserted.affected == 1);
  CHECK(world.number("SELECT count(*) FROM docs") == 3);
  CHECK(run(*backend, writes(world, *backend, "DELETE FROM docs", {touch("delete", "main.docs"), read}), 2).code ==
        "backend.effect_exceeded");
  CHECK(world.number("SELECT count(*) FROM docs") == 3);
  CHECK(run(*backend, facts(world, *backend, "SELECT c0 FROM docs_content", CommandEffect::read,
                            {touch("select", "main.contract_items")}))
            .code == "command.disagreement");
  // Shadow tables are SQLite's own: defensive mode keeps everybody else from writing them.
  CHECK(
      run(*backend, writes(world, *backend, "DELETE FROM docs_content", {touch("delete", "main.docs_content")})).code !=
      "ok");
}

TEST_CASE("declared foreign keys hold, also when the rows of RETURNING are cut off") {
  SqliteWorld world;
  world.sql("CREATE TABLE lines(id INTEGER PRIMARY KEY, item INTEGER REFERENCES contract_items(id));");
  auto backend = world.open();
  Ran orphan = run(*backend,
                   writes(world, *backend, "INSERT INTO lines VALUES (1, 999), (2, 999) RETURNING id",
                          {touch("insert", "main.lines"), touch("select", "main.lines")}),
                   1'000, limits(), 1);
  CHECK(orphan.code == "backend.sql_error");
  CHECK(world.number("SELECT count(*) FROM lines") == 0);
  CHECK(
      run(*backend, writes(world, *backend, "INSERT INTO lines VALUES (1, 5)", {touch("insert", "main.lines")})).code ==
      "ok");
}

TEST_CASE("an error says which kind it is by its name, and nothing of the data") {
  SqliteWorld world;
  world.sql(
      "CREATE TABLE checked(a INTEGER CHECK (a < 10)); CREATE TABLE strict_one(a INTEGER) STRICT;"
      "CREATE TRIGGER loud BEFORE DELETE ON checked BEGIN SELECT RAISE(ABORT, 'secret-text-777'); END; INSERT INTO "
      "checked VALUES (1);");
  auto backend = world.open();
  auto state = [&](const std::string& text, std::vector<Touch> touches) {
    try {
      Permit permit = PermitForge::permit(writes(world, *backend, text, std::move(touches)), true);
      auto action = backend->begin(PermitForge::grant(), permit, limits());
      static_cast<void>(action->execute(std::move(permit), PermitForge::intent()));
    } catch (const Error& error) {
      CHECK(error.code() == "backend.sql_error");
      for (const char* leak : {"777", "checked", "secret", "contract"})
        CHECK(std::string(error.what()).find(leak) == std::string::npos);
      return error.sqlstate();
    }
    return std::string("none");
  };
  CHECK(state("INSERT INTO checked VALUES (777)", {touch("insert", "main.checked")}) == "SQLITE_CONSTRAINT_CHECK");
  CHECK(state("INSERT INTO strict_one VALUES ('secret')", {touch("insert", "main.strict_one")}) ==
        "SQLITE_CONSTRAINT_DATATYPE");
  CHECK(state("DELETE FROM checked WHERE a = 1", {touch("delete", "main.checked"), touch("select", "main.checked")}) ==
        "SQLITE_CONSTRAINT_TRIGGER");
  CHECK(state("INSERT INTO contract_items VALUES (1, 'secret')", {touch("insert", "main.contract_items")}) ==
        "SQLITE_CONSTRAINT_PRIMARYKEY");
}
