// The index against the plain scan: random hierarchies and policies, every request asked both ways.
#include <doctest/doctest.h>

#include <random>

#include "policy/cedar/parser.h"
#include "policy/cedar/policy_set.h"
#include "policy/cedar/slice_memo.h"

using namespace libguard::policy::cedar;

namespace {

struct World {
  Names names;
  Heap heap;
  Entities entities;
  PolicySet set;
  std::vector<EntityIndex> all;
  std::vector<EntityIndex> actions;
};

std::string entity_text(const World& world, EntityIndex entity) { return world.names.display(entity); }

void make_entities(World& world, std::mt19937& random, int count) {
  for (int i = 0; i < count; ++i)
    world.all.push_back(world.names.entity(i % 3 == 0 ? "A" : "B", "e" + std::to_string(i)));
  for (int i = 0; i < 6; ++i) world.actions.push_back(world.names.entity("Action", "a" + std::to_string(i)));
  for (std::size_t i = 0; i < world.all.size(); ++i) {
    if (random() % 10 == 0) continue;  // unknown entities stay in themselves
    Entity entity;
    std::size_t parents = i == 0 ? 100 : random() % 3;
    for (std::size_t k = 0; k < parents && i + 1 < world.all.size(); ++k)
      entity.parents.push_back(world.all[i + 1 + random() % (world.all.size() - i - 1)]);
    world.entities.add(world.all[i], std::move(entity));
  }
  for (std::size_t i = 0; i + 1 < world.actions.size(); ++i)
    world.entities.add(world.actions[i],
                       {nullptr, nullptr, {world.actions[i + 1 + random() % (world.actions.size() - i - 1)]}});
}

std::string scope_text(const World& world, std::mt19937& random, const char* variable) {
  std::string entity = entity_text(world, world.all[random() % world.all.size()]);
  switch (random() % 5) {
    case 0:
      return variable;
    case 1:
      return std::string(variable) + " == " + entity;
    case 2:
      return std::string(variable) + " in " + entity;
    case 3:
      return std::string(variable) + " is " + (random() % 2 == 0 ? "A" : "B");
    default:
      return std::string(variable) + " is A in " + entity;
  }
}

std::string action_text(const World& world, std::mt19937& random) {
  auto one = [&] { return entity_text(world, world.actions[random() % world.actions.size()]); };
  switch (random() % 5) {
    case 0:
      return "action";
    case 1:
      return "action == " + one();
    case 2:
      return "action in " + one();
    case 3:
      return "action in []";
    default:
      return "action in [" + one() + ", " + one() + ", " + one() + "]";
  }
}

void make_policies(World& world, std::mt19937& random, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += (random() % 4 == 0 ? "forbid (" : "permit (") + scope_text(world, random, "principal") + ", " +
            action_text(world, random) + ", " + scope_text(world, random, "resource") + ")" +
            (random() % 5 == 0 ? " when { context.nope };\n" : ";\n");
  }
  ParseResult parsed = parse_policies(text, world.names, world.heap);
  REQUIRE_FALSE(parsed.error.has_value());
  for (ParsedPolicy& policy : parsed.policies) {
    std::shared_ptr<const Program> condition;
    if (policy.body.root != kNoNode)
      condition = std::make_shared<const Program>(compile(std::move(policy.body), world.heap));
    world.set.add({std::to_string(world.set.policies().size()), policy.permit, policy.principal, policy.action,
                   policy.resource, condition});
  }
  world.set.freeze();
}

}  // namespace

TEST_CASE("the index finds exactly what a scan finds, and so does what a thread remembers of it") {
  SliceMemo memo;  // one for all sets, as a thread has one
  int satisfied = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    World world;
    make_entities(world, random, 150);
    make_policies(world, random, seed % 4 == 0 ? 7 : 60 + static_cast<int>(seed) * 20);
    Hierarchy hierarchy(world.entities);
    Names local(&world.names);
    EntityIndex stranger = local.entity("A", "stranger");
    Record context;
    Machine machine(local, hierarchy);
    for (int i = 0; i < 60; ++i) {
      auto pick = [&](const std::vector<EntityIndex>& from) {
        return i % 10 == 9 ? stranger : i == 0 ? from[0] : from[random() % from.size()];
      };
      EvalRequest request;
      for (auto [part, from] : {std::pair{&request.principal, &world.all},
                                {&request.action, &world.actions},
                                {&request.resource, &world.all}}) {
        part->entity = pick(*from);
        part->ancestors = hierarchy.ancestors(part->entity);
      }
      request.context = &context;
      Answer indexed;
      Answer scanned;
      world.set.ask(request, local, machine, indexed);
      world.set.ask(request, local, machine, scanned, true);
      Answer remembered;
      const auto& slice = memo.slice(world.set, request, local, world.names.entity_count());
      PolicySet::ask(slice, request, machine, remembered);
      CHECK(remembered.permits == scanned.permits);
      CHECK(remembered.forbids == scanned.forbids);
      CHECK(remembered.errors == scanned.errors);
      CHECK(indexed.permits == scanned.permits);
      CHECK(indexed.forbids == scanned.forbids);
      CHECK(indexed.errors == scanned.errors);
      satisfied += static_cast<int>(scanned.permits.size() + scanned.forbids.size() + scanned.errors.size());
    }
  }
  CHECK(satisfied > 10'000);  // the sets really meet the requests
}

// Each request has a layer of its own, so that the same number is another entity in the next one.
TEST_CASE("a remembered slice is not given to an entity of the same number") {
  World world;
  world.all = {world.names.entity("A", "a"), world.names.entity("B", "b")};
  ParseResult parsed = parse_policies(
      "permit (principal, action, resource is A);\nforbid (principal, action, resource is B);\n"
      "permit (principal, action, resource == A::\"named\");",
      world.names, world.heap);
  REQUIRE_FALSE(parsed.error.has_value());
  for (ParsedPolicy& policy : parsed.policies)
    world.set.add({"", policy.permit, policy.principal, policy.action, policy.resource, nullptr});
  world.set.freeze();
  const EntityIndex known = world.names.entity_count();
  SliceMemo memo;
  auto of = [&](const char* type, const char* id) {
    Names layer(&world.names);
    EvalRequest request;
    request.resource.entity = layer.entity(type, id);
    std::vector<PolicyIndex> found;
    for (const Candidate& candidate : memo.slice(world.set, request, layer, known)) found.push_back(candidate.policy);
    return found;
  };
  using Found = std::vector<PolicyIndex>;
  for (int i = 0; i < 2; ++i) {
    CHECK(of("A", "first") == Found{0});
    CHECK(of("B", "first") == Found{1});
    CHECK(of("A", "named") == Found{0, 2});
    CHECK(of("C", "first").empty());
    CHECK(of("D", "first").empty());
  }
}
