// For each code of `policy check`: a set that has the fault and one that has not.
#include <doctest/doctest.h>

#include <algorithm>

#include "model/command_facts.h"
#include "policy/decider_fixture.h"
#include "policy/lint/lint.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

std::shared_ptr<const Catalogue> shop_catalogue() {
  auto catalogue = std::make_shared<Catalogue>();
  for (auto [name, columns] : {std::pair{"customers", std::vector<std::string>{"id", "email", "card"}},
                               std::pair{"orders", std::vector<std::string>{"id", "status", "refunded_cents"}}}) {
    CatalogueRelation relation;
    relation.schema = "main";
    relation.name = name;
    for (const std::string& column : columns) {
      CatalogueColumn one;
      one.name = column;
      relation.columns.push_back(one);
    }
    catalogue->relations.push_back(std::move(relation));
  }
  return catalogue;
}

std::vector<Finding> found(const std::string& text, bool with_catalogue = true) {
  Catalogues catalogues;
  if (with_catalogue) catalogues = {{"shop", shop_catalogue()}, {"lab", shop_catalogue()}};
  return lint({{"test.cedar", text}}, shop_frame(), catalogues);
}

bool has(const std::vector<Finding>& findings, const std::string& code, const std::string& policy = "") {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return finding.code == code && (policy.empty() || finding.policy == policy);
  });
}

const Finding& of(const std::vector<Finding>& findings, const std::string& code) {
  return *std::find_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.code == code; });
}

struct Planted {
  const char* code;
  const char* with;
  const char* without;
};

