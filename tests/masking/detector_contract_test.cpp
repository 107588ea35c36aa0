// The contract of every detector: runs over each row of the built-in table.
#include <doctest/doctest.h>

#include <random>
#include <set>
#include <thread>

#include "masking/detector.h"
#include "masking/scan.h"

using namespace libguard::masking;

namespace {

std::string noise(std::mt19937& random) {
  static const std::string kPieces[] = {"a@b.co",      "4111 1111 1111 1111",
                                        "123-45-6789", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
                                        "@",           ".",
                                        "-",           " ",
                                        "\"",          "\xff",
                                        "\xe2\x80",    "é",
                                        "用",          "=",
                                        "%40",         "9",
                                        "123456789",   "ssn",
                                        "[",           "]",
                                        "\\u00",       std::string(1, '\0')};
  std::string text;
  for (int pieces = static_cast<int>(random() % 12); pieces > 0; --pieces)
    text += kPieces[random() % std::size(kPieces)];
  return text;
}

}  // namespace

TEST_CASE("every built-in detector keeps the contract") {
  std::set<std::string> names;
  for (const auto& detector : builtin_detectors()) {
    const std::string entity(detector->entity());
    CAPTURE(entity);
    CHECK(!entity.empty());
    CHECK(names.insert(entity).second);
    std::mt19937 random(7);
    for (int round = 0; round < 3'000; ++round) {
      const std::string text = noise(random);
      std::vector<Span> spans{{0, 1, "KEPT"}};
      detector->find(text, spans);
      REQUIRE(spans.front().entity == "KEPT");
      for (std::size_t i = 1; i < spans.size(); ++i) {
        REQUIRE(spans[i].start < spans[i].end);
        REQUIRE(spans[i].end <= text.size());
        REQUIRE(spans[i].entity == entity);
      }
      std::vector<Span> again{{0, 1, "KEPT"}};
      detector->find(text, again);
      REQUIRE(again == spans);
    }
    std::vector<Span> none;
    detector->find({}, none);
    CHECK(none.empty());
  }
  CHECK(names == std::set<std::string>{"CREDIT_CARD", "EMAIL_ADDRESS", "JWT", "US_SSN"});
}

TEST_CASE("one detector serves many threads") {
  const auto detectors = builtin_detectors();
  std::vector<std::thread> threads;
  std::vector<std::size_t> counts(4, 0);
  for (std::size_t t = 0; t < counts.size(); ++t) {
    threads.emplace_back([&, t] {
      std::vector<Span> spans;
      for (int i = 0; i < 200; ++i) {
        scan("ann@example.com 4111111111111111 123-45-6789", detectors, spans);
        counts[t] += spans.size();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(counts == std::vector<std::size_t>(4, 600));
}

TEST_CASE("folding keeps offsets true: what is cut out is whole characters of the original") {
  std::mt19937 random(11);
  const auto detectors = builtin_detectors();
  for (int round = 0; round < 5'000; ++round) {
    std::string text = noise(random) + "４１１１-1111-1111-11１1" + noise(random);
    std::vector<Span> spans;
    scan(text, detectors, spans);
    for (std::size_t i = 0; i < spans.size(); ++i) {
      REQUIRE(spans[i].start < spans[i].end);
      REQUIRE(spans[i].end <= text.size());
      if (i > 0) REQUIRE(spans[i].start >= spans[i - 1].end);
    }
  }
}

TEST_CASE("overlaps: the longest names the span, and nothing that was found is left out") {
  std::vector<Span> spans{{8, 14, "B"}, {0, 10, "A"}, {20, 22, "C"}, {20, 22, "D"}};
  resolve_overlaps(spans);
  CHECK(spans == std::vector<Span>{{0, 14, "A"}, {20, 22, "C"}});
  spans = {{0, 4, "S"}, {2, 12, "L"}};
  resolve_overlaps(spans);
  CHECK(spans == std::vector<Span>{{0, 12, "L"}});
}
