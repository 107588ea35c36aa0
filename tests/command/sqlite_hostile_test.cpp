// Text that is malformed, huge, deep, or made to grow: an answer in time, on a small stack, and never a crash.
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "command/sqlite/lexer.h"
#include "command/sqlite_helpers.h"
#include "support/small_stack.h"

namespace libguard::command::sqlite {
namespace {

// Sanitizers make everything several times as slow, and other tests may run beside this one.
#if defined(__SANITIZE_THREAD__)
constexpr std::chrono::seconds kAnswerMax{60};
#elif defined(__SANITIZE_ADDRESS__)
constexpr std::chrono::seconds kAnswerMax{20};
#else
constexpr std::chrono::seconds kAnswerMax{5};
#endif

std::string repeat(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST_CASE("sqlite: text that is no text is refused") {
  auto shop = understander_of(kShop);
  CHECK(ask(*shop, std::string_view("SELECT 1\0; DROP TABLE log", 25))->not_understood_code == "command.parse");
  CHECK(ask(*shop, "SELECT '\xff'")->not_understood_code == "command.parse");
  CHECK(ask(*shop, "SELECT '" + std::string(70'000, 'x') + "'")->not_understood_code == "command.too_large");
  for (const char* sql : {"SELECT 'x", "SELECT \"x", "SELECT [x", "SELECT `x", "SELECT x'1'", "SELECT 1x", "SELECT ?0",
                          "SELECT ?99999", "SELECT #1", "SELECT $", "SELECT ^"}) {
    CAPTURE(std::string(sql));
    CHECK(ask(*shop, sql)->not_understood_code == "command.parse");
  }
  auto refused = ask(*shop, "SELECT secret_name FROM customers");
  CHECK(refused->not_understood_code == "command.unknown_name");
  CHECK(refused->not_understood.find("secret_name") == std::string::npos);
  CHECK(refused->not_understood.find("customers") == std::string::npos);
}

TEST_CASE("sqlite: depth and growth are bounded on a 256 KiB stack") {
  auto shop = understander_of(kShop);
  std::vector<std::string> texts = {
      "SELECT " + repeat("(", 5000) + "1" + repeat(")", 5000),
      "SELECT " + repeat("(", 90) + "1" + repeat(")", 90),
      "SELECT " + repeat("-", 1) + repeat(" -", 5000) + "1",
      "SELECT " + repeat("NOT ", 9000) + "1",
      "SELECT " + repeat("+", 30000) + "1",
      "SELECT 1" + repeat(" + 1", 9000),
      "SELECT 1" + repeat(" OR 1", 9000),
      "SELECT 1" + repeat(" = 1", 9000),
      "SELECT " + repeat("CASE WHEN 1 THEN ", 2000) + "1" + repeat(" END", 2000),
      "SELECT " + repeat("CASE WHEN 1 THEN ", 40) + "1" + repeat(" END", 40),
      "SELECT " + repeat("abs(", 2000) + "1" + repeat(")", 2000),
      repeat("SELECT * FROM (", 2000) + "SELECT 1" + repeat(")", 2000),
      repeat("SELECT (", 60) + "SELECT 1" + repeat(")", 60),
      repeat("SELECT * FROM (", 24) + "SELECT ssn FROM customers" + repeat(")", 24),
      "SELECT 1" + repeat(" UNION SELECT 1", 4000),
      "SELECT 1" + repeat(" UNION ALL SELECT 1", 90),
      "VALUES (1)" + repeat(", (1)", 10000),
      "SELECT * FROM customers" + repeat(", customers", 5000),
      repeat("EXPLAIN ", 5000) + "SELECT 1",
      repeat("WITH a AS (", 1000) + "SELECT 1" + repeat(") SELECT 1", 1000),
      "SELECT ?" + repeat(", ?", 9000),
      "SELECT 1 " + repeat(";", 60000),
      repeat("SELECT 1;", 6000),
      "SELECT * FROM " + repeat("(", 95) + "customers" + repeat(")", 95),
      "CREATE TRIGGER t AFTER INSERT ON log BEGIN " + repeat("DELETE FROM log; ", 3000) + "END",
      "INSERT INTO log VALUES ('x')" + repeat(" ON CONFLICT DO NOTHING", 2000),
  };
  // A chain of CTEs as long as the limit on queries allows, and chains that double with each link.
  std::string chain = "WITH c0 AS (SELECT ssn AS v FROM customers)";
  for (int i = 1; i < 98; ++i)
    chain += ", c" + std::to_string(i) + " AS (SELECT v FROM c" + std::to_string(i - 1) + ")";
  texts.push_back(chain + " SELECT v FROM c97");
  std::string doubled = "WITH c0 AS (SELECT ssn AS v FROM customers)", widened = doubled,
              nested = "SELECT ssn AS v FROM customers";
  for (int i = 1; i < 40; ++i) {
    std::string last = "c" + std::to_string(i - 1), self = ", c" + std::to_string(i);
    doubled += self + " AS (SELECT x.v FROM " + last + " x, " + last + " y)";
    widened += self + " AS (SELECT v || v AS v FROM " + last + ")";
    if (i < 30) nested = "SELECT v || v AS v FROM (" + nested + ")";
  }
  std::size_t growing = texts.size();
  texts.push_back(doubled + " SELECT v FROM c39");
  texts.push_back(widened + " SELECT v FROM c39");
  texts.push_back(nested);
  texts.push_back("CREATE TABLE z AS " + doubled + " SELECT v FROM c39");
  texts.push_back("INSERT INTO log " + widened + " SELECT v FROM c39");
  test::on_small_stack([&] {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto start = std::chrono::steady_clock::now();
      auto command = ask(*shop, texts[i]);
      auto took = std::chrono::steady_clock::now() - start;
      CAPTURE(texts[i].substr(0, 60));
      CHECK(took < kAnswerMax);
      if (i >= growing) CHECK(command->not_understood_code == "command.too_complex");
    }
  });
}

TEST_CASE("sqlite: random tokens never crash, and what is understood is what SQLite accepts") {
  static constexpr const char* kWords[] = {
      "SELECT",  "FROM",     "WHERE",  "customers", "orders",   "ssn",     "id",       "*",       ",",      "(",
      ")",       "=",        "AND",    "OR",        "NOT",      "1",       "'x'",      "?",       ":a",     ";",
      "UPDATE",  "SET",      "DELETE", "INSERT",    "INTO",     "VALUES",  "JOIN",     "ON",      "USING",  "NATURAL",
      "LEFT",    "AS",       "x",      "WITH",      "UNION",    "ALL",     "ORDER",    "BY",      "GROUP",  "HAVING",
      "LIMIT",   "IN",       "EXISTS", "CASE",      "WHEN",     "THEN",    "END",      "IS",      "NULL",   "LIKE",
      "BETWEEN", "||",       "->",     ".",         "main",     "\"ssn\"", "[id]",     "count",   "max",    "RETURNING",
      "DEFAULT", "CONFLICT", "DO",     "NOTHING",   "OVER",     "CAST",    "COLLATE",  "EXPLAIN", "CREATE", "VIEW",
      "TABLE",   "TRIGGER",  "DROP",   "INDEX",     "BEGIN",    "PRAGMA",  "contacts", "docs",    "MATCH",  "-",
      "/*",      "*/",       "--",     "\n",        "DISTINCT", "INDEXED", "RECURSIVE"};
  auto shop = understander_of(kShop);
  std::mt19937 engine(5);
  const std::string seeds[] = {
      "SELECT c.id , ssn FROM customers c JOIN orders o ON o.id = c.id WHERE ssn = 'x' AND total > 1 GROUP BY ssn "
      "ORDER BY 1 LIMIT 2",
      "UPDATE orders SET total = 1 , status = ? WHERE id = 1 RETURNING *",
      "INSERT INTO log ( line ) SELECT ssn FROM customers WHERE 1 ON CONFLICT DO NOTHING",
      "WITH t ( a ) AS ( SELECT ssn FROM customers UNION ALL SELECT a FROM t ) SELECT max ( a ) OVER ( ORDER BY a ) "
      "FROM t",
      "DELETE FROM customers WHERE id IN ( 1 , 2 )"};
  libguard::sqlite::Database real = database_with(kShop);
  int understood = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::string> words;
    std::string seed = seeds[engine() % 5];
    for (std::size_t at = 0; at < seed.size();) {
      std::size_t space = std::min(seed.find(' ', at), seed.size());
      words.push_back(seed.substr(at, space - at));
      at = space + 1;
    }
    for (std::size_t edits = 1 + engine() % 3; edits > 0; --edits) {
      std::size_t at = engine() % words.size();
      std::string word = kWords[engine() % std::size(kWords)];
      switch (engine() % 3) {
        case 0:
          words[at] = word;
          break;
        case 1:
          words.insert(words.begin() + static_cast<std::ptrdiff_t>(at), word);
          break;
        default:
          if (words.size() > 1) words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    std::string sql;
    for (const std::string& word : words) sql += word + (engine() % 300 == 0 ? "" : " ");
    CAPTURE(sql);
    auto command = ask(*shop, sql);
    if (!command->understood || command->statements != 1) continue;
    ++understood;
    sqlite3_stmt* raw = nullptr;
    CHECK(sqlite3_prepare_v2(real.get(), sql.c_str(), -1, &raw, nullptr) == SQLITE_OK);
    libguard::sqlite::Statement statement(raw);
    if (command->readonly_safe && command->kinds[0] != "explain") CHECK(sqlite3_stmt_readonly(raw) != 0);
    if (command->kinds[0] != "explain") CHECK(static_cast<int>(command->reveals.size()) == sqlite3_column_count(raw));
  }
  CHECK(understood > 200);
}

TEST_CASE("sqlite: random bytes never crash the lexer") {
  std::mt19937 engine(3);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    static constexpr std::string_view kBytes = "'\"`[]()-/*;?:@$#.x01aA \n\xc3\xa9";
    for (std::size_t n = engine() % 60; n > 0; --n) bytes += kBytes[engine() % kBytes.size()];
    Lexed lexed = lex(bytes);
    for (const Token& token : lexed.tokens) {
      CHECK(token.end <= bytes.size());
      CHECK(token.start <= token.end);
      (void)name_of(token);
    }
  }
}

TEST_CASE("sqlite: many threads, one understander; the cache gives the same answer with other values") {
  auto shop = understander_of(kShop);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        std::vector<Value> params{std::int64_t{t * 1000 + i}, std::int64_t{1}};
        auto command = shop->understand("UPDATE orders SET refunded_cents = ? WHERE id = ?", params);
        bool right = command->understood && command->params == params && command->assigned.size() == 1 &&
                     command->assigned[0].digits == std::to_string(t * 1000 + i);
        auto other = shop->understand("SELECT " + std::to_string(i % 50) + ", ssn FROM customers", {});
        if (!right || !other->understood || other->reveals.size() != 2) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  std::vector<Value> too_many(2000, Value{std::int64_t{1}});
  CHECK(shop->understand("SELECT 1", too_many)->not_understood_code == "command.parameters");
}

}  // namespace
}  // namespace libguard::command::sqlite
