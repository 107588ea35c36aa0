// 64 threads x 1,000 guarded calls over one Guard on SQLite: reads, refusals, writes, sessions and reloads at once.
// Meant for the tsan preset; exits non-zero when an answer is not the expected one or the log does not verify.
//
//   build/tsan/benchmarks/thread_harness 64 1000

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "guard/shop.h"

using namespace libguard;

namespace {

std::atomic<long> wrong{0};

void expect(const Outcome& outcome, OutcomeState state) {
  if (outcome.state == state) return;
  if (wrong++ < 5)
    std::fprintf(stderr, "unexpected %s: %s %s\n", to_string(outcome.state), outcome.code.c_str(),
                 outcome.reason.c_str());
}

void work(const Guard& guard, int thread, int calls) {
  Session session = guard.session({.account = "support-crew"});
  for (int i = 0; i < calls; ++i) {
    switch ((thread + i) % 8) {
      case 0:
        expect(session.query("shop", "DROP TABLE customers"), OutcomeState::refused);
        break;
      case 1:
        expect(session.query("shop", "UPDATE orders SET status = 'x' WHERE id = ?", {std::int64_t{11}}),
               OutcomeState::completed);
        break;
      default:
        expect(session.query("shop", "SELECT name, email FROM customers WHERE id = ?", {std::int64_t{1 + i % 2}}),
               OutcomeState::completed);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 64;
  const int calls = argc > 2 ? std::atoi(argv[2]) : 1000;
  test::Shop shop;
  shop.replace("guard.yaml", "tags: [prod] }", "tags: [prod], deadline_ms: 600000, pool: { connections_max: 8 } }");
  Guard guard = Guard::open(shop.config());
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) workers.emplace_back([&, t] { work(guard, t, calls); });
  for (int i = 0; i < 5; ++i) guard.reload();
  for (std::thread& worker : workers) worker.join();
  guard.close();
  const audit::Verification found = shop.verify();
  std::printf("%d threads x %d calls: %ld wrong answers, %lld records, log %s\n", threads, calls, wrong.load(),
              static_cast<long long>(found.records), found.intact ? "intact" : "BROKEN");
  return wrong == 0 && found.intact ? 0 : 1;
}
