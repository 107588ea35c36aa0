// P7: what the server plans is compared with what was understood; and what a bound sees of a real server.

#include <thread>

#include "postgres_fixture.h"

using namespace libguard;
using namespace libguard::test;

namespace {

void make_world() {
  pg_cluster()->empty_public();
  pg_cluster()->exec(
      "CREATE TABLE orders(id int PRIMARY KEY, status text); CREATE TABLE salaries(id int PRIMARY KEY, pay int);"
      "INSERT INTO orders SELECT i, 'new' FROM generate_series(1, 20) i; INSERT INTO salaries SELECT i, i FROM "
      "generate_series(1, 20) i;"
      "CREATE VIEW calm AS SELECT id, status FROM orders; CREATE VIEW sly AS SELECT o.id, s.pay::text AS status FROM "
      "orders o JOIN salaries s USING (id);"
      "CREATE TABLE parts(id int, at int) PARTITION BY RANGE (at);"
      "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100); CREATE TABLE parts_2 PARTITION OF parts "
      "FOR VALUES FROM (100) TO (200);"
      "INSERT INTO parts SELECT i, i * 10 FROM generate_series(1, 15) i;"
      "CREATE FUNCTION peek() RETURNS SETOF salaries LANGUAGE plpgsql STABLE AS 'BEGIN RETURN QUERY SELECT * FROM "
      "salaries; END';"
      "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guard_reader; GRANT ALL ON ALL TABLES IN SCHEMA public TO "
      "guard_writer;");
}

Touch touch(const std::string& action, const std::string& object, bool through = false) {
  Touch out;
  out.action = action;
  out.object = object;
  out.through_view = through;
  return out;
}

Command facts(Shop& shop, const std::string& sql, const std::string& kind, std::vector<Touch> touches,
              std::vector<Value> params = {}) {
  Command command = shop.command(sql, std::move(params));
  command.understood = true;
  command.kinds = {kind};
  command.effect = kind == "select" ? CommandEffect::read : CommandEffect::write;
  command.touches = std::move(touches);
  return command;
}

std::string code(Shop& shop, Command command) {
  bool write = command.effect == CommandEffect::write;
  return message_of([&] { (void)shop.run(std::move(command), write); });
}

}  // namespace

TEST_CASE("P7: a plan that holds more than the facts is refused, and nothing runs") {
  LIBGUARD_NEEDS_POSTGRES;
  make_world();
  Shop shop;
  std::vector<Touch> calm{touch("select", "public.calm"), touch("select", "public.orders", true)};
  CHECK(code(shop, facts(shop, "SELECT * FROM calm WHERE id = $1", "select", calm, {std::int64_t{3}})).empty());
  std::vector<Touch> sly{touch("select", "public.sly"), touch("select", "public.orders", true)};
  CHECK(code(shop, facts(shop, "SELECT * FROM sly WHERE id = $1", "select", sly, {std::int64_t{3}})) ==
        "command.disagreement");
  std::vector<Touch> write{touch("update", "public.orders"), touch("select", "public.calm", true)};
  CHECK(code(shop, facts(shop, "UPDATE orders SET status = 'x' WHERE id IN (SELECT id FROM sly)", "update", write)) ==
        "command.disagreement");
  CHECK(code(shop, facts(shop, "UPDATE orders SET status = 'y' WHERE id = 1", "update", write)).empty());
  CHECK(code(shop, facts(shop, "SELECT * FROM peek()", "select", {touch("select", "public.calm", true)})) ==
        "command.disagreement");
  CHECK(pg_cluster()->exec("SELECT count(*) FROM orders WHERE status = 'x'") == "0");
  // A partition belongs to the parent that was allowed.
  CHECK(code(shop, facts(shop, "SELECT * FROM parts WHERE at < 150", "select", {touch("select", "public.parts")}))
            .empty());
  // The connection is as good as before.
  CHECK(shop.read("SELECT 1").rows.size() == 1);
}

