#pragma once
// A small shop that the decider's tests share.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libguard/error.h"
#include "policy/decider.h"

namespace libguard::policy {

inline std::shared_ptr<Frame> shop_frame() {
  auto frame = std::make_shared<Frame>();
  frame->connections["shop"] = {"shop", {"prod"}, 1'000};
  frame->connections["lab"] = {"lab", {"test"}, 50};
  frame->classes["pii.email"] = {"pii.email", {"shop/main.customers.email"}, "redact"};
  frame->classes["pii.card"] = {"pii.card", {"shop/main.customers.card"}, "redact"};
  frame->facts.push_back({"refund_cents", "shop", "main.orders.refunded_cents", 0});
  frame->accounts["support-crew"] = {"support-crew", {"support"}, false};
  frame->accounts["dana"] = {"dana", {"dba", "finance"}, true};
  return frame;
}

inline Identity support() {
  Identity identity;
  identity.account = "support-crew";
  identity.groups = {"support"};
  identity.verified = true;
  return identity;
}

inline Command command_of(CommandEffect effect, std::vector<Touch> touches) {
  Command command;
  command.connection = "shop";
  command.understood = true;
  command.effect = effect;
  command.statements = 1;
  command.touches = std::move(touches);
  return command;
}

inline Touch reads(const std::string& object) {
  Touch touch;
  touch.action = "select";
  touch.object = object;
  touch.bound = Bound::eq;
  return touch;
}

inline Touch writes(const std::string& action, const std::string& object, Bound bound, std::int64_t rows = kUnproven) {
  Touch touch;
  touch.action = action;
  touch.object = object;
  touch.bound = bound;
  touch.rows_bound = rows;
  return touch;
}

inline constexpr std::int64_t kNoonUs = 1'763'985'600'000'000;  // 2025-11-24T12:00:00Z

inline Decider decider_of(const std::string& policies, std::shared_ptr<const Frame> frame = shop_frame()) {
  return Decider({{"test.cedar", policies}}, std::move(frame));
}

inline Decision decide(const Decider& decider, const Command& command, const Identity& identity = support(),
                       const ApprovalFacts& facts = {}, const Request& request = {}) {
  return decider.decide(identity, request, command, facts, kNoonUs);
}

// Everything that support may do in most tests.
inline const std::string kOpen =
    "@id(\"all\") permit (principal in Group::\"support\", action, resource in Connection::\"shop\");"
    "@id(\"conn\") permit (principal in Group::\"support\", action in [Action::\"connect\", Action::\"use\", "
    "Action::\"session\", "
    "Action::\"ddl\", Action::\"dcl\", Action::\"maintenance\"], resource);";

}  // namespace libguard::policy
