// Every entry that takes untrusted text gets the same nasty inputs: malformed, huge, deep, non-UTF-8, and small changes
// of good ones. Nothing crashes (asan preset), nothing but Error leaves, and it ends in time.

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "fuzz/targets.h"

using namespace libguard;

namespace {

std::string repeat(const std::string& part, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += part;
  return out;
}

std::vector<std::string> nasty_inputs() {
  std::vector<std::string> out = {"",
                                  " ",
                                  std::string(1, '\0'),
                                  std::string(70'000, 'a'),
                                  "\xff\xfe\xfd",
                                  "\xc0\xaf",
                                  "\xed\xa0\x80",
                                  "{",
                                  "[",
                                  "\"",
                                  "'",
                                  "$$",
                                  "/*",
                                  "--",
                                  "{\"id\":1}",
                                  "{\"id\":1,\"id\":2}",
                                  "nul\0l",
                                  "1e999",
                                  "-9223372036854775809",
                                  "\xef\xbb\xbf{}",
                                  "\\u0000",
                                  "\r\n\t",
                                  "SELECT 1; SELECT 2",
                                  "SELECT '\xff'",
                                  "a.b.c",
                                  "..",
                                  "lgk_x_y",
                                  "key: [",
                                  "permit(principal,action,resource);"};
  for (const char* part : {"(", "[", "{\"a\":", "NOT ", "- ", "!", "if true then ", "SELECT (", "a.", "x'00' || ", "1+",
                           "/*", "&a ", "\"\\ud800\","}) {
    out.push_back(repeat(part, 500));
    out.push_back(repeat(part, 12'000));
  }
  return out;
}

const std::vector<std::string>& good_inputs() {
  static const std::vector<std::string> good = {
      R"({"id": "a", "sql": "SELECT 1", "params": [1, "x", {"$bytes": "AA=="}], "text": "mail a@example.com", "kind": "sql"})",
      "WITH d AS (DELETE FROM orders WHERE id = 5 RETURNING *) SELECT count(*), max(upper(name)) FROM d JOIN users u "
      "USING (id) WHERE u.email LIKE 'a%'",
      "UPDATE orders SET status = 'x', total = total + 1 WHERE id IN (1, 2, 3) AND status <> 'y'",
      R"(@id("a") permit (principal in Group::"g", action, resource) when { context.n < 5 && resource has x && "a*" like "b" };)",
      "version: 1\nidentity:\n  accounts:\n    a: { match: { provider: local, subject: x }, groups: [g] }\n",
      "call 555-12-3456 or 4111 1111 1111 1111 or ada@example.com eyJhbGciOiJIUzI1NiJ9.e30.abc"};
  return good;
}

}  // namespace

TEST_CASE("nasty inputs at every door") {
  for (const fuzz::Target& target : fuzz::kTargets) {
    for (const std::string& input : nasty_inputs()) {
      CAPTURE(target.name);
      target.run(input);
    }
  }
}

TEST_CASE("small changes of good inputs at every door") {
  std::mt19937 chance(20261124);  // NOLINT: the same inputs in every run
  const std::string extra = "'\"\\;(){}[]$-/*\n\x80\xff@:%,.<>=|&!?0xz";
  for (const std::string& good : good_inputs()) {
    for (int round = 0; round < 60; ++round) {
      std::string changed = good;
      for (int edits = 0; edits < 1 + round % 4; ++edits) {
        std::size_t at = chance() % (changed.size() + 1);
        if (chance() % 3 == 0 && at < changed.size())
          changed.erase(at, 1 + chance() % 5);
        else
          changed.insert(at, 1, extra[chance() % extra.size()]);
      }
      for (const fuzz::Target& target : fuzz::kTargets) {
        if (std::string(target.name) != "log_line" || round % 10 == 0) target.run(changed);
      }
    }
  }
}
