#include <doctest/doctest.h>

#include "base/json.h"
#include "policy/decider.h"

using libguard::Json;
using libguard::policy::eval_line;

namespace {

Json eval(const Json& line, bool compat = false) { return Json::parse(eval_line(line.dump(), compat)); }

Json uid(const char* type, const char* id) { return {{"type", type}, {"id", id}}; }

Json line_of(const std::string& policies) {
  Json request{{"principal", uid("User", "a")},
               {"action", uid("Action", "view")},
               {"resource", uid("Doc", "d")},
               {"context", Json::object()}};
  return {{"id", 7},
          {"policies", policies},
          {"entities", Json::array()},
          {"cases", Json::array({Json{{"request", request}}})}};
}

std::string error_of(const Json& answer) {
  return answer.contains("error") ? answer["error"]["code"].get<std::string>() : std::string();
}

}  // namespace

TEST_CASE("own ids, and an erring forbid denies unless Cedar's way is asked for") {
  Json line = line_of(
      "@id(\"yes\") permit (principal, action, resource); @id(\"bad\") forbid (principal, action, resource) when { "
      "context.x };");
  Json ours = eval(line);
  CHECK(ours["id"] == 7);
  CHECK(ours["answers"][0]["decision"] == "deny");
  CHECK(ours["answers"][0]["reason"] == Json::array({"bad"}));
  CHECK(ours["answers"][0]["error_kinds"]["bad"] == "missing_attribute");
  Json cedars = eval(line, true);
  CHECK(cedars["answers"][0]["decision"] == "allow");
  CHECK(cedars["answers"][0]["reason"] == Json::array({"policy0"}));
  CHECK(cedars["answers"][0]["errors"] == Json::array({"policy1"}));
}

TEST_CASE("links fill exactly the slots of a template") {
  Json line = line_of("@id(\"t\") permit (principal == ?principal, action, resource in ?resource);");
  CHECK(eval(line)["answers"][0]["decision"] == "deny");
  Json link{{"template_id", "t"},
            {"new_id", "l"},
            {"values", {{"?principal", uid("User", "a")}, {"?resource", uid("Doc", "d")}}}};
  line["links"] = Json::array({link});
  CHECK(eval(line)["answers"][0]["reason"] == Json::array({"l"}));
  for (const char* change : {"template_id", "new_id", "values"}) {
    Json broken = line;
    broken["links"][0].erase(change);
    CHECK(error_of(eval(broken)) == "links.malformed");
  }
  line["links"][0]["values"].erase("?resource");
  CHECK(error_of(eval(line)) == "links.malformed");
  line["links"][0] = link;
  line["links"].push_back(link);
  CHECK(error_of(eval(line)) == "policy.id_twice");
}

TEST_CASE("a bad line answers with its id and an error, a bad case only for itself") {
  Json good = line_of("@id(\"p\") permit (principal, action, resource);");
  for (const auto& [key, value, code] :
       {std::tuple{"policies", Json(1), "batch.malformed"},
        {"policies", Json("permit"), "policy.syntax"},
        {"policies", Json("permit (principal, action, resource);"), "policy.id_missing"},
        {"entities", Json(1), "entities.malformed"},
        {"entities", Json::array({1}), "entities.malformed"},
        {"cases", Json(1), "batch.malformed"},
        {"schema", Json("entity"), "schema.malformed"},
        {"links", Json(1), "links.malformed"}}) {
    Json line = good;
    line[key] = value;
    Json answer = eval(line);
    INFO(key, " ", value.dump());
    CHECK(error_of(answer) == code);
    CHECK(answer["id"] == 7);
  }
  Json cases = good;
  cases["cases"] = Json::array({Json(1), Json{{"request", 1}}, Json::object(), good["cases"][0]});
  Json answer = eval(cases);
  for (int i = 0; i < 3; ++i) CHECK(answer["answers"][i]["error"]["code"] == "request.malformed");
  CHECK(answer["answers"][3]["decision"] == "allow");
}

