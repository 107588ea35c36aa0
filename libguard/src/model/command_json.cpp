// The line of `libguard explain`: what a Command says, in the words and order that docs/COMMAND.md fixes.
#include <utility>

#include "base/json_writer.h"
#include "model/command.h"

namespace libguard {
namespace {

void revealed(JsonWriter& json, std::string_view column, const std::set<std::string>& sources) {
  json.begin_object().text("column", column).texts("sources", sources).end_object();
}

void reveals(JsonWriter& json, const Command& command) {
  json.begin_array("reveals");
  for (const RevealedColumn& column : command.reveals) revealed(json, column.column, column.sources);
  if (!command.error_reveals.empty()) revealed(json, "(error)", command.error_reveals);
  json.end_array();
}

// Only what changes rows is bounded; a select or an insert has no predicate to judge.
void bounded(JsonWriter& json, const Command& command) {
  json.begin_array("bounded");
  for (const Touch& touch : command.touches) {
    if (touch.action != "update" && touch.action != "delete" && touch.action != "merge") continue;
    json.begin_object().text("object", touch.object).text("action", touch.action);
    json.text("bound", to_string(touch.bound)).end_object();
  }
  json.end_array();
}

void tests(JsonWriter& json, const Command& command) {
  json.begin_array("tests");
  for (const TestedColumn& column : command.tests) {
    json.begin_object().text("column", column.column).text("how", column.match ? "match" : "infer").end_object();
  }
  json.end_array();
}

void functions(JsonWriter& json, const Command& command) {
  json.begin_array("functions");
  for (const CalledFunction& function : command.functions) json.text(function.name);
  json.end_array();
}

// What is known of each function: `functions` holds the names alone.
void calls(JsonWriter& json, const Command& command) {
  json.begin_array("calls");
  for (const CalledFunction& function : command.functions) {
    json.begin_object().text("name", function.name).text("language", function.language);
    json.text("volatility", function.volatility == 'i'   ? "immutable"
                            : function.volatility == 's' ? "stable"
                                                         : "volatile");
    json.boolean("security_definer", function.security_definer).boolean("strict", function.strict);
    json.text("runs_sql", function.runs_sql == 'y' ? "yes" : function.runs_sql == 'n' ? "no" : "unknown");
    json.text("body", function.read ? "read" : function.language == "internal" ? "built in" : "unread");
    json.text_if("why", function.unread).end_object();
  }
  json.end_array();
}

void behind(JsonWriter& json, const Behind& what) {
  json.begin_object("behind").texts("kinds", what.kinds).texts("reads", what.reads).texts("cascades", what.cascades);
  json.texts("triggers", what.triggers).texts("rules", what.rules).texts("policies", what.policies);
  json.texts("sequences", what.sequences).texts("foreign", what.foreign).end_object();
}

// Every doubt with a sentence: what was found here, or what its kind always means.
void reasons(JsonWriter& json, const Command& command) {
  json.begin_array("reasons");
  for (const std::string& doubt : command.doubts) {
    json.begin_object().text("doubt", doubt).text("reason", reason_of(command, doubt)).end_object();
  }
  json.end_array();
}

}  // namespace

std::string reason_of(const Command& command, std::string_view doubt) {
  for (const DoubtReason& each : command.reasons) {
    if (each.doubt == doubt) return each.reason;
  }
  static constexpr std::pair<std::string_view, const char*> kKinds[] = {
      {"no_catalogue", "there is no catalogue, so nobody can tell what the names in the command mean"},
      {"opaque_function", "it calls code of the database's users that was not read"},
      {"implicit_cast", "a conversion that nobody wrote may call code that was not read"},
      {"opaque_trigger", "writing the table sets off a trigger that was not read"},
      {"opaque_rule", "writing the table sets off a rule that was not read"},
      {"opaque_view", "the query behind the view could not be read, or does not lead to one table"},
      {"opaque_cascade", "foreign keys change further tables, and the chain was not followed to its end"},
      {"opaque_expression", "a default, check or generated column of the table computes something that was not read"},
      {"opaque_policy", "a row security policy of the table computes something that was not read"},
      {"opaque_setting", "the statement changes a setting that the code it runs may depend on"},
      {"opaque_code", "the statement holds or makes code that was not read"},
      {"opaque_prepared", "what was prepared under this name is not known"},
      {"opaque_cursor", "which row the cursor stands on is not known"},
      {"domain_check", "a value of this type is checked by an expression that was not read"},
      {"server_program", "the server would run a program"},
      {"server_file", "the server would read or write a file of its own"}};
  for (const auto& [kind, sentence] : kKinds) {
    if (doubt.substr(0, doubt.find(' ')) == kind) return sentence;
  }
  return "part of the command could not be understood with certainty";
}

std::string explain_json_text(const Command& command) {
  std::string out;
  out.reserve(1024);
  JsonWriter json(out);
  json.begin_object().boolean("understood", command.understood);
  if (!command.understood) {
    json.text("code", command.not_understood_code.empty() ? "command.not_understood" : command.not_understood_code);
    json.text("reason", command.not_understood);
  }
  json.texts("kinds", command.kinds).text("effect", to_string(command.effect));
  json.texts("reads", command.reads).texts("writes", command.writes);
  functions(json, command);
  json.number("statements", command.statements);
  bounded(json, command);
  json.boolean("readonly_safe", command.understood && command.readonly_safe);
  json.boolean("destructive", command.destructive);
  reveals(json, command);
  tests(json, command);
  json.texts("doubts", command.doubts);
  reasons(json, command);
  calls(json, command);
  behind(json, command.behind);
  json.end_object();
  return out;
}

}  // namespace libguard
