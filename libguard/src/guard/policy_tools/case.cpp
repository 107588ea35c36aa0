#include "guard/policy_tools/case.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/limits.h"
#include "guard/yaml.h"
#include "libguard/error.h"
#include "policy/context_table.h"
#include "policy/time_zone.h"

namespace libguard::policy_tools {
namespace {

constexpr std::int64_t kSomeMondayS = 1'768'780'800;  // 2026-01-19T00:00:00Z

// As YAML reads a plain scalar: null, a boolean, a whole number, else text.
Value value_of(const std::string& text) {
  if (text == "null" || text == "~") return {};
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return number;
  return text;
}

Usage usage_of(const Section& section) {
  Usage usage;
  auto attributes = policy::context_attributes();
  std::vector<std::string> known;
  for (policy::Symbol name = 0; name < policy::kContextNames; ++name) {
    auto counter = policy::counter_of(name);
    if (!counter) continue;
    std::string word(attributes[name].name);
    usage[counter->budget][counter->measure] = section.number(word.c_str(), 0, 0, INT64_MAX);
  }
  return usage;
}

std::optional<std::vector<std::string>> sorted(const Section& section, const char* key) {
  if (!section.has(key)) return std::nullopt;
  std::vector<std::string> out = section.list(key);
  std::sort(out.begin(), out.end());
  return out;
}

std::string expected(const Section& section) {
  std::string word = section.text("expect");
  if (word == "needs approval" || word == "ask") return "ask";
  if (word != "allow" && word != "deny")
    section.fail("expect", "policy_test.expect", "expect is allow, deny or needs approval");
  return word;
}

Case read_case(const Section& section, const std::string& path, std::size_t number) {
  section.only({"name", "as", "user", "on", "sql", "params", "tool", "args", "purpose", "approvals", "groups", "hour",
                "counters", "expect", "by", "masked", "stages", "code"});
  Case out;
  out.file = path;
  out.name = section.text("name", "test " + std::to_string(number));
  out.account = section.text("as");
  out.user = section.text("user", "");
  out.connection = section.text("on", "");
  out.sql = section.text("sql", "");
  out.tool = section.text("tool", "");
  out.arguments = section.text("args", "");
  out.purpose = section.text("purpose", "");
  if (out.sql.empty() && out.tool.empty()) section.fail("sql", "policy_test.what", "a test needs sql or tool");
  for (const std::string& param : section.list("params")) out.params.push_back(value_of(param));
  out.facts.approvals = section.number("approvals", 0, 0, 1'000);
  for (const std::string& group : section.list("groups")) out.facts.groups.insert(group);
  out.hour = section.number("hour", 12, 0, 23);
  out.usage = usage_of(section.section("counters"));
  out.expect = expected(section);
  out.by = sorted(section, "by");
  out.masked = sorted(section, "masked");
  out.stages = sorted(section, "stages");
  out.code = section.text("code", "");
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "nothing" : out;
}

void compare(CaseResult& result, const char* what, const std::string& expected, const std::string& got) {
  if (expected != got) result.failures.push_back(std::string(what) + ": expected " + expected + ", got " + got);
}

Decision decide(const Bench& bench, const Case& test, policy::Witness* witness) {
  Request request;
  request.connection = test.connection;
  request.tool = test.tool;
  request.text = test.sql;
  request.params = test.params;
  request.arguments = test.arguments;
  request.purpose = test.purpose;
  std::int64_t offset = policy::TimeZone(bench.frame().timezone).offset_s(kSomeMondayS);
  std::int64_t now = (kSomeMondayS + test.hour * 3'600 - offset) * 1'000'000;
  Identity identity = bench.identity(test.account, test.user);
  if (test.sql.empty()) {
    request.kind = RequestKind::tool;
    return bench.decider().decide_tool(identity, request, test.facts, now, test.usage, witness);
  }
  auto command = bench.understand(test.connection, test.sql, test.params);
  return bench.decider().decide(identity, request, *command, test.facts, now, test.usage, witness);
}

}  // namespace

CaseFile read_cases(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in || bytes.size() > limits::kConfigBytesMax)
    throw Error(ErrorKind::invalid, "policy_tools.file", path + ": cannot be read, or is longer than 1 MiB");
  Section root = read_yaml(path, bytes);
  root.only({"catalogues", "tests"});
  CaseFile out;
  out.path = path;
  auto folder = std::filesystem::path(path).parent_path();
  for (const std::string& one : root.list("catalogues")) {
    auto equals = one.find('=');
    if (equals == std::string::npos)
      root.fail("catalogues", "policy_test.catalogues", "write connection=FILE of `libguard catalogue dump`");
    out.catalogues[one.substr(0, equals)] = (folder / one.substr(equals + 1)).string();
  }
  std::size_t number = 0;
  for (const Section& section : root.sections("tests")) out.cases.push_back(read_case(section, path, ++number));
  if (out.cases.empty()) root.fail("tests", "policy_test.empty", "a file without tests proves nothing");
  return out;
}

CaseResult run_case(const Bench& bench, const Case& test, policy::Witness* witness) {
  CaseResult result;
  try {
    result.decision = decide(bench, test, witness);
  } catch (const Error& error) {
    result.failures.push_back(error.what());
    return result;
  }
  const Decision& got = result.decision;
  compare(result, "verdict", test.expect, word_of(got.verdict()));
  if (test.by) compare(result, "by", joined(*test.by), joined(got.deciding));
  if (test.masked)
    compare(result, "masked", joined(*test.masked), joined({got.masked_classes.begin(), got.masked_classes.end()}));
  if (test.stages) {
    std::vector<std::string> groups;
    groups.reserve(got.stages.size());
    for (const Stage& stage : got.stages) groups.push_back(stage.group);
    std::sort(groups.begin(), groups.end());
    compare(result, "stages", joined(*test.stages), joined(groups));
  }
  if (!test.code.empty()) compare(result, "code", test.code, got.code);
  if (!result.failures.empty()) result.failures.push_back("because: " + got.reason);
  return result;
}

}  // namespace libguard::policy_tools
