#include <doctest/doctest.h>

#include "model/command.h"

namespace libguard {
namespace {

TEST_CASE("explain line: the fields and their order") {
  Command command;
  command.understood = true;
  command.kinds = {"select", "delete"};
  command.effect = CommandEffect::write;
  command.statements = 1;
  command.reads = {"main.a"};
  command.writes = {"main.b"};
  command.functions = {{"lower", true, 'i', false}};
  command.touches.resize(2);
  command.touches[0].action = "select";
  command.touches[0].object = "main.a";
  command.touches[1].action = "delete";
  command.touches[1].object = "main.b";
  command.touches[1].bound = Bound::weak;
  command.reveals = {{"x", {"main.a.x", "main.a.y"}}, {"", {}}};
  command.error_reveals = {"main.a.z"};
  command.tests = {{"main.a.x", true}, {"main.a.y", false}};
  command.doubts = {"no_catalogue"};
  CHECK(
      explain_json_text(command) ==
      R"({"understood":true,"kinds":["select","delete"],"effect":"write","reads":["main.a"],"writes":["main.b"],)"
      R"("functions":["lower"],"statements":1,"bounded":[{"object":"main.b","action":"delete","bound":"weak"}],)"
      R"("readonly_safe":false,"destructive":false,"reveals":[{"column":"x","sources":["main.a.x","main.a.y"]},)"
      R"~({"column":"","sources":[]},{"column":"(error)","sources":["main.a.z"]}],)~"
      R"("tests":[{"column":"main.a.x","how":"match"},{"column":"main.a.y","how":"infer"}],"doubts":["no_catalogue"],)"
      R"("reasons":[{"doubt":"no_catalogue","reason":"there is no catalogue, so nobody can tell what the names in the command mean"}],)"
      R"("calls":[{"name":"lower","language":"internal","volatility":"immutable","security_definer":false,"strict":false,)"
      R"("runs_sql":"unknown","body":"built in"}],)"
      R"("behind":{"kinds":[],"reads":[],"cascades":[],"triggers":[],"rules":[],"policies":[],"sequences":[],"foreign":[]}})");
}

TEST_CASE("explain line: the zero command is not understood and not safe") {
  Command command;
  command.readonly_safe = true;
  CHECK(
      explain_json_text(command) ==
      R"({"understood":false,"code":"command.not_understood","reason":"","kinds":[],"effect":"opaque","reads":[],"writes":[],)"
      R"("functions":[],"statements":0,"bounded":[],"readonly_safe":false,"destructive":false,"reveals":[],"tests":[],"doubts":[],"reasons":[],)"
      R"("calls":[],"behind":{"kinds":[],"reads":[],"cascades":[],"triggers":[],"rules":[],"policies":[],"sequences":[],"foreign":[]}})");
  command.not_understood_code = "command.parse";
  command.not_understood = "bad \xff name";
  CHECK(explain_json_text(command).find("command.parse") != std::string::npos);
}

}  // namespace
}  // namespace libguard
