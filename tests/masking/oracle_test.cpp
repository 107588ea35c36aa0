// Published corpora: leaked spans first. Prints recall and precision; the thresholds are the promise.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "base/json.h"
#include "masking/scan.h"
#include "masking/utf8.h"
#include "support/figures.h"

using namespace libguard;
using namespace libguard::masking;

namespace {

std::vector<Json> rows_of(const std::string& name) {
  std::ifstream in(std::string(LIBGUARD_SOURCE_DIR) + "/../shared/oracles/masking/" + name);
  std::vector<Json> rows;
  for (std::string line; std::getline(in, line);) {
    auto json = read_json(line);
    if (json.value) rows.push_back(std::move(*json.value));
  }
  if (rows.empty()) MESSAGE("skipped: no oracle file ", name);
  return rows;
}

std::string our_name(const std::string& entity) {
  return entity == "EMAIL" ? "EMAIL_ADDRESS" : entity == "SSN" ? "US_SSN" : entity;
}

struct Found {
  std::size_t start;
  std::size_t end;
  std::string entity;
};

std::vector<Found> found_in(const std::string& text) {
  static const Detectors kDetectors = builtin_detectors();
  std::vector<Span> spans;
  scan(text, kDetectors, spans);
  std::vector<Found> out;
  for (const Span& span : spans) {
    out.push_back({count_code_points(std::string_view(text).substr(0, span.start)),
                   count_code_points(std::string_view(text).substr(0, span.end)), span.entity});
  }
  return out;
}

struct Score {
  int wanted = 0;
  int covered = 0;  // the wanted span is hidden, whatever it is called
  int exact = 0;    // same bounds and same entity
  int found = 0;
  int right = 0;  // overlaps a wanted span of any entity: it hid something that was to be hidden
};

const std::set<std::string> kOurs{"EMAIL_ADDRESS", "CREDIT_CARD", "US_SSN"};

void judge(const Json& row, Score& score) {
  const std::string text = row["text"].get<std::string>();
  std::vector<Found> found = found_in(text);
  for (const Json& span : row["spans"]) {
    std::string entity = our_name(span["entity"].get<std::string>());
    if (!kOurs.contains(entity)) continue;
    ++score.wanted;
    auto start = span["start"].get<std::size_t>();
    auto end = span["end"].get<std::size_t>();
    bool covered =
        std::any_of(found.begin(), found.end(), [&](const Found& f) { return f.start <= start && f.end >= end; });
    score.covered += covered ? 1 : 0;
    if (!covered) MESSAGE("leaked: ", row["source"].get<std::string>(), " ", span.dump());
    bool exact = std::any_of(found.begin(), found.end(),
                             [&](const Found& f) { return f.start == start && f.end == end && f.entity == entity; });
    score.exact += exact ? 1 : 0;
    if (covered && !exact) MESSAGE("not exact: ", row["source"].get<std::string>());
  }
  for (const Found& f : found) {
    ++score.found;
    bool right = std::any_of(row["spans"].begin(), row["spans"].end(), [&](const Json& span) {
      return span["start"].get<std::size_t>() < f.end && f.start < span["end"].get<std::size_t>();
    });
    score.right += right ? 1 : 0;
    if (!right) MESSAGE("false alarm: ", row["source"].get<std::string>(), " ", f.entity, " ", text.substr(0, 80));
  }
}

void check(const std::string& what, const Score& score) {
  if (score.wanted == 0) return;
  double recall = static_cast<double>(score.covered) / score.wanted;
  double precision = score.found == 0 ? 1 : static_cast<double>(score.right) / score.found;
  if (score.wanted > 0) {
    test::figure(std::string(what) + ": spans covered", test::share(score.covered, score.wanted), ">= 99 %");
  }
  MESSAGE(what, ": ", score.wanted, " wanted, ", score.covered, " covered, ", score.exact, " exact; ", score.found,
          " found, ", score.right, " right; recall ", recall, ", precision ", precision);
  CHECK(recall >= 0.99);
  CHECK(precision >= 0.95);
}

}  // namespace

TEST_CASE("Presidio's own recogniser tests, for the entities that we have") {
  Score score;
  for (const Json& row : rows_of("presidio_recognizer_tests.jsonl")) {
    if (kOurs.contains(row["entity"].get<std::string>())) judge(row, score);
  }
  check("presidio", score);
}

TEST_CASE("DataFog's corpus") {
  Score score;
  for (const Json& row : rows_of("datafog_corpus.jsonl")) judge(row, score);
  check("datafog", score);
}

TEST_CASE("texts about other entities raise few alarms") {
  int rows = 0;
  std::map<std::string, int> alarms;
  for (const Json& row : rows_of("presidio_recognizer_tests.jsonl")) {
    if (kOurs.contains(row["entity"].get<std::string>())) continue;
    ++rows;
    for (const Found& f : found_in(row["text"].get<std::string>())) {
      ++alarms[row["entity"].get<std::string>() + " as " + f.entity];
    }
  }
  int total = 0;
  for (const auto& [what, count] : alarms) {
    MESSAGE(what, ": ", count);
    total += count;
  }
  if (rows > 0) MESSAGE(rows, " rows, ", total, " alarms");
}
