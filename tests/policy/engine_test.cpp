// The engine's public door: meaning, refusals, sharing, and a hot path without allocations.
#include "libguard/policy.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "libguard/error.h"

namespace {
thread_local long allocations = 0;
}

// Counts every allocation of this program's own code; the meter of the hot path's promise.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* place = std::malloc(size == 0 ? 1 : size)) return place;
  throw std::bad_alloc();
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }

using namespace libguard;

namespace {

constexpr const char* kPolicies = R"cedar(
@id("reads") permit (principal in Group::"readers", action == Action::"read", resource)
when { context.rows < 100 && context.tags.containsAny(["a", "b"]) && {x: context.rows}.x >= 0 && ip("10.0.0.1").isIpv4() };
@id("never") forbid (principal, action, resource == Table::"secret");
@id("errs") forbid (principal, action == Action::"drop", resource) when { context.missing };
permit (principal == User::"root", action, resource);
)cedar";
constexpr const char* kEntities =
    R"([{"uid": {"type": "User", "id": "ada"}, "attrs": {}, "parents": [{"type": "Group", "id": "readers"}]}])";

std::string request(const std::string& who, const std::string& action, const std::string& table, int rows = 5) {
  return R"({"principal": {"type": "User", "id": ")" + who + R"("}, "action": {"type": "Action", "id": ")" + action +
         R"("}, "resource": {"type": "Table", "id": ")" + table + R"("}, "context": {"rows": )" + std::to_string(rows) +
         R"(, "tags": ["b"], "on": true, "name": "x"}})";
}

}  // namespace

TEST_CASE("an engine answers with Cedar's meaning, but an erring forbid denies") {
  PolicyEngine engine = PolicyEngine::from_text(kPolicies, kEntities);
  CHECK(engine.size() == 4);
  PolicyAnswer yes = engine.ask(request("ada", "read", "t"));
  CHECK(yes.allowed);
  CHECK(yes.reasons == std::vector<std::string>{"reads"});
  CHECK_FALSE(engine.ask(request("ada", "read", "t", 100)).allowed);
  CHECK_FALSE(engine.ask(request("bob", "read", "t")).allowed);
  PolicyAnswer no = engine.ask(request("ada", "read", "secret"));
  CHECK_FALSE(no.allowed);
  CHECK(no.reasons == std::vector<std::string>{"never"});
  PolicyAnswer erring = engine.ask(request("root", "drop", "t"));
  CHECK_FALSE(erring.allowed);
  CHECK(erring.errors == std::vector<std::string>{"errs"});
  CHECK(engine.ask(request("root", "read", "t")).reasons == std::vector<std::string>{"policy3"});
}

TEST_CASE("an empty engine denies") {
  PolicyEngine engine = PolicyEngine::from_text("");
  PolicyAnswer answer = engine.ask(request("ada", "read", "t"));
  CHECK_FALSE(answer.allowed);
  CHECK(answer.reasons.empty());
}

TEST_CASE("a prepared request allocates nothing and follows its context") {
  PreparedRequest prepared = [] {
    PolicyEngine engine = PolicyEngine::from_text(kPolicies, kEntities);
    return engine.prepare(request("ada", "read", "t"));
  }();  // it outlives its engine
  CHECK(prepared.allowed());
  long before = allocations;
  bool all = true;
  for (int i = 0; i < 1'000; ++i) all = prepared.set("rows", i % 100) && prepared.allowed() && all;
  CHECK(allocations == before);
  CHECK(all);
  CHECK(prepared.set("rows", 100));
  CHECK_FALSE(prepared.allowed());
  CHECK_FALSE(prepared.set("absent", 1));
  CHECK_FALSE(prepared.set("name", 1));  // another type
  CHECK(prepared.set_flag("on", false));
  CHECK(prepared.set_text("name", "y"));
}

TEST_CASE("links and the JSON form decide like the text") {
  PolicyEngine linked = PolicyEngine::from_text(
      "@id(\"t\") permit (principal == ?principal, action, resource);", "[]",
      R"([{"template_id": "t", "new_id": "l", "values": {"?principal": {"type": "User", "id": "ada"}}}])");
  CHECK(linked.ask(request("ada", "read", "t")).reasons == std::vector<std::string>{"l"});
  CHECK_FALSE(linked.ask(request("bob", "read", "t")).allowed);
  PolicyEngine json = PolicyEngine::from_json(
      R"({"templates": {}, "templateLinks": [], "staticPolicies": {"p": {"effect": "permit", "principal": {"op": "All"},
      "action": {"op": "All"}, "resource": {"op": "All"}, "conditions": []}}})");
  CHECK(json.ask(request("bob", "read", "t")).reasons == std::vector<std::string>{"p"});
}

TEST_CASE("what cannot be used is refused with a sentence and a place") {
  auto code = [](auto make) -> std::string {
    try {
      make();
    } catch (const Error& error) {
      CHECK_FALSE(std::string(error.what()).empty());
      return error.code();
    }
    return "";
  };
  CHECK(code([] { (void)PolicyEngine::from_text("permit (principal, action"); }) == "policy.syntax");
  CHECK(code([] {
          (void)PolicyEngine::from_text(
              "@id(\"a\") permit (principal, action, resource); @id(\"a\") permit "
              "(principal, action, resource);");
        }) == "policy.id_twice");
  CHECK(code([] { (void)PolicyEngine::from_text("", "{"); }) == "entities.malformed");
  CHECK(code([] {
          (void)PolicyEngine::from_text("", R"([{"uid": {"type": "A", "id": "a"}, "attrs": {}, "parents":
      [{"type": "A", "id": "a"}]}])");
        }) != "");
  CHECK(code([] { (void)PolicyEngine::from_text("", "[]", "[{}]"); }) == "links.malformed");
  CHECK(code([] { (void)PolicyEngine::from_json("[]"); }) == "policy.malformed");
  PolicyEngine engine = PolicyEngine::from_text(kPolicies);
  for (const char* text : {"", "[]", "{}", "{\"principal\": 3}", "\xff"})
    CHECK(code([&] { (void)engine.prepare(text); }) == "request.malformed");
}

TEST_CASE("threads share one engine") {
  PolicyEngine engine = PolicyEngine::from_text(kPolicies, kEntities);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      PreparedRequest prepared = engine.prepare(request("ada", "read", "t"));
      for (int i = 0; i < 500; ++i) {
        prepared.set("rows", (i + t) % 200);
        if (prepared.allowed() != ((i + t) % 200 < 100)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
