// The guard's own work: everything but backend and sync, with a PostgreSQL catalogue of 40 tables, the baseline and 20
// policies. Prints p50 and p99 in microseconds of a three-table join seen for the first time, of the same seen before
// (right after the first time, so with caches full of what parsing left), and of six joins seen before, in turns.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "fake_backend.h"
#include "guard/guard_parts.h"
#include "guard/shop.h"
#include "quiet_os.h"
#include "shop_catalogue.h"

using namespace libguard;

namespace {

std::string policies() {
  std::string out = R"(
@id("connects") permit (principal in Group::"support", action in [Action::"connect", Action::"use"], resource);
@id("reads") permit (principal in Group::"support", action in Action::"read", resource in Schema::"shop/public");
@id("matches") permit (principal in Group::"support", action in [Action::"match", Action::"infer"], resource);
)";
  for (int i = 0; i < 17; ++i) {
    const std::string n = std::to_string(i);
    out += "@id(\"p" + n + "\") permit (principal in Group::\"group-" + n +
           "\", action == Action::\"update\", resource == Table::\"shop/public.table_" + n +
           "\") when { context.bounded == \"eq\" && context.rows_bound <= " + n + " };\n";
  }
  return out;
}

void report(const char* name, std::vector<double>& times) {
  std::sort(times.begin(), times.end());
  std::printf("{\"name\": \"%s\", \"p50_us\": %.2f, \"p99_us\": %.2f, \"runs\": %zu}\n", name, times[times.size() / 2],
              times[times.size() * 99 / 100], times.size());
}

double once(const Session& session, const std::string& sql) {
  const auto backend = bench::in_backend();
  const auto began = std::chrono::steady_clock::now();
  Outcome outcome = session.query("shop", sql, {std::int64_t{7}});
  const auto whole = std::chrono::steady_clock::now() - began;
  double span = std::chrono::duration<double, std::micro>(whole - (bench::in_backend() - backend)).count();
  if (outcome.completed()) return span;
  std::fprintf(stderr, "%s %s\n", outcome.code.c_str(), outcome.reason.c_str());
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 2000;
  test::Shop shop;
  shop.replace("guard.yaml", "  pii.card: { columns: [shop/main.customers.card], show: \"partial:last=4\" }\n", "");
  shop.replace("guard.yaml", "shop/main.customers.email", "shop/public.customers.email");
  shop.replace("guard.yaml", "shop/main.orders.refunded_cents", "shop/public.orders.total");
  std::string groups = "groups: [support";
  for (int i = 0; i < 17; ++i) groups += ", group-" + std::to_string(i);
  shop.replace("guard.yaml", "groups: [support", groups);
  shop.write("policies/support.cedar", policies());
  GuardParts parts;
  parts.os = std::make_shared<bench::QuietOs>();
  parts.backend = [](const ConnectionConfig&, const std::shared_ptr<Clock>&) {
    return std::make_unique<bench::InstantBackend>(bench::shop_catalogue());
  };
  Guard guard = parts.open(shop.config());
  Session session = guard.session({.account = "support-crew"});
  for (int i = 0; i < 200; ++i) (void)once(session, bench::three_table_join(1'000'000 + i));
  std::vector<double> first;
  std::vector<double> again;
  // `own_work RUNS again` measures only what was seen before, `own_work RUNS first` only what was not: for a profiler.
  const bool only_first = argc > 2 && std::string_view(argv[2]) == "first";
  for (int i = 0; argc > 2 && i < runs; ++i) {
    const int which = only_first ? i : 1'000'000;
    (only_first ? first : again).push_back(once(session, bench::three_table_join(which)));
  }
  for (int i = 0; argc <= 2 && i < runs; ++i) {
    const std::string sql = bench::three_table_join(i);
    first.push_back(once(session, sql));
    again.push_back(once(session, sql));
  }
  std::vector<double> steady;
  for (int i = 0; argc <= 2 && i < runs; ++i)
    steady.push_back(once(session, bench::three_table_join(2'000'000 + i % 6)));
  if (!first.empty()) report("own work, join seen for the first time", first);
  if (!again.empty()) report("own work, join seen before", again);
  if (!steady.empty()) report("own work, six joins seen before, in turns", steady);
  return 0;
}
