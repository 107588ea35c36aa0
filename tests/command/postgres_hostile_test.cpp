#include <doctest/doctest.h>
#include <pthread.h>

#include <thread>

#include "base/limits.h"
#include "command/postgres_fixture.h"
#include "support/small_stack.h"

using namespace libguard;
using namespace libguard::test;

namespace {

std::string repeat(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

std::vector<std::string> deep_texts(int n) {
  return {"SELECT " + repeat("(", n) + "1" + repeat(")", n),
          "SELECT " + repeat("lower(", n) + "name" + repeat(")", n) + " FROM people",
          "SELECT " + repeat("(SELECT ", n) + "1" + repeat(")", n),
          "SELECT * FROM " + repeat("(SELECT * FROM ", n) + "people" + repeat(" x)", n) + " y",
          "SELECT 1" + repeat(" + 1", n),
          "SELECT 1" + repeat(" UNION SELECT 1", n),
          "DELETE FROM people WHERE " + repeat("NOT (", n) + "id = 1" + repeat(")", n),
          "DELETE FROM people WHERE " + repeat("EXISTS (SELECT 1 FROM people WHERE ", n) + "id = 1" + repeat(")", n),
          "DELETE FROM people WHERE id = 1" + repeat(" OR id = 2", n),
          repeat("WITH a AS (", n) + "SELECT 1 AS x" + repeat(") SELECT * FROM a", n),
          "SELECT * FROM people" + repeat(" JOIN people USING (id)", n),
          "SELECT " + repeat("ARRAY[", n) + "1" + repeat("]", n),
          "SELECT 1" + repeat("::int", n),
          "SELECT " + repeat("CASE WHEN true THEN ", n) + "1" + repeat(" END", n)};
}

}  // namespace

TEST_CASE("Postgres hostile: deep texts are refused or read, on a small stack too") {
  shop_understander();
  int texts = 0;
  auto work = [&] {
    for (int depth : {10, 30, 50, 80, 120, 140, 150, 155, 160, 400, 2'000}) {
      for (const std::string& sql : deep_texts(depth)) {
        if (sql.size() > limits::kCommandBytesMax) continue;
        const auto command = read(sql);
        if (command->understood || !command->not_understood_code.empty()) ++texts;
      }
    }
  };
  on_small_stack(work);
  CHECK(texts > 140);
  for (const std::string& sql : deep_texts(400)) {
    const auto command = read(sql);
    if (!command->understood) CHECK_FALSE(command->readonly_safe);
  }
}

TEST_CASE("Postgres hostile: long, empty, broken and non-UTF-8 texts have a code and show no data") {
  auto code = [](std::string_view sql) { return read(sql)->not_understood_code; };
  CHECK(code(std::string(limits::kCommandBytesMax + 1, ' ')) == "command.too_large");
  CHECK(code("") == "command.empty");
  CHECK(code(" ; ; -- x") == "command.empty");
  CHECK(code("SELECT '\xff'") == "command.encoding");
  CHECK(code(std::string_view("SELECT 1\0; DROP TABLE people", 28)) == "command.encoding");
  CHECK(code("SELECT 'secret") == "command.parse");
  CHECK(code("EXECUTE 'x'") == "command.parse");
  CHECK(code("SELECT 1\\;DELETE FROM people") == "command.parse");
  CHECK(read("SELECT 'secret' FRM x y z")->not_understood.find("secret") == std::string::npos);
  CHECK(code("SET standard_conforming_strings = off; SELECT 'a\\'; DELETE FROM people --'") ==
        "command.session_meaning");
  const std::string wide = "SELECT id FROM people WHERE id IN (1" + repeat(",1", 30'000) + ")";
  CHECK(read(wide)->understood);
  const auto refused = read("SELECT");
  CHECK_FALSE(read("SELEC 1")->understood);
  CHECK_FALSE(read("SELEC 1")->runnable);
  CHECK(refused->text == "SELECT");
}

TEST_CASE("Postgres hostile: nested recursive queries cost a bounded time") {
  std::string sql = "SELECT 1";
  for (int i = 0; i < 12; ++i) {
    sql = "WITH RECURSIVE r AS (SELECT (" + sql + " LIMIT 1) AS x UNION ALL SELECT x FROM r) SELECT x FROM r";
  }
  const auto command = read(sql);
  CHECK((command->understood || !command->not_understood_code.empty()));
}

TEST_CASE("Postgres hostile: every prefix of a statement and every single changed byte is survived") {
  const std::string sql =
      "WITH RECURSIVE a(x) AS (SELECT id FROM people WHERE ssn = $1 UNION SELECT x + 1 FROM a) INSERT INTO bills (id, "
      "cents) "
      "SELECT x, CASE WHEN x > 1 THEN 2 END FROM a JOIN LATERAL (SELECT 1 AS y) l ON true ON CONFLICT (id) DO UPDATE "
      "SET "
      "cents = excluded.cents WHERE bills.id = 3 RETURNING *, (bills).note";
  REQUIRE(read(sql)->understood);
  for (std::size_t i = 0; i < sql.size(); ++i) {
    CHECK(read(sql.substr(0, i))->text.size() == i);
    for (char byte : {'(', ')', '\'', ' ', '*', ';'}) {
      std::string changed = sql;
      changed[i] = byte;
      CHECK(read(changed)->text == changed);
    }
  }
}

TEST_CASE("Postgres hostile: eight threads get the same answers") {
  const std::vector<std::string> texts = {"SELECT * FROM people WHERE id = $1", "DELETE FROM people_view", "SELECT !!",
                                          "SELECT wipe()", "UPDATE bills SET cents = $1 WHERE id = 1"};
  std::vector<std::size_t> wrong(8, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        for (const std::string& text : texts) {
          // Half of the texts are new each time, so that threads parse at once too.
          const std::string sql = i % 2 == 0 ? text : text + " -- " + std::to_string(t) + " " + std::to_string(i);
          const auto command = read(sql, {std::int64_t{i}});
          if (command->text != sql || command->params.size() != 1 || command->understood != (text != "SELECT !!"))
            ++wrong[t];
          if (text.starts_with("UPDATE") && command->assigned.at(0).digits != std::to_string(i)) ++wrong[t];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t count : wrong) CHECK(count == 0);
}

TEST_CASE("Postgres hostile: more threads than a process has keys") {
  for (int i = 0; i < 1'200; ++i) std::thread([] { (void)read("SELECT !! bad"); }).join();
  pthread_key_t key{};
  REQUIRE(pthread_key_create(&key, nullptr) == 0);
  pthread_key_delete(key);
}

TEST_CASE("Postgres literals: strings and numbers of every spelling, nothing else") {
  auto spans = [](const std::string& sql) {
    std::vector<std::string> texts;
    for (const LiteralSpan& span : read(sql)->literals) texts.push_back(sql.substr(span.start, span.end - span.start));
    return texts;
  };
  using Texts = std::vector<std::string>;
  CHECK(spans("SELECT 'a''b', E'c\\'d', $$e$$, $x$f'$$g$x$, B'1', X'ff', U&'h', N'i', 1, 2.5e-3, .5") ==
        Texts{"'a''b'", "E'c\\'d'", "$$e$$", "$x$f'$$g$x$", "B'1'", "X'ff'", "U&'h'", "N'i'", "1", "2.5e-3", ".5"});
  CHECK(spans("SELECT id AS \"5 'x'\" /* 'no' /* 6 */ */ FROM people p1 WHERE id = $1 -- 7 '8'").empty());
  CHECK(spans("SELECT -5") == Texts{"5"});
}
