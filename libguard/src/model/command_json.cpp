// The line of `libguard explain`: what a Command says, in the words and order that docs/COMMAND.md fixes.
#include <utility>

#include "base/json.h"
#include "model/command.h"

namespace libguard {
namespace {

using Line = nlohmann::ordered_json;

Line revealed(const std::string& column, const std::set<std::string>& sources) {
  Line out = Line::object();
  out["column"] = column;
  out["sources"] = sources;
  return out;
}

Line reveals(const Command& command) {
  Line out = Line::array();
  for (const RevealedColumn& column : command.reveals) out.push_back(revealed(column.column, column.sources));
  if (!command.error_reveals.empty()) out.push_back(revealed("(error)", command.error_reveals));
  return out;
}

// Only what changes rows is bounded; a select or an insert has no predicate to judge.
Line bounded(const Command& command) {
  Line out = Line::array();
  for (const Touch& touch : command.touches) {
    if (touch.action != "update" && touch.action != "delete" && touch.action != "merge") continue;
    Line entry = Line::object();
    entry["object"] = touch.object;
    entry["action"] = touch.action;
    entry["bound"] = to_string(touch.bound);
    out.push_back(std::move(entry));
  }
  return out;
}

Line tests(const Command& command) {
  Line out = Line::array();
  for (const TestedColumn& column : command.tests) {
    Line entry = Line::object();
    entry["column"] = column.column;
    entry["how"] = column.match ? "match" : "infer";
    out.push_back(std::move(entry));
  }
  return out;
}

Line functions(const Command& command) {
  Line out = Line::array();
  for (const CalledFunction& function : command.functions) out.push_back(function.name);
  return out;
}

// What is known of each function: `functions` holds the names alone.
Line calls(const Command& command) {
  Line out = Line::array();
  for (const CalledFunction& function : command.functions) {
    Line entry = Line::object();
    entry["name"] = function.name;
    entry["language"] = function.language;
    entry["volatility"] = function.volatility == 'i' ? "immutable" : function.volatility == 's' ? "stable" : "volatile";
    entry["security_definer"] = function.security_definer;
    entry["strict"] = function.strict;
    entry["runs_sql"] = function.runs_sql == 'y' ? "yes" : function.runs_sql == 'n' ? "no" : "unknown";
    entry["body"] = function.read ? "read" : function.language == "internal" ? "built in" : "unread";
    if (!function.unread.empty()) entry["why"] = function.unread;
    out.push_back(std::move(entry));
  }
  return out;
}

Line behind(const Behind& what) {
  Line out = Line::object();
  out["kinds"] = what.kinds;
  out["reads"] = what.reads;
  out["cascades"] = what.cascades;
  out["triggers"] = what.triggers;
  out["rules"] = what.rules;
  out["policies"] = what.policies;
  out["sequences"] = what.sequences;
  out["foreign"] = what.foreign;
  return out;
}

// Every doubt with a sentence: what was found here, or what its kind always means.
Line reasons(const Command& command) {
  Line out = Line::array();
  for (const std::string& doubt : command.doubts) {
    Line entry = Line::object();
    entry["doubt"] = doubt;
    entry["reason"] = reason_of(command, doubt);
    out.push_back(std::move(entry));
  }
  return out;
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
  Line line = Line::object();
  line["understood"] = command.understood;
  if (!command.understood) {
    line["code"] = command.not_understood_code.empty() ? "command.not_understood" : command.not_understood_code;
    line["reason"] = command.not_understood;
  }
  line["kinds"] = command.kinds;
  line["effect"] = to_string(command.effect);
  line["reads"] = command.reads;
  line["writes"] = command.writes;
  line["functions"] = functions(command);
  line["statements"] = command.statements;
  line["bounded"] = bounded(command);
  line["readonly_safe"] = command.understood && command.readonly_safe;
  line["destructive"] = command.destructive;
  line["reveals"] = reveals(command);
  line["tests"] = tests(command);
  line["doubts"] = command.doubts;
  line["reasons"] = reasons(command);
  line["calls"] = calls(command);
  line["behind"] = behind(command.behind);
  // Names in SQL need not be UTF-8 in a damaged database; the line always is.
  return line.dump(-1, ' ', false, Line::error_handler_t::replace);
}

}  // namespace libguard
