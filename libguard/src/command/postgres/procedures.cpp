// CALL, DO, and functions that are given SQL as text.
#include <algorithm>
#include <array>

#include "command/postgres/analysis.h"
#include "command/postgres/code.h"

namespace libguard::command::postgres {
namespace {

bool constant(Node node) {
  while (node.is(T_TypeCast)) node = node.node(F_arg);
  return node.is(T_A_Const) || node.is(T_ParamRef);
}

bool constant_arguments(Node call) {
  if (!call.is(T_FuncCall)) return false;
  for (Node argument : call.list(F_args)) {
    if (!constant(argument)) return false;
  }
  return true;
}

// A text constant, or several joined by ||.
bool constant_text(Node node, std::string& text, int depth) {
  while (node.is(T_TypeCast)) node = node.node(F_arg);
  if (node.is(T_A_Const) && node.node(F_own).is(T_String)) {
    text += node.node(F_own).own_text();
    return true;
  }
  return depth < 16 && node.is(T_A_Expr) && last_name(node.list(F_name)) == "||" &&
         constant_text(node.node(F_lexpr), text, depth + 1) && constant_text(node.node(F_rexpr), text, depth + 1);
}

}  // namespace

// SELECT f(1) and SELECT * FROM f(1): the call happens once.
void Analysis::note_single_call(Node statement) {
  single_call_ = nullptr;
  if (!statement.is(T_SelectStmt) || statement.has(F_withClause) || statement.number(F_op) != 0) return;
  const NodeList targets = statement.list(F_targetList);
  const NodeList from = statement.list(F_fromClause);
  Node call;
  if (from.empty() && targets.size() == 1) call = targets[0].node(F_val);
  const bool star = targets.size() == 1 && targets[0].node(F_val).list(F_fields)[0].is(T_A_Star);
  if (from.size() == 1 && from[0].is(T_RangeFunction) && star && from[0].list(F_functions).size() == 1) {
    call = from[0].list(F_functions)[0].items()[0];
  }
  if (constant_arguments(call)) single_call_ = call.get();
}

void Analysis::call_procedure(Node node) {
  facts_.kind("call");
  facts_.effect(names_.code() == nullptr ? CommandEffect::opaque : CommandEffect::read);
  if (names_.code() == nullptr) facts_.destructive = true;
  Scope scope(around());
  Node call = node.node(F_funccall);
  if (constant_arguments(call)) single_call_ = call.get();
  calling_procedure_ = true;
  const Flow result = expression(call, scope);
  calling_procedure_ = false;
  single_call_ = nullptr;
  const std::string_view name = last_name(call.list(F_funcname));
  bool shows = false;
  for (const CatalogueFunction* each : names_.functions({}, name)) {
    shows = shows || each->argument_modes.find_first_of("ob") != std::string::npos;
  }
  if (shows) facts_.reveal({{"*", result.sources, nullptr, 0, {}}});
}

void Analysis::do_block(Node node) {
  facts_.kind("do");
  std::string text;
  std::string language = "plpgsql";
  for (Node option : node.list(F_args)) {
    if (option.text(F_defname) == "as") text = option.node(F_arg).own_text();
    if (option.text(F_defname) == "language") language = option.node(F_arg).own_text();
  }
  std::string unread = "its language is " + language;
  if (names_.code() == nullptr) {
    unread = "there is no catalogue";
  } else if (facts_.in_code) {
    unread = "it stands inside of other code";
  } else if (language == "plpgsql") {
    unread = read_block(names_, text, facts_);
  }
  if (unread.empty()) {
    facts_.effect(CommandEffect::read);
    return;
  }
  facts_.effect(CommandEffect::opaque);
  facts_.doubt("opaque_code");
  facts_.reason("opaque_code", "the block was not read: " + unread);
  facts_.destructive = true;
}

// query_to_xml('SELECT ...') runs what it is given; read when it is constant, after the statement itself.
void Analysis::runs_text(Node call) {
  constexpr std::array<std::string_view, 10> kQueries = {"crosstab",
                                                         "crosstab2",
                                                         "crosstab3",
                                                         "crosstab4",
                                                         "crosstabn",
                                                         "query_to_xml",
                                                         "query_to_xml_and_xmlschema",
                                                         "query_to_xmlschema",
                                                         "ts_stat",
                                                         "ts_rewrite"};
  constexpr std::array<std::string_view, 3> kDumps = {"database_to_xml", "schema_to_xml", "table_to_xml"};
  const std::string_view name = last_name(call.list(F_funcname));
  const bool query = std::find(kQueries.begin(), kQueries.end(), name) != kQueries.end();
  const bool dump = std::find(kDumps.begin(), kDumps.end(), name) != kDumps.end();
  if ((!query && !dump) || names_.code() == nullptr) return;
  for (Node argument : call.list(F_args)) {
    std::string text;
    if (query && constant_text(argument, text, 0)) facts_.texts.push_back(std::move(text));
  }
  if (!dump) return;
  std::string only;
  const bool known = name != "database_to_xml" && constant_text(call.list(F_args)[0], only, 0);
  for (const auto& relation : names_.relations()) {
    if (!relation->is_view() || relation->system) continue;
    const bool meant = !known || relation->schema == only || relation->name == only || relation->full == only;
    if (meant) read_behind(*relation);
  }
}

// Event triggers run with every change of the schema.
void Analysis::schema_changed() {
  if (names_.catalogue() == nullptr) return;
  for (const CatalogueTrigger& trigger : names_.catalogue()->event_triggers) {
    facts_.run({CodeKey::Kind::trigger, &trigger, nullptr}, {"opaque_trigger " + trigger.name, false, false, false});
  }
}

}  // namespace libguard::command::postgres