TEST_CASE("hostile lines are answered") {
  for (const std::string& text : {std::string(), std::string("{"), std::string("[]"), std::string("null"),
                                  std::string("\xFF\xFE"), std::string("{\"id\":1,\"id\":2}"),
                                  std::string(100'000, '['), std::string("{\"policies\":") + std::string(5'000, '[')}) {
    Json answer = Json::parse(eval_line(text, false));
    CHECK(answer["error"]["code"] == "batch.malformed");
    CHECK(answer["id"] == nullptr);
  }
}

TEST_CASE("entities: cycles, doubles, odd values and unknown escapes are refused") {
  Json line = line_of("@id(\"p\") permit (principal, action, resource);");
  auto entity = [](const char* id, Json parents) {
    return Json{{"uid", uid("User", id)}, {"attrs", Json::object()}, {"parents", std::move(parents)}};
  };
  line["entities"] =
      Json::array({entity("a", Json::array({uid("User", "b")})), entity("b", Json::array({uid("User", "a")}))});
  CHECK(error_of(eval(line)) == "entities.malformed");
  line["entities"] = Json::array({entity("a", Json::array({uid("User", "a")}))});
  CHECK(error_of(eval(line)) == "entities.malformed");
  line["entities"] = Json::array({entity("a", Json::array()), entity("a", Json::array())});
  CHECK(error_of(eval(line)) == "entities.malformed");
  for (const char* bad :
       {"1.5", "null", "9223372036854775808", R"({"__extn": {"fn": "ip", "arg": "x"}})",
        R"({"__extn": {"fn": "nope", "arg": "x"}})", R"({"__expr": "1"})",
        R"({"__entity": {"type": "A B", "id": "x"}})", R"({"__extn": {"fn": "isIpv4", "args": [1]}})"}) {
    INFO(bad);
    line["entities"] = Json::array({entity("a", Json::array())});
    line["entities"][0]["attrs"] = {{"x", Json::parse(bad)}};
    CHECK(error_of(eval(line)) == "entities.malformed");
  }
  // What is not quite an escape is a record, as Cedar reads it.
  for (const char* record : {R"({"__entity": {"type": "A", "id": 1}})", R"({"__extn": 1})",
                             R"({"__extn": {"fn": "ip", "arg": "::1"}, "x": 1})"}) {
    INFO(record);
    line["entities"][0]["attrs"] = {{"x", Json::parse(record)}};
    CHECK(error_of(eval(line)) == "");
  }
  for (const char* part : {"attrs", "parents"}) {
    line["entities"] = Json::array({entity("a", Json::array())});
    line["entities"][0].erase(part);
    CHECK(error_of(eval(line)) == "entities.malformed");
  }
}

TEST_CASE("a chain of 20,000 parents and 5,000 direct ones are all seen") {
  Json line = line_of(
      "@id(\"far\") permit (principal in G::\"c19999\", action, resource); @id(\"wide\") permit (principal in "
      "W::\"w4999\", action, resource);"
      "@id(\"ghost\") permit (principal in Ghost::\"g\", action, resource);");
  Json entities = Json::array();
  Json wide = Json::array({uid("G", "c0")});
  for (int i = 0; i < 5'000; ++i) wide.push_back(uid("W", ("w" + std::to_string(i)).c_str()));
  entities.push_back({{"uid", uid("User", "a")}, {"attrs", Json::object()}, {"parents", wide}});
  for (int i = 0; i < 20'000; ++i) {
    Json parent = i == 19'999 ? uid("Ghost", "g") : uid("G", ("c" + std::to_string(i + 1)).c_str());
    entities.push_back({{"uid", uid("G", ("c" + std::to_string(i)).c_str())},
                        {"attrs", Json::object()},
                        {"parents", Json::array({parent})}});
  }
  line["entities"] = entities;
  CHECK(eval(line)["answers"][0]["reason"] == Json::array({"far", "wide", "ghost"}));
}
