// The small sets of command/postgres against those of the standard library.

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "command/postgres/flat.h"
#include "command/postgres/sources.h"

using namespace libguard::command::postgres;

namespace {

bool same(const Sources& ours, const std::set<ColumnId>& theirs) {
  return ours.size() == theirs.size() && ours.empty() == theirs.empty() &&
         std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end());
}

}  // namespace

TEST_CASE("Sources is a set, whatever is added, removed, copied and moved") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<Sources, std::set<ColumnId>>> sets(4);
    for (int step = 0; step < 60; ++step) {
      auto& [ours, theirs] = sets[random() % sets.size()];
      auto& [other, their_other] = sets[random() % sets.size()];
      const ColumnId id = random() % (round < 100 ? 6 : 60);
      switch (random() % 7) {
        case 0:
        case 1:
          ours.add(id);
          theirs.insert(id);
          break;
        case 2:
          ours.remove(id);
          theirs.erase(id);
          break;
        case 3:
          ours.add(other);
          theirs.insert(their_other.begin(), their_other.end());
          break;
        case 4:
          ours = other;
          theirs = their_other;
          break;
        case 5: {
          Sources taken(std::move(ours));
          CHECK(ours.empty());  // NOLINT(bugprone-use-after-move): it is empty then, and can be used again
          CHECK(same(taken, theirs));
          ours = std::move(taken);
          CHECK(taken.empty());  // NOLINT(bugprone-use-after-move)
          break;
        }
        default: {
          const Sources copy(ours);
          CHECK(copy == ours);
          CHECK((ours == other) == (theirs == their_other));
          break;
        }
      }
      CHECK(same(ours, theirs));
      CHECK(same(other, their_other));
    }
  }
}

TEST_CASE("FlatSet and FlatMap hold what a set and a map would") {
  std::mt19937 random(8);
  FlatSet<int> set;
  FlatMap<int, int> map;
  std::set<int> other_set;
  std::map<int, int> other_map;
  for (int step = 0; step < 500; ++step) {
    const int key = static_cast<int>(random() % 90);
    set.insert(key);
    other_set.insert(key);
    const int looked_up = static_cast<int>(random() % 120);
    const int* found = map.find(looked_up);
    auto expected = other_map.find(looked_up);
    CHECK((found != nullptr) == (expected != other_map.end()));
    if (found != nullptr) CHECK(*found == expected->second);
    map[key] += step;
    other_map[key] += step;
  }
  CHECK(std::equal(set.begin(), set.end(), other_set.begin(), other_set.end()));
  CHECK(set.size() == other_set.size());
  CHECK(std::equal(map.begin(), map.end(), other_map.begin(), other_map.end(),
                   [](const auto& a, const auto& b) { return a.first == b.first && a.second == b.second; }));
  map.clear();
  CHECK(map.size() == 0);
  CHECK(map.find(1) == nullptr);
}
