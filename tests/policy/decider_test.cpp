#include <doctest/doctest.h>

#include <thread>

#include "policy/decider_fixture.h"

using namespace libguard;
using namespace libguard::policy;

TEST_CASE("an empty policy set denies") {
  Decision decision = decide(decider_of(""), command_of(CommandEffect::read, {reads("main.orders")}));
  CHECK(decision.verdict() == Verdict::deny);
  CHECK(decision.code == "policy.default_deny");
  CHECK(decision.deciding.empty());
}

TEST_CASE("the baseline alone lets nobody do anything") {
  Decider decider({{"libguard:baseline", std::string(baseline_text())}}, shop_frame());
  Command command = command_of(CommandEffect::read, {});
  command.functions = {{"lower", true, 'i', false}};
  CHECK(decide(decider, command).verdict() == Verdict::deny);
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.orders")})).verdict() == Verdict::deny);
}

TEST_CASE("a default command and a default identity are refused") {
  Decider decider = decider_of(kOpen);
  Command empty;
  empty.connection = "shop";
  CHECK(decide(decider, empty).code == "command.not_understood");
  Decision nobody = decide(decider, command_of(CommandEffect::read, {reads("main.orders")}), Identity{});
  CHECK(nobody.code == "policy.no_identity");
  CHECK(nobody.verdict() == Verdict::deny);
}

TEST_CASE("every request of a command must be allowed") {
  Decider decider = decider_of(
      "@id(\"c\") permit (principal in Group::\"support\", action == Action::\"connect\", resource == "
      "Connection::\"shop\");"
      "@id(\"o\") permit (principal, action in Action::\"read\", resource == Table::\"shop/main.orders\");");
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.orders")})).verdict() == Verdict::allow);
  Decision both = decide(decider, command_of(CommandEffect::read, {reads("main.orders"), reads("main.salaries")}));
  CHECK(both.verdict() == Verdict::deny);
  CHECK(both.reason.find("select on salaries") != std::string::npos);
  CHECK(both.reason.find("Table::\"shop/main.salaries\"") != std::string::npos);
  Request with_tool;
  with_tool.tool = "run_sql";
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.orders")}), support(), {}, with_tool).code ==
        "policy.default_deny");
}

TEST_CASE("an object behind a view is not named to the one who did not name it") {
  Decider decider = decider_of("@id(\"c\") permit (principal, action == Action::\"connect\", resource);");
  Touch hidden = reads("main.salaries");
  hidden.through_view = true;
  Decision decision = decide(decider, command_of(CommandEffect::read, {hidden}));
  CHECK(decision.verdict() == Verdict::deny);
  CHECK(decision.reason.find("salaries") == std::string::npos);
}

TEST_CASE("forbid wins and its reason teaches") {
  Decider decider({{"libguard:baseline", std::string(baseline_text())}, {"open.cedar", kOpen}}, shop_frame());
  Decision blind = decide(decider, command_of(CommandEffect::write, {writes("delete", "main.orders", Bound::none)}));
  CHECK(blind.verdict() == Verdict::deny);
  CHECK(blind.code == "policy.denied");
  CHECK(blind.deciding == std::vector<std::string>{"no-blind-dml"});
  CHECK(blind.reason ==
        "DENIED by no-blind-dml: DELETE on orders would touch every row; name the rows by key, e.g. WHERE id = ... "
        "Final for this statement, do not rephrase it.");
  CHECK(decide(decider, command_of(CommandEffect::write, {writes("update", "main.orders", Bound::tautology)}))
            .verdict() == Verdict::deny);
  CHECK(decide(decider, command_of(CommandEffect::write, {writes("truncate", "main.orders", Bound::none)})).deciding ==
        std::vector<std::string>{"no-blind-dml"});
  CHECK(decide(decider, command_of(CommandEffect::write, {writes("update", "main.orders", Bound::eq, 1)})).code ==
        "command.value_unknown");
  CHECK(decide(decider, command_of(CommandEffect::write, {writes("update", "main.items", Bound::eq, 1)})).verdict() ==
        Verdict::allow);
  CHECK(decide(decider, command_of(CommandEffect::write, {writes("delete", "main.orders", Bound::weak)})).verdict() ==
        Verdict::allow);
  for (CommandEffect effect : {CommandEffect::ddl, CommandEffect::dcl, CommandEffect::maintenance}) {
    CHECK(decide(decider, command_of(effect, {})).deciding == std::vector<std::string>{"no-ddl"});
    CHECK(decide(decider, command_of(effect, {writes(to_string(effect), "main.orders", Bound::none)})).deciding ==
          std::vector<std::string>{"no-ddl"});
  }
}

