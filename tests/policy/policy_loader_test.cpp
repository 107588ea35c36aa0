#include <doctest/doctest.h>

#include "policy/decider_fixture.h"
#include "policy/time_zone.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

// The code under which the policies are refused, "" when they load; `what` gets the sentence.
std::string code_of(const std::string& text, std::string* what = nullptr,
                    std::shared_ptr<const Frame> frame = shop_frame()) {
  try {
    Decider({{"p.cedar", text}}, std::move(frame));
    return "";
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::configuration);
    if (what != nullptr) *what = error.what();
    return error.code();
  }
}

std::string permit_when(const std::string& condition) {
  return "@id(\"p\") permit (principal, action, resource) when { " + condition + " };";
}

}  // namespace

TEST_CASE("errors name file, line and column") {
  std::string what;
  CHECK(code_of("\n  permit (principal, action resource);", &what) == "policy.syntax");
  CHECK(what.starts_with("p.cedar:2:29: "));
  CHECK(code_of("@id(\"a\")\npermit (principal in Group::\"suport\", action, resource);", &what) ==
        "policy.unknown_entity");
  CHECK(what ==
        "p.cedar:2:29: Group::\"suport\": unknown-group: nobody is in Group \"suport\"; did you mean \"support\"?\n"
        "  2 | permit (principal in Group::\"suport\", action, resource);\n"
        "    |                             ^");
}

TEST_CASE("ids are required and unique over all files") {
  CHECK(code_of("permit (principal, action, resource);") == "policy.id_missing");
  CHECK(code_of("@id(\"\") permit (principal, action, resource);") == "policy.id_missing");
  CHECK_THROWS_AS(Decider({{"a", "@id(\"x\") permit (principal, action, resource);"},
                           {"b", "@id(\"x\") forbid (principal, action, resource);"}},
                          shop_frame()),
                  Error);
  CHECK(code_of("@id(\"x\") permit (principal == ?principal, action, resource);") == "policy.template");
}

TEST_CASE("what can never apply is refused") {
  auto scope = [](const std::string& resource) {
    return "@id(\"p\") permit (principal, action, resource " + resource + ");";
  };
  for (const char* good : {"== Connection::\"shop\"", "in Tag::\"prod\"", "in Tag::\"safe\"", "in Schema::\"lab/main\"",
                           "== Table::\"shop/main.x\"", "in DataClass::\"pii\"", "== DataClass::\"pii.email\"",
                           "== Tool::\"anything\"", "is Table", "is Host"}) {
    INFO(good);
    CHECK(code_of(scope(good)) == "");
  }
  for (const char* bad :
       {"== Connection::\"shp\"", "in Tag::\"prd\"", "in Schema::\"main\"", "== Table::\"nope/main.x\"",
        "in DataClass::\"pi\"", "== DataClass::\"pii.emial\"", "== Cnnection::\"shop\"", "in Group::\"nobody\""}) {
    INFO(bad);
    CHECK(code_of(scope(bad)) == "policy.unknown_entity");
  }
  CHECK(code_of(scope("is Tabel")) == "policy.unknown_type");
  CHECK(code_of(permit_when("resource is Tabel")) == "policy.unknown_type");
  CHECK(code_of("@id(\"p\") permit (principal, action == Action::\"slect\", resource);") == "policy.unknown_entity");
  CHECK(code_of("@id(\"p\") permit (principal == Account::\"dana\", action, resource);") == "policy.unknown_entity");
  CHECK(code_of("@id(\"p\") permit (principal == User::\"support-crew\", action, resource);") ==
        "policy.unknown_entity");
  CHECK(code_of("@id(\"p\") permit (principal == User::\"dana\", action, resource);") == "");
}

