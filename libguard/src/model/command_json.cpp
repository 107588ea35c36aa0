// The line of `libguard explain`: what a Command says, in the words and order that docs/COMMAND.md fixes.
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

}  // namespace

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
  // Names in SQL need not be UTF-8 in a damaged database; the line always is.
  return line.dump(-1, ' ', false, Line::error_handler_t::replace);
}

}  // namespace libguard
