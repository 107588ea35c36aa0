// The shipped roles, each asked what it must let through and what it must not.
#include <doctest/doctest.h>

#include "policy/decider_fixture.h"
#include "policy/packs/cedar_text.h"
#include "policy/packs/packs.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

Identity agent(const std::string& group) {
  Identity identity;
  identity.account = "worker";
  identity.groups = {group};
  identity.verified = true;
  return identity;
}

std::shared_ptr<Frame> frame() {
  auto out = shop_frame();
  out->accounts["worker"] = {"worker", {"workers"}, false};
  return out;
}

Decider with_roles(const std::vector<RoleUse>& roles, const std::string& more = "") {
  std::vector<PolicySource> sources{{"libguard:baseline", baseline_for(roles)}};
  for (const RoleUse& use : roles) {
    std::string why;
    auto source = role_source(use, why);
    REQUIRE_MESSAGE(source, why);
    sources.push_back(std::move(*source));
  }
  if (!more.empty()) sources.push_back({"more.cedar", more});
  return Decider(sources, frame());
}

Command read_of(const std::string& table) { return command_of(CommandEffect::read, {reads(table)}); }

Command system_read() {
  Touch touch = reads("main.sqlite_schema");
  touch.system = true;
  return command_of(CommandEffect::read, {touch});
}

Command write_of(const std::string& action, Bound bound, std::int64_t rows) {
  return command_of(CommandEffect::write, {writes(action, "main.items", bound, rows)});
}

Command ddl() { return command_of(CommandEffect::ddl, {writes("ddl", "main.items", Bound::none)}); }

Verdict verdict(const Decider& decider, const Command& command, const std::string& group = "workers",
                const ApprovalFacts& facts = {}) {
  Request request;
  request.connection = command.connection;
  return decider.decide(agent(group), request, command, facts, 0).verdict();
}

Command elsewhere(Command command) {
  command.connection = "lab";
  return command;
}

}  // namespace

TEST_CASE("read-only reads its own connection and nothing else") {
  Decider decider = with_roles({{"w", "read-only", "workers", "shop", ""}});
  CHECK(verdict(decider, read_of("main.orders")) == Verdict::allow);
  CHECK(verdict(decider, elsewhere(read_of("main.orders"))) == Verdict::deny);
  CHECK(verdict(decider, read_of("main.orders"), "others") == Verdict::deny);
  CHECK(verdict(decider, write_of("insert", Bound::eq, 1)) == Verdict::deny);
  CHECK(verdict(decider, write_of("update", Bound::eq, 1)) == Verdict::deny);
  CHECK(verdict(decider, write_of("delete", Bound::eq, 1)) == Verdict::deny);
  CHECK(verdict(decider, ddl()) == Verdict::deny);
  CHECK(verdict(decider, system_read()) == Verdict::deny);
}

TEST_CASE("read-only cannot be widened by a permit of another file") {
  Decider decider = with_roles({{"w", "read-only", "workers", "shop", ""}},
                               "@id(\"all\") permit (principal, action, resource in Connection::\"shop\");");
  CHECK(verdict(decider, write_of("update", Bound::eq, 1)) == Verdict::deny);
  CHECK(verdict(decider, system_read()) == Verdict::deny);
}

TEST_CASE("only the analyst may search by a classified column, and neither sees it") {
  Command search = read_of("main.customers");
  search.tests = {{"main.customers.email", false}};
  search.reveals = {{"email", {"main.customers.email"}}};
  CHECK(verdict(with_roles({{"w", "read-only", "workers", "shop", ""}}), search) == Verdict::deny);

  Decider analyst = with_roles({{"w", "analyst", "workers", "shop", ""}});
  Request request;
  request.connection = "shop";
  Decision decision = analyst.decide(agent("workers"), request, search, {}, 0);
  CHECK(decision.verdict() == Verdict::allow);
  CHECK(decision.masked_classes == std::set<std::string>{"pii.email"});
  CHECK(verdict(analyst, write_of("update", Bound::eq, 1)) == Verdict::deny);
  CHECK(verdict(analyst, system_read()) == Verdict::deny);
}