TEST_CASE("a permit that reads what only the process says is refused, however it is spelt") {
  for (const char* bad :
       {"context.crew == \"a\"", "context[\"tool\"] == \"x\"", "context has agent", "context has \"task\"",
        "context has tool.x", "context == {}", "[context].contains(context)", "{a: context} == {a: {}}",
        "{a: context}.a.tool == \"x\"", "(if true then context else context).tool == \"x\"", "[1].contains(context)",
        "context.hour == 1 && context == context", "!(context has crew)", "\"a\" == context.agent",
        "principal == context"}) {
    INFO(bad);
    CHECK(code_of(permit_when(bad)) == "policy.permit_reads_process");
    // A forbid may read them; some of these spellings are then refused for their types only.
    std::string forbid = code_of("@id(\"f\") forbid (principal, action, resource) when { " + std::string(bad) + " };");
    CHECK(forbid != "policy.permit_reads_process");
  }
  for (const char* good :
       {"context.hour > 8", "context has refund_cents", "context has bounded && context[\"bounded\"] == \"eq\"",
        "context has argument_sizes.tool && context.argument_sizes.tool < 5", "\"context.tool\" == \"x\""}) {
    INFO(good);
    CHECK(code_of(permit_when(good)) == "");
  }
}

TEST_CASE("remedies are checked while loading") {
  auto forbid = [](const std::string& remedy) {
    return "@id(\"f\") @remedy(\"" + remedy + "\") forbid (principal, action, resource);";
  };
  CHECK(code_of(forbid("approval:group=dba")) == "");
  CHECK(code_of(forbid("approval:group=dbas")) == "policy.remedy");
  CHECK(code_of(forbid("explode")) == "policy.remedy");
  CHECK(code_of(forbid("")) == "policy.remedy");
  CHECK(code_of("@id(\"p\") @remedy(\"limit_rows:1\") permit (principal, action, resource);") == "policy.remedy");
}

TEST_CASE("the frame itself is checked") {
  auto frame = shop_frame();
  frame->connections["shop"].tags.insert("safe");
  CHECK(code_of("", nullptr, frame) == "policy.reserved_tag");
  for (const char* name : {"tool", "approvals", "row_limit", "refund_cents"}) {
    frame = shop_frame();
    frame->facts.push_back({name, "shop", "main.orders.x", 0});
    CHECK(code_of("", nullptr, frame) == "policy.fact_name");
  }
  for (const char* zone : {"Mars/Olympus", "", "/etc/passwd", "../../etc/passwd", "Europe"}) {
    frame = shop_frame();
    frame->timezone = zone;
    CHECK(code_of("", nullptr, frame) == "policy.timezone");
  }
}

TEST_CASE("the version changes with any byte and ids are sorted") {
  Decider a(
      {{"x", "@id(\"b\") permit (principal, action, resource); @id(\"a\") forbid (principal, action, resource);"}},
      shop_frame());
  Decider b(
      {{"x", "@id(\"b\") permit (principal, action, resource); @id(\"a\") forbid (principal, action, resource); "}},
      shop_frame());
  CHECK(a.version() != b.version());
  CHECK(a.version().size() == 64);
  CHECK(a.ids() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("hours follow the zone, past its last listed change too") {
  TimeZone utc("UTC");
  CHECK(utc.hour(kNoonUs) == 12);
  CHECK(utc.hour(-1) == 23);
  TimeZone berlin("Europe/Berlin");
  CHECK(berlin.hour(kNoonUs) == 13);
  CHECK(berlin.hour(1'752'580'800'000'000) == 14);  // 2025-07-15T12:00Z, summer
  CHECK(berlin.hour(2'541'585'600'000'000) == 14);  // 2050-07-16T12:00Z, by the rule
  CHECK(berlin.hour(2'525'688'000'000'000) == 13);  // 2050-01-13T12:00Z
  CHECK(TimeZone("Australia/Sydney").hour(2'525'688'000'000'000) == 23);
  CHECK(TimeZone("Asia/Kolkata").hour(kNoonUs) == 17);
  CHECK(berlin.offset_s(1'743'296'399) == 3'600);  // the second before summer time of 2025
  CHECK(berlin.offset_s(1'743'296'400) == 7'200);
}