const Planted kPlanted[] = {
    {"syntax", "permit (principal", "@id(\"a\") forbid (principal, action, resource);"},
    {"id_missing", "forbid (principal, action, resource);", "@id(\"a\") forbid (principal, action, resource);"},
    {"id_twice",
     R"(@id("a") forbid (principal, action == Action::"ddl", resource); @id("a") forbid (principal, action == Action::"dcl", resource);)",
     R"(@id("a") forbid (principal, action == Action::"ddl", resource);)"},
    {"template", R"(@id("a") forbid (principal == ?principal, action, resource);)",
     R"(@id("a") forbid (principal, action, resource);)"},
    {"unknown_group", R"(@id("a") forbid (principal in Group::"suport", action, resource);)",
     R"(@id("a") forbid (principal in Group::"support", action, resource);)"},
    {"unknown_account", R"(@id("a") forbid (principal == Account::"suport-crew", action, resource);)",
     R"(@id("a") forbid (principal == Account::"support-crew", action, resource);)"},
    {"unknown_connection", R"(@id("a") forbid (principal, action, resource in Connection::"shp");)",
     R"(@id("a") forbid (principal, action, resource in Connection::"shop");)"},
    {"unknown_action", R"(@id("a") forbid (principal, action == Action::"slect", resource);)",
     R"(@id("a") forbid (principal, action == Action::"select", resource);)"},
    {"unknown_tag", R"(@id("a") forbid (principal, action, resource in Tag::"prood");)",
     R"(@id("a") forbid (principal, action, resource in Tag::"prod");)"},
    {"unknown_class", R"(@id("a") forbid (principal, action == Action::"unmask", resource == DataClass::"pii.emial");)",
     R"(@id("a") forbid (principal, action == Action::"unmask", resource == DataClass::"pii.email");)"},
    {"unknown_type", R"(@id("a") forbid (principal, action, resource is Tabel);)",
     R"(@id("a") forbid (principal, action, resource is Table);)"},
    {"unknown_table", R"(@id("a") forbid (principal, action, resource == Table::"shop/main.order");)",
     R"(@id("a") forbid (principal, action, resource == Table::"shop/main.orders");)"},
    {"unknown_schema", R"(@id("a") forbid (principal, action, resource in Schema::"shop/mian");)",
     R"(@id("a") forbid (principal, action, resource in Schema::"shop/main");)"},
    {"unknown_column",
     R"(@id("a") forbid (principal, action == Action::"update", resource == Table::"shop/main.orders") when { context.columns_written.contains("statsu") };)",
     R"(@id("a") forbid (principal, action == Action::"update", resource == Table::"shop/main.orders") when { context.columns_written.contains("status") };)"},
    {"unknown_attribute",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.boundd == "none" };)",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.bounded == "none" };)"},
    {"permit_reads_asserted",
     R"(@id("a") permit (principal in Group::"support", action == Action::"select", resource) when { context.agent == "x" };)",
     R"(@id("a") forbid (principal in Group::"support", action == Action::"select", resource) when { context.agent == "x" };)"},
    {"over_broad", R"(@id("a") permit (principal, action == Action::"select", resource);)",
     R"(@id("a") permit (principal in Group::"support", action == Action::"select", resource);)"},
    {"over_broad", R"(@id("a") permit (principal, action in Action::"admin", resource in Connection::"lab");)",
     R"(@id("a") permit (principal in Group::"dba", action in Action::"admin", resource in Connection::"lab");)"},
    {"unreachable_scope",
     R"(@id("a") permit (principal in Group::"support", action == Action::"select", resource == DataClass::"pii.email");)",
     R"(@id("a") permit (principal in Group::"support", action == Action::"match", resource == DataClass::"pii.email");)"},
    {"unreachable_condition",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.bounded == "eq" && context.bounded == "none" };)",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.bounded == "weak" || context.bounded == "none" };)"},
    {"unreachable_condition",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.rows_bound > 10 && context.rows_bound < 5 };)",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.rows_bound > 5 && context.rows_bound < 10 };)"},
    {"unreachable_condition",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.hour > 23 };)",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.hour > 22 };)"},
    {"shadowed",
     R"(@id("a") permit (principal in Group::"support", action == Action::"delete", resource in Schema::"shop/main"); @id("b") forbid (principal, action in Action::"write", resource in Connection::"shop");)",
     R"(@id("a") permit (principal in Group::"support", action == Action::"delete", resource in Schema::"shop/main"); @id("b") forbid (principal, action in Action::"write", resource in Connection::"shop") when { context.bounded == "none" };)"},
    {"implied",
     R"(@id("a") permit (principal in Group::"support", action == Action::"select", resource == Table::"shop/main.orders"); @id("b") permit (principal in Group::"support", action in Action::"read", resource in Schema::"shop/main");)",
     R"(@id("a") permit (principal in Group::"support", action == Action::"select", resource == Table::"shop/main.orders"); @id("b") permit (principal in Group::"finance", action in Action::"read", resource in Schema::"shop/main");)"},
    {"implied",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.rows_bound > 10 }; @id("b") forbid (principal, action == Action::"update", resource) when { context.rows_bound > 5 };)",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.rows_bound > 10 }; @id("b") forbid (principal, action == Action::"update", resource) when { context.bounded == "none" };)"},
    {"duplicate",
     R"(@id("a") forbid (principal, action == Action::"ddl", resource); @id("b") forbid (principal, action in [Action::"ddl"], resource);)",
     R"(@id("a") forbid (principal, action == Action::"ddl", resource); @id("b") forbid (principal, action == Action::"dcl", resource);)"},
    {"forbid_can_err",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.refund_cents > 100 };)",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context has refund_cents && context.refund_cents > 100 };)"},
    {"forbid_can_err",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.rows_bound + 1 > 100 };)",
     R"(@id("a") forbid (principal, action == Action::"update", resource) when { context.rows_bound > 99 };)"},
    {"forbid_can_err", R"(@id("a") forbid (principal, action, resource) when { context.bounded == "none" };)",
     R"(@id("a") forbid (principal, action, resource) when { context has bounded && context.bounded == "none" };)"},
    {"permit_can_err",
     R"(@id("a") permit (principal in Group::"support", action == Action::"update", resource) when { context.refund_cents < 100 };)",
     R"(@id("a") permit (principal in Group::"support", action == Action::"update", resource) when { context has refund_cents && context.refund_cents < 100 };)"},
    {"remedy_never_helps",
     R"(@id("a") @remedy("approval:group=finance,n=1,ttl=5m") forbid (principal, action == Action::"update", resource) unless { context.approvals >= 2 };)",
     R"(@id("a") @remedy("approval:group=finance,n=1,ttl=5m") forbid (principal, action == Action::"update", resource) unless { context.approvals >= 1 };)"},
    {"remedy_never_helps",
     R"(@id("a") @remedy("approval:group=finance,n=1,ttl=5m") forbid (principal, action == Action::"update", resource) unless { context.approver_groups.contains(Group::"dba") };)",
     R"(@id("a") @remedy("approval:group=finance,n=1,ttl=5m") forbid (principal, action == Action::"update", resource) unless { context.approver_groups.contains(Group::"finance") };)"},
    {"remedy_never_helps",
     R"(@id("a") @remedy("limit_rows:1000") forbid (principal, action == Action::"select", resource) unless { context.row_limit <= 100 };)",
     R"(@id("a") @remedy("limit_rows:100") forbid (principal, action == Action::"select", resource) unless { context.row_limit <= 100 };)"},
    {"remedy_group_too_small",
     R"(@id("a") @remedy("approval:group=finance,n=2,ttl=5m") forbid (principal, action == Action::"update", resource) unless { context.approvals >= 2 };)",
     R"(@id("a") @remedy("approval:group=finance,n=1,ttl=5m") forbid (principal, action == Action::"update", resource) unless { context.approvals >= 1 };)"},
    {"remedy_group_empty",
     R"(@id("a") @remedy("approval:group=support,n=1,ttl=5m") forbid (principal, action == Action::"update", resource) unless { context.approvals >= 1 };)",
     R"(@id("a") @remedy("approval:group=dba,n=1,ttl=5m") forbid (principal, action == Action::"update", resource) unless { context.approvals >= 1 };)"},
    {"remedy_malformed", R"(@id("a") @remedy("bribe:100") forbid (principal, action == Action::"update", resource);)",
     R"(@id("a") forbid (principal, action == Action::"update", resource);)"},
    {"class_without_rule",
     R"(@id("a") forbid (principal, action == Action::"unmask", resource == DataClass::"pii.email");)",
     R"(@id("a") forbid (principal, action == Action::"unmask", resource in DataClass::"pii.email"); @id("b") forbid (principal, action == Action::"unmask", resource == DataClass::"pii.card");)"},
};

}  // namespace

