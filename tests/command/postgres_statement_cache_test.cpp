#include "command/postgres/statement_cache.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <thread>

#include "base/limits.h"
#include "model/values.h"

using namespace libguard;
using command::postgres::StatementCache;
using command::postgres::Understood;

namespace {

std::shared_ptr<Understood> understood(const std::string& sql) {
  auto command = std::make_shared<Command>();
  command->text = sql;
  auto out = std::make_shared<Understood>();
  out->command = std::move(command);
  return out;
}

std::string text(int number) { return "SELECT " + std::to_string(number); }

}  // namespace

TEST_CASE("Postgres statement cache: bounded, and what was used last stays") {
  StatementCache cache;
  std::vector<std::weak_ptr<Understood>> all;
  for (int i = 0; i < 5'000; ++i) {
    auto one = understood(text(i));
    all.push_back(one);
    cache.store(std::move(one));
    REQUIRE(cache.find(text(i)) != nullptr);
    (void)cache.find(text(0));  // asked for again and again, so it is never the oldest
  }
  std::size_t alive = 0;
  for (const auto& each : all) alive += !each.expired();
  CHECK(alive <= limits::kStatementCacheEntries);
  CHECK(alive >= limits::kStatementCacheEntries / 2);
  CHECK(cache.find(text(0)) != nullptr);
  CHECK(cache.find(text(1)) == nullptr);
  for (int i = 0; i < 5'000; ++i) {
    if (auto found = cache.find(text(i))) CHECK(found->command->text == text(i));
  }
}

TEST_CASE("Postgres statement cache: the first of two answers stays, and long texts are not kept") {
  StatementCache cache;
  const auto first = understood("SELECT 1");
  cache.store(first);
  cache.store(understood("SELECT 1"));
  CHECK(cache.find("SELECT 1") == first);
  CHECK(cache.find("SELECT 2") == nullptr);
  const std::string huge(100'000, 'x');
  cache.store(understood(huge));
  CHECK(cache.find(huge) == nullptr);
}

TEST_CASE("Postgres statement cache: many threads") {
  StatementCache cache;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 4'000; ++i) {
        const std::string sql = text((i * 7 + t) % 2'000);
        if (auto found = cache.find(sql)) {
          if (found->command->text != sql) std::abort();
        } else {
          cache.store(understood(sql));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("Postgres statement cache: values are those that were given, in their own type, whatever came before") {
  auto command = std::make_shared<Command>();
  command->text = "UPDATE t SET a = $1 WHERE id = $2";
  command->assigned = {{"public.t.a", false, ""}};
  Understood understood;
  understood.slots = {{0, 1}};
  understood.fill(*command, std::vector<Value>{std::int64_t{7}, std::int64_t{1}});
  CHECK(command->assigned[0].digits == "7");
  understood.command = command;
  const std::vector<std::vector<Value>> all = {
      {std::int64_t{7}, std::int64_t{1}},  {0.0, std::int64_t{1}},   {-0.0, std::int64_t{1}},
      {std::string("7"), std::int64_t{1}}, {std::int64_t{7}},        {},
      {Decimal{"7.5"}, std::int64_t{1}},   {Null{}, std::int64_t{1}}};
  for (int round = 0; round < 2; ++round) {
    for (const std::vector<Value>& params : all) {
      auto filled = understood.with(params);
      REQUIRE(same_values(filled->params, params));
      const bool number = !params.empty() && (std::holds_alternative<std::int64_t>(params[0]) ||
                                              std::holds_alternative<Decimal>(params[0]));
      CHECK(filled->assigned[0].known == number);
      CHECK(filled->assigned[0].digits.empty() == !number);
      CHECK(understood.with(params) == filled);
    }
  }
  for (double zero : {0.0, -0.0, 0.0}) {
    auto filled = understood.with(std::vector<Value>{zero});
    CHECK(std::signbit(std::get<double>(filled->params[0])) == std::signbit(zero));
  }
}