TEST_CASE("an erring forbid denies, an erring permit only does not permit") {
  Decider forbids = decider_of(kOpen +
                               "@id(\"broken\") forbid (principal, action == Action::\"select\", resource) when { "
                               "9223372036854775807 + 1 > context.hour };");
  Decision decision = decide(forbids, command_of(CommandEffect::read, {reads("main.orders")}));
  CHECK(decision.verdict() == Verdict::deny);
  CHECK(decision.code == "policy.error");
  CHECK(decision.erring == std::vector<std::string>{"broken"});
  CHECK(decision.deciding == std::vector<std::string>{"broken"});
  Decider permits = decider_of(
      kOpen + "@id(\"broken\") permit (principal, action, resource) when { 9223372036854775807 + 1 > context.hour };");
  decision = decide(permits, command_of(CommandEffect::read, {reads("main.orders")}));
  CHECK(decision.verdict() == Verdict::allow);
  CHECK(decision.erring == std::vector<std::string>{"broken"});
}

TEST_CASE("doubt refuses") {
  Decider decider = decider_of(kOpen);
  Command command = command_of(CommandEffect::read, {reads("main.orders")});
  auto code_with = [&](const std::string& doubt) {
    command.doubts = {doubt};
    return decide(decider, command).code;
  };
  CHECK(code_with("no_catalogue") == "command.no_catalogue");
  CHECK(code_with("opaque_do") == "command.opaque");
  CHECK(code_with("opaque_function public.f") == "command.opaque");
  CHECK(code_with("something new") == "command.doubt");
  CHECK(code_with("lineage_unknown") == "policy.allowed");
  command.doubts.clear();
  command.effect = CommandEffect::opaque;
  CHECK(decide(decider, command).code == "command.opaque");
  command.effect = CommandEffect::write;
  CHECK(decide(decider, command).code == "command.opaque");
  command.effect = CommandEffect::read;
  command.runnable = false;
  command.not_runnable_code = "command.copy";
  command.not_runnable = "COPY is understood but not run";
  CHECK(decide(decider, command).code == "command.copy");
  command.connection = "nowhere";
  CHECK(decide(decider, command).code == "policy.unknown_connection");
}

TEST_CASE("an opaque function needs a permit of its own name") {
  Command command = command_of(CommandEffect::read, {});
  command.dialect = Dialect::postgres;
  command.functions = {{"public.f", false, 'v', false}};
  command.doubts = {"opaque_function public.f"};
  CHECK(decide(decider_of(kOpen), command).code == "policy.default_deny");
  CHECK(
      decide(decider_of(
                 kOpen +
                 "@id(\"f\") permit (principal, action == Action::\"call\", resource == Function::\"shop/public.f\");"),
             command)
          .verdict() == Verdict::allow);
  command.doubts = {"implicit_cast public.f"};
  CHECK(decide(decider_of(kOpen), command).code == "policy.default_deny");
  command.doubts = {"opaque_function public.f"};
  command.functions = {{"public.f", true, 'v', false}};  // a claim to be safe does not outweigh the doubt
  CHECK(decide(decider_of("@id(\"s\") permit (principal, action, resource in Tag::\"safe\");"), command).verdict() ==
        Verdict::deny);
}

TEST_CASE("functions: vetted ones carry Tag safe, others their connection only") {
  std::string text =
      "@id(\"c\") permit (principal, action == Action::\"connect\", resource);"
      "@id(\"s\") permit (principal, action == Action::\"call\", resource in Tag::\"safe\");";
  Command command = command_of(CommandEffect::read, {});
  command.functions = {{"lower", true, 'i', false}};
  CHECK(decide(decider_of(text), command).verdict() == Verdict::allow);
  command.functions.push_back({"load_extension", false, 'v', false});
  CHECK(decide(decider_of(text), command).verdict() == Verdict::deny);
}

