// What it costs to know what a statement does. `sql_work CORPUS` reads JSON lines with a member "sql" and prints, one
// JSON object a line: parse + facts beside PostgreSQL's bare raw parse over the corpus, and a three-table join resolved
// against a catalogue of 40 tables, never seen before and seen before.
//
// Every text of the corpus is understood through the public door of the module, its statement cache included, by an
// understander that has not seen it; both sides are timed statement by statement, one after the other, and the best of
// the rounds counts, so that a busy machine disturbs both alike.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "command/postgres/tree.h"
#include "command/understander.h"
#include "shop_catalogue.h"

using namespace libguard;

namespace {

using Clock = std::chrono::steady_clock;

struct Times {
  double raw_us = 1e9;
  double facts_us = 1e9;
};

double us(Clock::time_point began) { return std::chrono::duration<double, std::micro>(Clock::now() - began).count(); }

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<std::string> texts(const char* path) {
  std::ifstream in(path);
  std::vector<std::string> all;
  std::set<std::string> seen;
  for (std::string line; std::getline(in, line);) {
    std::string sql = Json::parse(line)["sql"];
    // Twice the same would be answered by the cache.
    if (seen.insert(sql).second) all.push_back(std::move(sql));
  }
  return all;
}

void corpus(const std::vector<std::string>& all, int rounds) {
  std::vector<Times> times(all.size());
  for (int round = 0; round < rounds; ++round) {
    const auto fresh = command::understander_without_catalogue(Dialect::postgres);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto began = Clock::now();
      (void)lg_raw_parse_only(all[i].c_str());
      times[i].raw_us = std::min(times[i].raw_us, us(began));
      const auto again = Clock::now();
      (void)fresh->understand(all[i], {});
      times[i].facts_us = std::min(times[i].facts_us, us(again));
    }
  }
  double raw = 0;
  double facts = 0;
  std::vector<double> raws, each, ratios;
  for (const Times& one : times) {
    raw += one.raw_us;
    facts += one.facts_us;
    raws.push_back(one.raw_us);
    each.push_back(one.facts_us);
    ratios.push_back(one.facts_us / one.raw_us);
  }
  std::printf(
      "{\"name\": \"corpus\", \"statements\": %zu, \"raw_ms\": %.1f, \"facts_ms\": %.1f, \"ratio\": %.2f, "
      "\"raw_p50_us\": %.2f, \"facts_p50_us\": %.2f, \"ratio_p50\": %.2f}\n",
      all.size(), raw / 1e3, facts / 1e3, facts / raw, middle(raws), middle(each), middle(ratios));
}

void join(int runs) {
  const auto understander = command::postgres_understander(bench::shop_catalogue());
  std::vector<double> raw, fresh, cached;
  // As in a process that has run for a while: the cache is full, so that each new text throws an old one out.
  for (int i = 0; i < 1'200; ++i) (void)understander->understand(bench::three_table_join(1'000'000 + i), {});
  for (int i = 0; i < runs; ++i) {
    const std::string sql = bench::three_table_join(i);
    auto began = Clock::now();
    (void)lg_raw_parse_only(sql.c_str());
    raw.push_back(us(began));
    began = Clock::now();
    const auto command = understander->understand(sql, {});
    fresh.push_back(us(began));
    if (!command->understood || command->reads.size() != 3) std::exit(1);
    began = Clock::now();
    (void)understander->understand(sql, {});
    cached.push_back(us(began));
  }
  std::printf("{\"name\": \"join\", \"raw_p50_us\": %.2f, \"fresh_p50_us\": %.2f, \"cached_p50_us\": %.3f}\n",
              middle(raw), middle(fresh), middle(cached));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const std::vector<std::string> all = texts(argv[1]);
  if (all.empty()) return 2;
  corpus(all, rounds);
  join(2000);
  return 0;
}
