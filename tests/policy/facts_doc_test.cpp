// docs/POLICY_FACTS.md says what the library does: its table of facts is the library's, and its examples run.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "policy/context_table.h"
#include "policy/decider_fixture.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

std::string page() {
  std::stringstream out;
  out << std::ifstream(std::string(LIBGUARD_SOURCE_DIR) + "/docs/POLICY_FACTS.md").rdbuf();
  return out.str();
}

const char* word(Presence presence) {
  static constexpr const char* kWords[] = {"always", "command", "tool"};
  return kWords[static_cast<int>(presence)];
}

// By @id.
std::map<std::string, std::string> examples() {
  std::map<std::string, std::string> out;
  std::string text = page();
  for (auto at = text.find("```cedar\n"); at != std::string::npos; at = text.find("```cedar\n", at)) {
    auto end = text.find("```", at + 9);
    std::string policy = text.substr(at + 9, end - at - 9);
    auto id = policy.find("@id(\"") + 5;
    out[policy.substr(id, policy.find('"', id) - id)] = policy;
    at = end;
  }
  return out;
}

Command read_customers() {
  Command command = command_of(CommandEffect::read, {reads("main.customers")});
  command.returns_rows = true;
  command.reveals = {{"email", {"main.customers.email"}}};
  return command;
}

}  // namespace

TEST_CASE("the page lists every fact with its type and presence, and no other") {
  std::string text = page();
  std::size_t rows = 0;
  for (const ContextAttribute& attribute : context_attributes()) {
    std::string name = "`" + std::string(attribute.name) + "`";
    INFO(name);
    Symbol symbol = static_cast<Symbol>(&attribute - context_attributes().data());
    if (counter_of(symbol)) {
      CHECK(attribute.type == "Long");
      CHECK(text.find(name) != std::string::npos);
      continue;
    }
    ++rows;
    CHECK(text.find("| " + name + " | " + std::string(attribute.type) + " | " + word(attribute.presence) + " |") !=
          std::string::npos);
  }
  std::size_t listed = 0;
  for (const char* presence : {" | always | ", " | command | ", " | tool | "}) {
    for (auto at = text.find(presence); at != std::string::npos; at = text.find(presence, at + 1)) ++listed;
  }
  CHECK(listed == rows);
}

TEST_CASE("the page's examples do what they say") {
  auto policies = examples();
  REQUIRE(policies.size() == 7);
  const std::string see =
      "@id(\"see\") permit (principal, action == Action::\"unmask\", resource in DataClass::\"pii\");";
  auto decided = [&](const char* id, const Command& command, const Request& request = {}, const Usage& usage = {}) {
    INFO(id);
    return decider_of(kOpen + see + policies.at(id)).decide(support(), request, command, {}, kNoonUs, usage);
  };
  Command deleting = command_of(CommandEffect::write, {writes("delete", "main.items", Bound::eq, 1)});
  Decision asked = decided("two-of-dba", deleting);
  CHECK(asked.verdict() == Verdict::ask);
  CHECK(asked.stages.at(0).count == 2);
  CHECK(decided("few-rows", read_customers()).row_limit == 1'000);
  CHECK(decided("hide-mail", read_customers()).masked_classes == std::set<std::string>{"pii.email"});
  CHECK(decided("only-look", read_customers()).read_only);
  CHECK(decided("say-why", read_customers()).code == "policy.reason_required");
  Request told;
  told.purpose = "monthly review";
  CHECK(decided("say-why", read_customers(), told).verdict() == Verdict::allow);
  Usage usage;
  CHECK(decided("ask-above", read_customers(), {}, usage).verdict() == Verdict::allow);
  usage[Budget::account_today][Measure::rows] = 100'000;
  CHECK(decided("ask-above", read_customers(), {}, usage).verdict() == Verdict::ask);
  usage[Budget::last_min][Measure::calls] = 10;
  CHECK(decided("rate", read_customers(), {}, usage).code == "policy.budget");
}