TEST_CASE("authority is the intersection of account and verified user") {
  std::string text =
      "@id(\"a\") permit (principal in Group::\"support\", action, resource);"
      "@id(\"u\") permit (principal in Group::\"finance\", action, resource) unless { resource == "
      "Table::\"shop/main.items\" };";
  Decider decider = decider_of(text);
  Identity identity = support();
  identity.user = ActsFor{"mia", "dana", {"finance"}, true};
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.orders")}), identity).verdict() == Verdict::allow);
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.items")}), identity).verdict() == Verdict::deny);
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.items")})).verdict() == Verdict::allow);
  identity.user->account.clear();
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.orders")}), identity).code ==
        "policy.no_identity");
}

TEST_CASE("an asserted user can only narrow") {
  Decider decider = decider_of(kOpen +
                               "@id(\"not-mia\") forbid (principal == User::\"mia@example.com\", action, resource == "
                               "Table::\"shop/main.orders\");"
                               "@id(\"eve\") forbid (principal == User::\"eve\", action, resource) when { "
                               "9223372036854775807 + 1 > context.hour };"
                               "@id(\"dana\") permit (principal == User::\"dana\", action, resource);");
  Identity identity = support();
  identity.user = ActsFor{"mia@example.com", "", {}, false};
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.items")}), identity).verdict() == Verdict::allow);
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.orders")}), identity).deciding ==
        std::vector<std::string>{"not-mia"});
  identity.user->subject = "eve";
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.items")}), identity).code == "policy.error");
  Identity stranger;
  stranger.account = "stranger";
  stranger.user = ActsFor{"dana", "dana", {"dba"}, false};
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.items")}), stranger).verdict() == Verdict::deny);
}

TEST_CASE("crew, agent, task and tool narrow, and verified hops outweigh asserted ones") {
  Decider decider = decider_of(
      kOpen +
      "@id(\"only-refunds\") forbid (principal, action, resource) unless { context.agent == \"refund-agent\" };");
  Identity identity = support();
  identity.chain = {{"agent", "refund-agent", true}};
  Command command = command_of(CommandEffect::read, {reads("main.orders")});
  CHECK(decide(decider, command, identity).verdict() == Verdict::allow);
  CHECK(decide(decider, command).verdict() == Verdict::deny);
  identity.chain = {{"agent", "other", true}};
  Request request;
  request.hops = {{"agent", "refund-agent", true}};  // a request cannot verify anything
  CHECK(decide(decider, command, identity, {}, request).verdict() == Verdict::deny);
}

TEST_CASE("context: bounds and columns are those of the action on the object") {
  Decider decider = decider_of(
      "@id(\"c\") permit (principal, action in [Action::\"connect\", Action::\"read\"], resource);"
      "@id(\"u\") permit (principal, action == Action::\"update\", resource == Table::\"shop/main.items\") when { "
      "context.bounded == \"eq\" "
      "&& context.rows_bound <= 2 && [\"status\"].containsAll(context.columns_written) && context.effect == \"write\" "
      "&& "
      "context.kinds.contains(\"update\") && context.values_bound && context.hour == 12 };");
  Touch update = writes("update", "main.items", Bound::eq, 2);
  update.columns_written = {"status"};
  Command command = command_of(CommandEffect::write, {reads("main.other"), update});
  command.kinds = {"update"};
  Decision decision = decide(decider, command);
  CHECK(decision.verdict() == Verdict::allow);
  CHECK(decision.rows_affected_max == 2);
  command.touches[1].columns_written.insert("price");
  CHECK(decide(decider, command).verdict() == Verdict::deny);
  command.touches[1].columns_written = {"status"};
  command.literals = {{1, 2}};
  CHECK(decide(decider, command).verdict() == Verdict::deny);
  command.literals.clear();
  command.touches[1].rows_bound = 3;
  CHECK(decide(decider, command).verdict() == Verdict::deny);
}