TEST_CASE("P7: plain tables are not planned twice, unless the connection says so") {
  LIBGUARD_NEEDS_POSTGRES;
  make_world();
  Shop lazy;
  CHECK(code(lazy, facts(lazy, "SELECT * FROM salaries", "select", {touch("select", "public.orders")})).empty());
  auto careful = config();
  careful.verify_always = true;
  Shop shop(careful);
  CHECK(code(shop, facts(shop, "SELECT * FROM salaries", "select", {touch("select", "public.orders")})) ==
        "command.disagreement");
  CHECK(code(shop, facts(shop, "SELECT * FROM orders", "select", {touch("select", "public.orders")})).empty());
}

TEST_CASE("several statements share one transaction and one bound") {
  LIBGUARD_NEEDS_POSTGRES;
  make_world();
  Shop shop;
  auto several = [&](std::vector<std::string> texts, std::size_t answering, bool write) {
    std::string whole;
    for (const std::string& text : texts) whole += text + ";";
    Command command =
        facts(shop, whole, write ? "update" : "select", {touch(write ? "update" : "select", "public.orders")});
    for (const std::string& text : texts)
      command.parts.push_back(
          std::make_shared<Command>(facts(shop, text, text[0] == 'S' ? "select" : "update",
                                          {touch(text[0] == 'S' ? "select" : "update", "public.orders")})));
    command.answering = answering;
    return command;
  };
  auto answer =
      shop.run(several({"UPDATE orders SET status = 'a' WHERE id = 1", "SELECT id FROM orders WHERE status = 'a'",
                        "UPDATE orders SET status = 'b' WHERE id IN (2, 3)"},
                       1, true),
               true, limits(), 3);
  CHECK(answer.affected == 3);
  CHECK(answer.rows.size() == 1);
  CHECK(message_of([&] {
          (void)shop.run(several({"UPDATE orders SET status = 'c' WHERE id = 4",
                                  "UPDATE orders SET status = 'c' WHERE id IN (5, 6)"},
                                 1, true),
                         true, limits(), 2);
        }) == "backend.effect_exceeded");
  CHECK(
      message_of([&] {
        (void)shop.run(
            several({"UPDATE orders SET status = 'c' WHERE id = 4", "UPDATE orders SET id = 7 WHERE id = 8"}, 1, true),
            true);
      }) == "backend.sql_error");
  CHECK(pg_cluster()->exec("SELECT count(*) FROM orders WHERE status = 'c'") == "0");
  auto reads = shop.run(several({"SELECT id FROM orders", "SELECT status FROM orders WHERE id = 1"}, 1, false), false);
  REQUIRE(reads.rows.size() == 1);
  CHECK(reads.columns.size() == 1);
  CHECK(shop.read("SELECT 1").rows.size() == 1);
}

TEST_CASE("P4: MERGE, partitions, upserts and INSERT ... SELECT count as what they change") {
  LIBGUARD_NEEDS_POSTGRES;
  make_world();
  Shop shop;
  auto bound = [&](const char* sql, std::int64_t max) { return message_of([&] { (void)shop.write(sql, {}, max); }); };
  constexpr const char* kMerge =
      "MERGE INTO orders o USING salaries s ON o.id = s.id WHEN MATCHED AND s.id > 15 THEN UPDATE SET status = 'm' "
      "WHEN MATCHED AND s.id < 3 THEN DELETE";
  CHECK(bound(kMerge, 6) == "backend.effect_exceeded");
  CHECK(bound(kMerge, 7).empty());
  CHECK(bound("UPDATE parts SET at = at + 100 WHERE at < 50", 3) == "backend.effect_exceeded");
  CHECK(bound("DELETE FROM parts", 14) == "backend.effect_exceeded");
  CHECK(bound("DELETE FROM parts", 15).empty());
  CHECK(bound("INSERT INTO orders SELECT id, 'x' FROM salaries ON CONFLICT (id) DO UPDATE SET status = 'u'", 19) ==
        "backend.effect_exceeded");
  CHECK(bound("INSERT INTO parts SELECT i, 5 FROM generate_series(1, 9) i", 8) == "backend.effect_exceeded");
  CHECK(pg_cluster()->exec("SELECT count(*) FROM parts") == "0");
}
