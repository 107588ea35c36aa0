#include "base/turn.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace libguard;

TEST_CASE("a turn is held by one at a time and given back") {
  Turn turn;
  {
    const Turn::Held held = turn.take(std::chrono::milliseconds(0));
    REQUIRE(held);
    CHECK_FALSE(turn.take(std::chrono::milliseconds(0)));
    CHECK_FALSE(turn.take(std::chrono::milliseconds(5)));
  }
  CHECK(turn.take(std::chrono::milliseconds(0)));
}

TEST_CASE("whoever waits for a turn gets it, and none works beside another") {
  Turn turn;
  int inside = 0;  // under the turn alone
  std::atomic<int> wrong{0};
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        const Turn::Held held = turn.take(std::chrono::seconds(60));
        if (!held || ++inside != 1) ++wrong;
        --inside;
        ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(done == 1600);
}
