#include "backend/authzen/question.h"

#include <doctest/doctest.h>

#include "base/json.h"

using namespace libguard;
using namespace libguard::backend;

namespace {

Command refund() {
  Command command;
  command.text = "UPDATE orders SET status = 'secret-value' WHERE id = 7";
  command.params = {std::string("another-value")};
  command.kinds = {"update"};
  command.effect = CommandEffect::write;
  Touch touch;
  touch.action = "update";
  touch.object = "main.orders";
  touch.bound = Bound::eq;
  touch.rows_bound = 1;
  touch.columns_written = {"status"};
  command.touches = {touch};
  return command;
}

}  // namespace

TEST_CASE("the question names subject, actions and objects, and no value") {
  Identity identity;
  identity.account = "support-crew";
  identity.groups = {"support"};
  Request request;
  request.connection = "shop";
  request.tool = "run_sql";
  request.explanation = "because-i-say-so";
  AuthzenQuestion question = authzen_question(identity, request, refund());
  auto json = read_json(question.body);
  REQUIRE(json.value);
  CHECK(json.value->at("subject").at("id") == "support-crew");
  CHECK(json.value->at("subject").at("type") == "account");
  const Json& list = json.value->at("evaluations");
  REQUIRE(list.size() == 3);
  CHECK(question.evaluations == 3);
  CHECK(list[0].at("action").at("name") == "use");
  CHECK(list[1].at("resource").at("id") == "shop");
  CHECK(list[2].at("action").at("properties").at("bounded") == "eq");
  CHECK(list[2].at("resource").at("id") == "shop/main.orders");
  for (const char* value : {"secret-value", "another-value", "because-i-say-so"})
    CHECK(question.body.find(value) == std::string::npos);
}

TEST_CASE("only a whole and well-formed yes allows") {
  CHECK(authzen_answer(R"({"evaluations":[{"decision":true},{"decision":true}]})", 2) == AuthzenAnswer::allowed);
  CHECK(authzen_answer(R"({"evaluations":[{"decision":true},{"decision":false}]})", 2) == AuthzenAnswer::denied);
  for (const char* text :
       {"", "true", "[]", "{}", R"({"decision":true})", R"({"evaluations":true})", R"({"evaluations":[]})",
        R"({"evaluations":[{"decision":true}]})", R"({"evaluations":[{"decision":true},true]})",
        R"({"evaluations":[{"decision":true},{"decision":"true"}]})", R"({"evaluations":[{"decision":true},{}]})",
        R"({"evaluations":[{"decision":true},{"decision":1}]})",
        R"({"evaluations":[{"decision":true},{"decision":true},{"decision":true}]})",
        R"({"evaluations":[{"decision":false,"decision":true},{"decision":true}]})",
        R"({"evaluations":[{"decision":true},{"decision":true}]} x)", "\xff"}) {
    CAPTURE(text);
    CHECK(authzen_answer(text, 2) == AuthzenAnswer::malformed);
  }
  CHECK(authzen_answer(R"({"evaluations":[]})", 0) == AuthzenAnswer::malformed);
}