TEST_CASE("rows_affected_max is the number of keys only when every write proves it") {
  Decider decider = decider_of(kOpen);
  auto bound = [&](std::vector<Touch> touches) {
    return decide(decider, command_of(CommandEffect::write, std::move(touches))).rows_affected_max;
  };
  CHECK(bound({writes("delete", "main.a", Bound::eq, 3)}) == 3);
  CHECK(bound({writes("delete", "main.a", Bound::eq, 3), writes("insert", "main.b", Bound::eq, 4)}) == 7);
  CHECK(bound({writes("delete", "main.a", Bound::eq, 3), writes("delete", "main.b", Bound::weak, 1)}) == 1'000);
  CHECK(bound({writes("delete", "main.a", Bound::eq, kUnproven)}) == 1'000);
  CHECK(bound({writes("delete", "main.a", Bound::eq, kUnproven - 1), writes("delete", "main.b", Bound::eq, 5)}) ==
        1'000);
}

TEST_CASE("names with reserved characters cannot reach into other places") {
  Decider decider = decider_of(
      "@id(\"c\") permit (principal, action == Action::\"connect\", resource);"
      "@id(\"m\") permit (principal, action, resource in Schema::\"shop/main\");"
      "@id(\"s\") permit (principal, action, resource in Schema::\"shop/$system\");");
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("main.a.b")})).verdict() ==
        Verdict::allow);  // SQLite: a table named "a.b"
  Command postgres = command_of(CommandEffect::read, {reads("main.a.b")});
  postgres.dialect = Dialect::postgres;
  CHECK(decide(decider, postgres).code == "command.unknown_name");
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("$system.x")})).verdict() == Verdict::deny);
  CHECK(decide(decider, command_of(CommandEffect::read, {reads("nodot")})).code == "command.unknown_name");
  CHECK(decide(decider, command_of(CommandEffect::read, {writes("explode", "main.a", Bound::eq)})).code ==
        "command.unknown_name");
}

TEST_CASE("risk is a sum of named parts and is cut at 100") {
  Decider decider = decider_of(kOpen);
  Decision quiet = decide(decider, command_of(CommandEffect::read, {reads("main.items")}));
  CHECK(quiet.risk == 0);
  Command drop = command_of(CommandEffect::ddl, {writes("ddl", "main.items", Bound::none)});
  drop.destructive = true;
  Decision loud = decide(decider, drop);
  CHECK(loud.risk == 95);
  int sum = 0;
  for (const RiskPart& part : loud.risk_parts) sum += part.points;
  CHECK(sum == 95);
  CHECK(decide(decider, command_of(CommandEffect::write, {writes("delete", "main.items", Bound::none)})).risk == 78);
}

TEST_CASE("a tool call asks `use` and sees its arguments' names and sizes") {
  Decider decider = decider_of(
      "@id(\"t\") permit (principal, action == Action::\"use\", resource == Tool::\"mailer\") when { "
      "context has argument_names && context.argument_names.contains(\"to\") && context has argument_sizes.to && "
      "context.argument_sizes.to < 20 && context.row_limit > 0 };");
  Request request;
  request.kind = RequestKind::tool;
  request.tool = "mailer";
  request.arguments = R"({"to": "a@example.com", "n": 1})";
  CHECK(decider.decide_tool(support(), request, {}, kNoonUs).verdict() == Verdict::allow);
  request.arguments = R"({"to": "averylongaddress@example.com"})";
  CHECK(decider.decide_tool(support(), request, {}, kNoonUs).verdict() == Verdict::deny);
  request.arguments = "[1]";
  CHECK(decider.decide_tool(support(), request, {}, kNoonUs).code == "request.malformed");
  request.arguments = "{\"a\":1,\"a\":2}";
  CHECK(decider.decide_tool(support(), request, {}, kNoonUs).code == "request.malformed");
  request.arguments.clear();
  request.tool = "other";
  CHECK(decider.decide_tool(support(), request, {}, kNoonUs).code == "policy.default_deny");
}

TEST_CASE("one decider serves many threads") {
  Decider decider = decider_of(kOpen);
  std::vector<std::thread> threads;
  std::vector<int> allowed(4, 0);
  for (std::size_t t = 0; t < allowed.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        Command command = command_of(CommandEffect::read, {reads("main.t" + std::to_string(i))});
        allowed[t] += decide(decider, command).verdict() == Verdict::allow ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(allowed == std::vector<int>(4, 200));
}