TEST_CASE("each planted fault is found, and not where it is not") {
  for (const Planted& planted : kPlanted) {
    CAPTURE(planted.code);
    CAPTURE(planted.with);
    CHECK(has(found(planted.with), planted.code));
    CAPTURE(planted.without);
    CHECK_FALSE(has(found(planted.without), planted.code));
  }
}

TEST_CASE("findings say where, why and what to do") {
  auto findings = found("\n@id(\"a\")\nforbid (principal, action, resource in Schema::\"shop/mainn\");");
  auto one =
      std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return f.code == "unknown_schema"; });
  REQUIRE(one != findings.end());
  CHECK(one->file == "test.cedar");
  CHECK(one->line == 3);
  CHECK(one->column == 48);
  CHECK(one->severity == Severity::error);
  CHECK(one->fix == "did you mean \"main\"?");
}

TEST_CASE("types are checked, each at its place") {
  auto findings = found(R"(@id("a") forbid (principal, action == Action::"select", resource)
when { context.hour > "22" };
@id("b") forbid (principal, action == Action::"select", resource) when { context.risk like "a" };)");
  REQUIRE(has(findings, "unexpected_type", "a"));
  CHECK(has(findings, "unexpected_type", "b"));
  const Finding& first = of(findings, "unexpected_type");
  CHECK(first.line == 2);
  CHECK(first.excerpt.find("when { context.hour > \"22\" };") != std::string::npos);
  CHECK_FALSE(
      has(found(R"(@id("a") forbid (principal, action == Action::"select", resource) when { context.hour > 22 };)"),
          "unexpected_type"));
}

TEST_CASE("a schema of one's own is read as such") {
  auto with = [&](const std::string& own) {
    Catalogues catalogues{{"shop", shop_catalogue()}, {"lab", shop_catalogue()}};
    return lint({{"test.cedar",
                  R"(@id("a") forbid (principal is Account, action == Action::"select", resource)
                     when { principal has region && principal.region == "eu" };)"},
                 {std::string(kOwnSchemaPrefix) + "own.cedarschema", own},
                 {std::string(kOwnEntitiesPrefix) + "own.json", "[]"}},
                shop_frame(), catalogues);
  };
  auto errors = [](const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& one) { return one.severity == Severity::error; });
  };
  CHECK_FALSE(errors(with("entity Account { region?: String };")));
  CHECK(has(with("entity Account { region?: Long };"), "incompatible_types", "a"));
  auto broken = with("entity Crew;");
  REQUIRE(has(broken, "schema"));
  CHECK(of(broken, "schema").file.ends_with("own.cedarschema"));
  CHECK(of(broken, "schema").line == 1);
}

