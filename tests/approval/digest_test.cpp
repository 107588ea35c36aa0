#include "approval/digest.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "base/crypto.h"

using namespace libguard;
using namespace libguard::approval;

namespace {

struct Action {
  Identity identity;
  Request request;
  Command command;
  Decision decision;
};

Action refund() {
  Action action;
  action.identity.account = "support-crew";
  action.identity.subject = "support-crew";
  action.identity.user = ActsFor{"mia@example.com", "mia", {}, true};
  action.identity.chain = {{"crew", "support", false}, {"task", "refund order 1042", false}};
  action.request.connection = "shop";
  action.request.tool = "run_sql";
  action.command.connection = "shop";
  action.command.text = "UPDATE orders SET refunded_cents = ? WHERE id = ?";
  action.command.params = {std::int64_t{48900}, std::int64_t{1042}};
  Touch touch;
  touch.action = "update";
  touch.object = "main.orders";
  touch.bound = Bound::eq;
  touch.rows_bound = 1;
  touch.columns_written = {"refunded_cents"};
  action.command.touches = {touch};
  action.decision.stages = {{"finance", 1, 900, "big-refund-asks"}};
  action.decision.snapshot = "snapshot";
  return action;
}

std::string digest(const Action& a) { return digest_of(a.identity, a.request, a.command, a.decision); }

}  // namespace

using Changes = std::vector<std::function<void(Action&)>>;

namespace {

const Changes& changes_of_all() {
  static const Changes changes = {
      [](Action& a) { a.identity.tenant = "other"; },
      [](Action& a) { a.identity.account = "other"; },
      [](Action& a) { a.identity.subject = "other"; },
      [](Action& a) { a.identity.verified = true; },
      [](Action& a) { a.identity.user->subject = "other"; },
      [](Action& a) { a.identity.user->verified = false; },
      [](Action& a) { a.identity.user.reset(); },
      [](Action& a) { a.identity.chain[0].name = "other"; },
      [](Action& a) { a.identity.chain[0].verified = true; },
      [](Action& a) { a.identity.chain.pop_back(); },
      [](Action& a) {
        a.request.hops = {{"agent", "x", false}};
      },
      [](Action& a) { a.request.kind = RequestKind::tool; },
      [](Action& a) { a.request.tool = "other"; },
      [](Action& a) { a.request.arguments = "{}"; },
      [](Action& a) { a.request.connection = "other"; },
      [](Action& a) { a.command.text += " "; },
      [](Action& a) { a.command.params[0] = std::int64_t{48901}; },
      [](Action& a) { a.command.params[0] = 48900.0; },
      [](Action& a) { a.command.params[0] = std::string("48900"); },
      [](Action& a) { a.command.params[0] = Bytes{"48900"}; },
      [](Action& a) { a.command.params[0] = Decimal{"48900"}; },
      [](Action& a) { std::swap(a.command.params[0], a.command.params[1]); },
      [](Action& a) { a.command.params.resize(3); },
      [](Action& a) { a.command.catalogue_version = "2"; },
      [](Action& a) { a.command.effect = CommandEffect::write; },
      [](Action& a) { a.command.touches[0].oid = 7; },
      [](Action& a) { a.command.touches[0].bound = Bound::weak; },
      [](Action& a) { a.command.touches[0].rows_bound = 2; },
      [](Action& a) { a.command.touches[0].columns_written.insert("status"); },
      [](Action& a) {
        a.command.functions = {{"lower", true, 'i', false}};
      },
      [](Action& a) { a.decision.snapshot = "later"; },
      [](Action& a) { a.decision.row_limit = 10; },
      [](Action& a) { a.decision.rows_affected_max = 2; },
      [](Action& a) { a.decision.stages[0].count = 2; },
      [](Action& a) { a.decision.stages[0].group = "dba"; },
      [](Action& a) { a.decision.stages.clear(); },
      [](Action& a) { a.decision.read_only = true; },
      [](Action& a) { a.decision.masked_classes = {"pii.email"}; },
      [](Action& a) { a.decision.definitions = "other"; },
  };
  return changes;
}

}  // namespace

TEST_CASE("a digest from memory is of exactly what was asked") {
  const auto command = std::make_shared<const Command>(refund().command);
  const auto remembered = [&](const Action& a) { return digest_of(a.identity, a.request, command, a.decision); };
  const auto computed = [&](const Action& a) { return digest_of(a.identity, a.request, *command, a.decision); };
  for (int round = 0; round < 3; ++round) {
    for (const auto& change : changes_of_all()) {
      Action changed = refund();
      REQUIRE(remembered(changed) == computed(changed));
      change(changed);
      REQUIRE(remembered(changed) == computed(changed));
      REQUIRE(remembered(changed) == computed(changed));
    }
  }
}

TEST_CASE("every bound fact changes the digest, and no two changes meet") {
  const Changes& changes = changes_of_all();
  std::set<std::string> seen{digest(refund())};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Action changed = refund();
    changes[i](changed);
    INFO("change ", i);
    CHECK(seen.insert(digest(changed)).second);
  }
}

TEST_CASE("what differs from run to run stays out of the digest") {
  Action again = refund();
  again.identity.chain[1].name = "refund order 1042, please";
  again.identity.credential_id = "jti-2";
  again.identity.expires_at_us = 5;
  again.request.explanation = "other words";
  again.request.purpose = "another ticket";
  again.request.ticket = "t-1";
  again.decision.risk = 99;
  again.decision.stages[0].ttl_s = 60;
  CHECK(digest(again) == digest(refund()));
  CHECK(digest(again).size() == 64);
}

TEST_CASE("bytes cannot move between neighbouring fields") {
  Action left = refund();
  left.request.tool = "ab";
  left.request.arguments = "c";
  Action right = refund();
  right.request.tool = "a";
  right.request.arguments = "bc";
  CHECK(digest(left) != digest(right));
}
