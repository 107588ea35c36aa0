// Data classes: what a result shows is masked without `unmask`; what is tested, carried or shown by an error is
// refused.
#include <doctest/doctest.h>

#include "policy/column_classes.h"
#include "policy/decider_fixture.h"

using namespace libguard;
using namespace libguard::policy;

namespace {

Command shows_email() {
  Command command = command_of(CommandEffect::read, {reads("main.customers")});
  command.reveals = {{"name", {"main.customers.name"}}, {"email", {"main.customers.email"}}};
  return command;
}

using Classes = std::set<std::string>;

}  // namespace

TEST_CASE("a class without leave is masked, with leave it is shown") {
  Decision decision = decide(decider_of(kOpen), shows_email());
  CHECK(decision.verdict() == Verdict::allow);
  CHECK(decision.masked_classes == Classes{"pii.email"});
  Decider pii = decider_of(
      kOpen + "@id(\"pii\") permit (principal, action == Action::\"unmask\", resource in DataClass::\"pii\");");
  CHECK(decide(pii, shows_email()).masked_classes.empty());
  Decider both =
      decider_of(kOpen +
                 "@id(\"pii\") permit (principal, action == Action::\"unmask\", resource in DataClass::\"pii\");"
                 "@id(\"no\") forbid (principal, action, resource == DataClass::\"pii.email\") when { "
                 "9223372036854775807 + 1 > context.hour };");
  CHECK(decide(both, shows_email()).masked_classes == Classes{"pii.email"});
}

TEST_CASE("a whole-table source shows every class of the table") {
  Command command = shows_email();
  command.reveals = {{"x", {"main.customers.*"}}};
  CHECK(decide(decider_of(kOpen), command).masked_classes == Classes{"pii.card", "pii.email"});
}

TEST_CASE("a system table shows every class") {
  Command command = command_of(CommandEffect::read, {reads("main.sqlite_schema")});
  command.touches[0].system = true;
  command.reveals = {{"sql", {"main.sqlite_schema.sql"}}};
  Decider decider = decider_of(kOpen);
  CHECK(decide(decider, command).masked_classes == Classes{"pii.card", "pii.email"});
  command.tests = {{"main.sqlite_schema.sql", false}};
  CHECK(decide(decider, command).verdict() == Verdict::deny);
  Decider narrow = decider_of(
      "@id(\"c\") permit (principal, action == Action::\"connect\", resource);"
      "@id(\"m\") permit (principal, action, resource in Schema::\"shop/main\");");
  command.tests.clear();
  CHECK(decide(narrow, command).verdict() == Verdict::deny);
}

TEST_CASE("what holds other tables' values has no column to be masked by, so it needs leave for every class") {
  auto shows = [](const char* relation, const char* column, Dialect dialect) {
    Command command = command_of(CommandEffect::read, {reads(relation)});
    command.dialect = dialect;
    command.touches[0].system = true;
    command.reveals = {{"x", {std::string(relation) + "." + column}}};
    return command;
  };
  Decider decider = decider_of(kOpen);
  Decider pii = decider_of(
      kOpen + "@id(\"pii\") permit (principal, action == Action::\"unmask\", resource in DataClass::\"pii\");");
  struct Case {
    const char* relation;
    const char* column;
    Dialect dialect;
    bool allowed;
  };
  for (const Case& one : {Case{"pg_catalog.pg_stat_activity", "query", Dialect::postgres, false},
                          Case{"pg_catalog.pg_stat_activity", "*", Dialect::postgres, false},
                          Case{"pg_catalog.pg_stat_activity", "state", Dialect::postgres, true},
                          Case{"pg_catalog.pg_stats", "null_frac", Dialect::postgres, false},
                          Case{"pg_catalog.pg_statistic", "stavalues1", Dialect::postgres, false},
                          Case{"pg_catalog.pg_class", "relname", Dialect::postgres, true},
                          Case{"main.sqlite_stat4", "sample", Dialect::sqlite, false},
                          Case{"main.notes_content", "c0", Dialect::sqlite, false},
                          Case{"main.sqlite_schema", "sql", Dialect::sqlite, true}}) {
    CAPTURE(one.relation);
    CAPTURE(one.column);
    const Command command = shows(one.relation, one.column, one.dialect);
    CHECK((decide(decider, command).verdict() == Verdict::allow) == one.allowed);
    CHECK(decide(pii, command).verdict() == Verdict::allow);
  }
}

TEST_CASE("tests on a class need match or infer") {
  Command command = shows_email();
  command.tests = {{"main.customers.email", true}};
  CHECK(decide(decider_of(kOpen), command).verdict() == Verdict::deny);
  std::string match =
      kOpen + "@id(\"m\") permit (principal, action == Action::\"match\", resource == DataClass::\"pii.email\");";
  CHECK(decide(decider_of(match), command).verdict() == Verdict::allow);
  command.tests = {{"main.customers.email", false}};
  CHECK(decide(decider_of(match), command).verdict() == Verdict::deny);
  command.tests = {{"main.customers.name", false}};
  CHECK(decide(decider_of(kOpen), command).verdict() == Verdict::allow);
}

TEST_CASE("carrying a class elsewhere, or into an error, refuses") {
  Command command =
      command_of(CommandEffect::write, {reads("main.customers"), writes("insert", "main.copies", Bound::eq)});
  command.carries = {"main.customers.email"};
  CHECK(decide(decider_of(kOpen), command).verdict() == Verdict::deny);
  command.carries = {"main.customers.name"};
  CHECK(decide(decider_of(kOpen), command).verdict() == Verdict::allow);
  command.error_reveals = {"main.customers.card"};
  CHECK(decide(decider_of(kOpen), command).verdict() == Verdict::deny);
  CHECK(decide(decider_of(kOpen + "@id(\"u\") permit (principal, action == Action::\"unmask\", resource);"), command)
            .verdict() == Verdict::allow);
}

TEST_CASE("the class index agrees with classes_of") {
  Frame frame;
  frame.connections["a"] = {"a", {}, 1};
  frame.classes["x"] = {"x", {"a/s.t.c", "a/s.u.*", "b/s.t.c"}, "redact"};
  frame.classes["y"] = {"y", {"a/s.t.d", "a/s.t.c", "a/s.t.q.c", "a/odd", "nonsense"}, "redact"};
  ColumnClasses index(frame);
  for (const std::string& connection : {std::string("a"), std::string("b"), std::string("none")}) {
    for (const std::string& column :
         std::initializer_list<std::string>{"s.t.c", "s.t.d", "s.t.*", "s.u.z", "s.u.*", "s.t.q.c", "s.t.q.*", "t.c",
                                            "c", "", ".", "s.t.", "s..c", "odd"}) {
      ClassSet found = index.none();
      index.add(connection, column, found);
      std::set<std::string> names;
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (found[i]) names.insert(index.name(i));
      }
      INFO(connection, " ", column);
      CHECK(names == classes_of(frame, connection, column));
    }
  }
}