TEST_CASE("without a catalogue nothing is claimed about names") {
  auto findings = found(R"(@id("a") forbid (principal, action, resource == Table::"shop/main.nowhere");)", false);
  CHECK_FALSE(has(findings, "unknown_table"));
  CHECK(has(findings, "not_decided"));
}

TEST_CASE("the shipped baseline has no finding above a note") {
  for (const Finding& finding : lint({{"libguard:baseline", std::string(baseline_text())}}, shop_frame(), {})) {
    CAPTURE(finding.code);
    CAPTURE(finding.message);
    CHECK(finding.severity == Severity::note);
  }
}

TEST_CASE("facts of a command survive the record") {
  Command command =
      command_of(CommandEffect::write, {writes("update", "main.orders", Bound::eq, 1), reads("main.customers")});
  command.touches[0].columns_written = {"status", "refunded_cents"};
  command.functions = {{"lower", true}, {"public.f", false, 'v', true}};
  command.reveals = {{"x", {"main.customers.email", "main.customers.id"}}};
  command.tests = {{"main.customers.email", true}, {"main.customers.id", false}};
  command.assigned = {{"main.orders.refunded_cents", true, "4200"}};
  command.destructive = true;
  command.reads = {"main.customers"};
  const std::vector<std::string> read = {"main.customers"};
  std::string text = facts_json_text(command, 7);
  CHECK(text.find("4200") == std::string::npos);
  auto facts = facts_from_json(*read_json(text).value, read);
  REQUIRE(facts);
  CHECK(facts->decided_us == 7);
  CHECK(facts->assigned == std::set<std::string>{"main.orders.refunded_cents"});
  REQUIRE(facts->command.touches.size() == 2);
  CHECK(facts->command.touches[0].columns_written == command.touches[0].columns_written);
  CHECK(facts->command.touches[0].rows_bound == 1);
  CHECK(facts->command.touches[1].rows_bound == kUnproven);
  CHECK(facts->command.functions == std::vector<CalledFunction>{{"lower", true}, {"public.f", false, 'v', true}});
  CHECK(facts->command.reveals[0].sources == command.reveals[0].sources);
  CHECK(facts->command.tests == command.tests);
  CHECK(facts->command.destructive);
  CHECK(facts_json_text(facts->command, 7) == text);
  CHECK_FALSE(facts_from_json(*read_json("{\"cut\":true}").value, read));
  CHECK_FALSE(facts_from_json(*read_json("{\"decided_us\":1,\"touches\":[3]}").value, read));
}

TEST_CASE("what is touched is said once where it is what the record says is read") {
  auto said = [](Command command, std::set<std::string> read) {
    command.reads = std::move(read);
    std::string text = facts_json_text(command, 7);
    auto facts = facts_from_json(*read_json(text).value, {command.reads.begin(), command.reads.end()});
    REQUIRE(facts);
    REQUIRE(facts->command.touches.size() == command.touches.size());
    for (std::size_t i = 0; i < command.touches.size(); ++i) {
      const Touch &then = command.touches[i], &now = facts->command.touches[i];
      CHECK(std::tie(now.action, now.object, now.bound, now.rows_bound, now.system, now.through_view) ==
            std::tie(then.action, then.object, then.bound, then.rows_bound, then.system, then.through_view));
    }
    return text.find("touches") != std::string::npos;
  };
  const Touch orders = reads("main.orders"), customers = reads("main.customers");
  CHECK_FALSE(said(command_of(CommandEffect::read, {}), {}));
  CHECK_FALSE(said(command_of(CommandEffect::read, {customers, orders}), {"main.customers", "main.orders"}));
  CHECK(said(command_of(CommandEffect::read, {orders, customers}), {"main.customers", "main.orders"}));
  CHECK(said(command_of(CommandEffect::read, {customers}), {"main.customers", "main.orders"}));
  CHECK(said(command_of(CommandEffect::read, {customers, orders}), {"main.customers"}));
  CHECK(said(command_of(CommandEffect::read, {}), {"main.customers"}));
  for (int i = 0; i < 5; ++i) {
    Touch odd = customers;
    if (i == 0) odd.bound = Bound::none;
    if (i == 1) odd.rows_bound = 1;
    if (i == 2) odd.system = true;
    if (i == 3) odd.through_view = true;
    if (i == 4) odd.action = "insert";
    CHECK(said(command_of(CommandEffect::read, {odd}), {"main.customers"}));
  }
}