TEST_CASE("an operator writes rows named by key, and asks for more") {
  Decider decider = with_roles({{"w", "operator", "workers", "shop", "dba"}});
  CHECK(verdict(decider, read_of("main.orders")) == Verdict::allow);
  CHECK(verdict(decider, write_of("insert", Bound::eq, 5)) == Verdict::allow);
  CHECK(verdict(decider, write_of("update", Bound::eq, 100)) == Verdict::allow);
  CHECK(verdict(decider, write_of("update", Bound::eq, 101)) == Verdict::ask);
  CHECK(verdict(decider, write_of("delete", Bound::weak, kUnproven)) == Verdict::ask);
  CHECK(verdict(decider, write_of("delete", Bound::weak, kUnproven), "workers", {1, {"dba"}}) == Verdict::allow);
  CHECK(verdict(decider, write_of("delete", Bound::weak, kUnproven), "workers", {1, {"finance"}}) != Verdict::allow);
  CHECK(verdict(decider, write_of("delete", Bound::none, kUnproven), "workers", {1, {"dba"}}) == Verdict::deny);
  CHECK(verdict(decider, ddl(), "workers", {1, {"dba"}}) == Verdict::deny);
}

TEST_CASE("an approver runs nothing, whatever else permits it") {
  Decider decider =
      with_roles({{"a", "approver", "workers", "shop", ""}}, "@id(\"all\") permit (principal, action, resource);");
  CHECK(verdict(decider, read_of("main.orders")) == Verdict::deny);
  CHECK(verdict(decider, elsewhere(read_of("main.orders"))) == Verdict::allow);
}

TEST_CASE("break-glass passes the baseline with an approval of its approvers only") {
  Decider decider = with_roles({{"g", "break-glass", "workers", "shop", "dba"}});
  CHECK(verdict(decider, read_of("main.orders")) == Verdict::allow);
  CHECK(verdict(decider, ddl()) == Verdict::ask);
  CHECK(verdict(decider, ddl(), "workers", {1, {"dba"}}) == Verdict::allow);
  CHECK(verdict(decider, ddl(), "workers", {1, {"finance"}}) != Verdict::allow);
  CHECK(verdict(decider, write_of("delete", Bound::none, kUnproven)) == Verdict::ask);
  CHECK(verdict(decider, write_of("delete", Bound::none, kUnproven), "workers", {1, {"dba"}}) == Verdict::allow);
  // Nobody else gains by it, and not on another connection.
  CHECK(verdict(decider, ddl(), "support", {1, {"dba"}}) == Verdict::deny);
  CHECK(verdict(decider, elsewhere(ddl()), "workers", {1, {"dba"}}) == Verdict::deny);
}

TEST_CASE("the baseline without roles is the plain one and lets nobody in") {
  CHECK(baseline_for({}) == baseline_text());
  CHECK(baseline_text().find("unless") == std::string_view::npos);
  CHECK(verdict(with_roles({}), read_of("main.orders")) == Verdict::deny);
}

TEST_CASE("one role given out twice keeps its ids apart") {
  Decider decider = with_roles({{"a", "analyst", "workers", "shop", ""}, {"b", "analyst@1", "workers", "lab", ""}});
  CHECK(verdict(decider, read_of("main.orders")) == Verdict::allow);
  CHECK(verdict(decider, elsewhere(read_of("main.orders"))) == Verdict::allow);
}

TEST_CASE("a role that cannot be filled in is refused with a sentence") {
  auto refused = [](const RoleUse& use) {
    std::string why;
    CHECK_FALSE(role_source(use, why));
    CHECK_FALSE(why.empty());
    return why;
  };
  CHECK(refused({"w", "root", "g", "shop", ""}).find("read-only@1") != std::string::npos);
  refused({"w", "analyst@2", "g", "shop", ""});
  refused({"w", "analyst@", "g", "shop", ""});
  refused({"w", "analyst@1x", "g", "shop", ""});
  refused({"w", "operator", "g", "shop", ""});
  refused({"w", "analyst", "g", "shop", "dba"});
  refused({"w\"", "analyst", "g", "shop", ""});
  refused({"w", "operator", "g", "shop", "dba,n=1"});
  CHECK_FALSE(
      complaint_about_roles({{"a", "break-glass", "g", "shop", "dba"}, {"b", "break-glass", "g", "lab", "x"}}).empty());
  CHECK(complaint_about_roles({{"a", "break-glass", "g", "shop", "dba"}, {"b", "break-glass", "h", "lab", "dba"}})
            .empty());
}

TEST_CASE("a name cannot break out of its literal") {
  CHECK(cedar_text("a\"b\\c\n") == "\"a\\\"b\\\\c\\u{0a}\"");
  std::string why;
  auto source = role_source({"w", "analyst", "x\") || true //", "shop", ""}, why);
  REQUIRE(source);
  CHECK(source->text.find("Group::\"x\\\") || true //\"") != std::string::npos);
}
