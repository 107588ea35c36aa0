// Functions, operators and casts: what a name may call. A name that could mean several things means all of them.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "command/postgres/analysis.h"
#include "command/postgres/builtins.h"
#include "command/postgres/code.h"
#include "command/postgres/types.h"

namespace libguard::command::postgres {
namespace {

bool gives_text(std::string_view function) {
  constexpr std::array<std::string_view, 19> kNames = {
      "btrim",  "concat",  "concat_ws", "format", "initcap", "left",   "lower",     "lpad",    "ltrim", "md5",
      "repeat", "replace", "right",     "rpad",   "rtrim",   "substr", "substring", "to_char", "upper"};
  return std::find(kNames.begin(), kNames.end(), function) != kNames.end();
}

// With an overload for text, a bare literal means text: PostgreSQL prefers the string category.
bool takes_text(std::string_view function) {
  return gives_text(function) && function != "to_char" && !function.starts_with("concat") && function != "format";
}

// Whether these fail, and how many rows generate_series has, is an answer about the value of an argument.
bool asks_about_value(std::string_view function) {
  constexpr std::array<std::string_view, 14> kNames = {
      "acos", "acosd", "acosh", "asin",  "asind",         "atanh", "chr",
      "ln",   "log",   "log10", "power", "numeric_power", "sqrt",  "generate_series"};
  return function.ends_with("div") || function.ends_with("mod") || function.ends_with("div_trunc") ||
         std::find(kNames.begin(), kNames.end(), function) != kNames.end();
}

// Built-ins that give a set of rows.
bool gives_rows(std::string_view function) {
  constexpr std::array<std::string_view, 6> kNames = {
      "aclexplode", "generate_subscripts", "regexp_matches", "string_to_table", "ts_parse", "unnest"};
  return function.ends_with("_to_table") || function.starts_with("jsonb_path_query") ||
         function.ends_with("_array_elements") || function.ends_with("_array_elements_text") ||
         function.ends_with("_each") || function.ends_with("_each_text") || function.ends_with("_object_keys") ||
         function.ends_with("recordset") || std::find(kNames.begin(), kNames.end(), function) != kNames.end();
}

std::string opaque_name(const CatalogueFunction& function) { return function.schema + "." + function.name; }

// "SETOF public.users" and "public.users" name the row type of a relation.
std::string_view row_type(std::string_view type) {
  if (type.starts_with("SETOF ") || type.starts_with("setof ")) type.remove_prefix(6);
  return type;
}

}  // namespace

// What a function with a body of its own may show: anything.
void Analysis::everything(Sources& sources) {
  for (const auto& relation : names_.relations()) {
    if (!relation->system && relation->entry->kind != 'S') sources.add(column_id(relation->id, kWholeRow));
  }
}

void Analysis::user_function(const CatalogueFunction& function, Flow& result, const Sources* operands) {
  const CodeKey key{CodeKey::Kind::function, &function, nullptr};
  const bool planned = facts_.explain_only && function.volatility == 'v';
  facts_.run(key, {"opaque_function " + opaque_name(function), calling_once_, planned, calling_procedure_});
  if (function.kind == 'a') facts_.packs_rows = true;
  const Code* code = names_.code() != nullptr ? names_.code()->find(key) : nullptr;
  if (code == nullptr && names_.code() != nullptr) facts_.add_missing(key);
  if (code == nullptr || !code->read()) {
    if (function.volatility != 'i' || (code == nullptr && names_.code() != nullptr)) everything(result.sources);
  } else {
    result.sources.add(code->result);
    result.columns = code->columns.empty() ? nullptr : &code->columns;
    Sources any;
    const Facts& facts = code->facts;
    if (operands == nullptr && (facts.carries_arguments || facts.shows_arguments || facts.tests_arguments)) {
      everything(any);
      operands = &any;
    }
    if (facts.carries_arguments) facts_.carry(*operands);
    if (facts.shows_arguments) facts_.error_reveals(*operands);
    if (facts.tests_arguments) facts_.infer(*operands);
  }
  const std::string_view type = row_type(function.result_type);
  const std::size_t dot = type.rfind('.');
  const std::string_view schema = dot == std::string_view::npos ? std::string_view() : type.substr(0, dot);
  const std::string_view name_of_type = dot == std::string_view::npos ? type : type.substr(dot + 1);
  if (const Relation* relation = names_.relation(schema, name_of_type)) result.row = relation;
}

// Behind an operator or a cast.
void Analysis::functions_behind(const std::string& full, const std::vector<std::string>& types, Flow& result,
                                const Sources* operands) {
  const auto all = names_.functions_named(full, types);
  for (const CatalogueFunction* function : all) user_function(*function, result, operands);
  if (!all.empty() || full.starts_with("pg_catalog.")) return;
  facts_.function({.name = full, .unread = "the catalogue does not hold it"});
  facts_.doubt("opaque_function " + full);
  facts_.destructive = true;
}

// nextval('s') names its sequence; another argument could be any.
void Analysis::named_sequence(Node call) {
  Node argument = call.list(F_args)[0];
  while (argument.is(T_TypeCast)) argument = argument.node(F_arg);
  const bool named = argument.is(T_A_Const) && argument.node(F_own).is(T_String);
  facts_.behind.sequences.insert(named ? std::string(argument.node(F_own).own_text()) : "*");
}

// current_setting('timezone'): what SHOW may say as well.
bool Analysis::asks_open_setting(Node call) const {
  const NodeList name = call.list(F_funcname);
  if (last_name(name) != "current_setting" || !find_functions({}, "current_setting").empty()) return false;
  if (name.size() > 1 && name[name.size() - 2].own_text() != "pg_catalog") return false;
  Node setting = call.list(F_args)[0];
  if (!setting.is(T_A_Const) || !setting.node(F_own).is(T_String)) return false;
  return is_open_setting(text::lower_ascii(setting.node(F_own).own_text()));
}

// An operand that can never become what is declared, not even by a cast of a user.
bool Analysis::excluded(std::string_view given, std::string_view wanted) const {
  return cannot_be(given, wanted) && !names_.implicit_cast(given, wanted);
}

// False only when the arguments prove that this overload cannot be meant.
bool Analysis::may_be_called(const CatalogueFunction& function, const std::vector<Flow>& arguments,
                             bool variadic) const {
  // CALL names a procedure's OUT arguments too.
  if (function.kind == 'p' && function.all_types.size() > function.argument_types.size()) {
    return arguments.size() <= function.all_types.size();
  }
  const std::size_t most = function.argument_types.size();
  const std::size_t least =
      most - std::min<std::size_t>(most, static_cast<std::size_t>(std::max(0, function.defaults)));
  if (!variadic && !function.variadic && (arguments.size() > most || arguments.size() < least)) return false;
  // The last type of a variadic function is the array that its further arguments become.
  const std::size_t typed = function.variadic && most > 0 ? most - 1 : most;
  for (std::size_t i = 0; i < arguments.size() && i < typed; ++i) {
    if (arguments[i].row == nullptr && excluded(arguments[i].type, function.argument_types[i])) return false;
  }
  return true;
}

void Analysis::called(std::string_view schema, std::string_view name, const std::vector<Flow>& arguments, bool variadic,
                      Flow& result) {
  bool known = false;
  bool hidden = false;  // pg_catalog comes first, so its f() hides any other f()
  if (schema.empty() || schema == "pg_catalog") {
    if (const Builtin* builtin = find_builtin(name)) {
      known = true;
      facts_.function({.name = "pg_catalog." + std::string(name),
                       .safe = builtin->safe,
                       .volatility = builtin->volatility,
                       .runs_sql = builtin->safe ? 'n' : 'u'});
      if (!builtin->safe && !is_mild(name)) facts_.destructive = true;
      if (builtin->kind == 'a' && keeps_values(name)) facts_.packs_rows = true;
      if (gives_text(name)) {
        result.type = "text";
      } else if (!builtin->polymorphic) {
        result.type = kSomeBuiltinType;
      }
      hidden = builtin->without_arguments && arguments.empty();
      // What runs SQL text may show anything.
      if (!builtin->safe && !is_mild(name)) everything(result.sources);
      if (error_shows_argument(name)) facts_.error_reveals(result.sources);
      if (asks_about_value(name)) facts_.infer(result.sources);
    }
    // int4(x) and date(x) are casts in the notation of a call.
    if (is_builtin_type(name) && arguments.size() == 1) {
      known = true;
      if (!is_textual(name) && !never_text(arguments[0].type)) facts_.error_reveals(arguments[0].sources);
    }
  }
  const bool builtin_possible = known;
  int users = 0;
  std::vector<Flow> settled = arguments;
  if (known && takes_text(name)) {
    for (Flow& argument : settled) {
      if (argument.type == "unknown") argument.type = "text";
    }
  }
  for (const CatalogueFunction* function : find_functions(schema, name)) {
    if (!may_be_called(*function, settled, variadic)) continue;
    if (hidden && schema.empty() && function->argument_types.empty()) continue;
    known = true;
    Sources operands;
    for (const Flow& argument : settled) operands.add(argument.sources);
    Flow one;
    user_function(*function, one, &operands);
    result.sources.add(one.sources);
    if (function->returns_set) facts_.rows_depend(operands);
    if (one.row != nullptr) result.row = one.row;
    result.columns = users++ == 0 && !builtin_possible ? one.columns : nullptr;
    if (result.columns != nullptr) result.operands = operands;
  }
  if (known) return;
  if (names_.open_world()) {
    const std::string full = (schema.empty() ? "public" : std::string(schema)) + "." + std::string(name);
    facts_.function({.name = full, .language = "", .unread = "there is no catalogue"});
    facts_.doubt("opaque_function " + full);
    facts_.destructive = true;
    return;
  }
  facts_.fail("command.unknown_name", "no function or column \"" + std::string(name) +
                                          "\" is known with these arguments; check the name against the schema");
}

Flow Analysis::call(Node node, Scope& scope) {
  Flow result;
  std::vector<Flow> arguments;
  bool whole = false;
  for (Node argument : node.list(F_args)) {
    arguments.push_back(expression(argument, scope));
    result.sources.add(arguments.back().sources);
    whole = whole || arguments.back().row != nullptr;
  }
  for (Node key : node.list(F_agg_order)) {
    const NodeList with_operator = key.list(F_useOp);
    if (!with_operator.empty()) operator_called(with_operator);
    arguments.push_back(expression(key.node(F_node), scope));
    result.sources.add(arguments.back().sources);
  }
  const bool within_group = node.flag(F_agg_within_group);
  if (!within_group) arguments.resize(node.list(F_args).size());
  if (Node filter = node.node(F_agg_filter)) predicate(filter, scope, false);
  const NodeList name = node.list(F_funcname);
  if (Node over = node.node(F_over)) {
    const Sources order = window(over, scope);
    if (is_ranking(last_name(name))) {  // its value is the order
      result.sources.add(order);
      result.sources.add(named_order(over, scope));
    }
  }
  const std::string_view schema = name.size() >= 2 ? name[name.size() - 2].own_text() : std::string_view();
  if (asks_open_setting(node)) {
    facts_.function({.name = "pg_catalog.current_setting", .safe = true, .volatility = 's', .runs_sql = 'n'});
    result.type = "text";
    return result;
  }
  calling_once_ = single_call_ != nullptr && node.get() == single_call_;
  called(schema, last_name(name), arguments, node.flag(F_func_variadic), result);
  calling_once_ = false;
  if (last_name(name) == "nextval" || last_name(name) == "setval") named_sequence(node);
  if (gives_rows(last_name(name))) facts_.rows_depend(result.sources);
  runs_text(node);
  const bool only_counts = last_name(name) == "count" || last_name(name) == "num_nulls";
  if (whole && !only_counts) facts_.packs_rows = true;
  if (last_name(name) == "count") result.type = "int8";
  return result;
}

// User-defined operators that these operands may call. Empty types are not known.
std::vector<const CatalogueOperator*> Analysis::user_operators(std::string_view symbol, std::string_view left,
                                                               std::string_view right) const {
  std::vector<const CatalogueOperator*> possible = names_.operators(symbol);
  std::erase_if(possible, [&](const CatalogueOperator* each) {
    return excluded(left, each->left) || excluded(right, each->right);
  });
  return possible;
}

Sources Analysis::compared_with(std::string_view symbol, std::string_view left, std::string_view right) {
  Flow result;
  for (const CatalogueOperator* each : user_operators(symbol, left, right)) {
    std::vector<std::string> types;
    if (!each->left.empty()) types.push_back(each->left);
    if (!each->right.empty()) types.push_back(each->right);
    functions_behind(each->function, types, result);
  }
  return std::move(result.sources);
}

Sources Analysis::operator_called(NodeList name, std::string_view left, std::string_view right) {
  const std::string_view schema = name.size() >= 2 ? name[name.size() - 2].own_text() : std::string_view();
  const std::string_view symbol = last_name(name);
  if (schema == "pg_catalog" && is_builtin_operator(symbol)) return {};
  Sources result = compared_with(symbol, left, right);
  if (is_builtin_operator(symbol) || !names_.operators(symbol).empty()) return result;
  if (names_.open_world()) {
    const std::string full = "operator " + std::string(symbol);
    facts_.function({.name = full, .language = "", .unread = "there is no catalogue"});
    facts_.doubt("opaque_function " + full);
    facts_.destructive = true;
    return result;
  }
  facts_.fail("command.unknown_name", "no operator \"" + std::string(symbol) + "\" is known");
  return result;
}

void Analysis::type_used(Node type_name) {
  if (!type_name) return;
  const NodeList names = type_name.list(F_names);
  const std::string_view schema = names.size() >= 2 ? names[names.size() - 2].own_text() : std::string_view();
  const std::string_view type = last_name(names);
  if (type_name.flag(F_pct_type)) return;
  facts_.use_type(type);
  domain_used(schema == "pg_catalog" ? std::string_view() : schema, type);
  if (!names_.is_type(schema, type) && !type.starts_with("_")) {
    facts_.fail("command.unknown_name", "no type \"" + std::string(type) + "\" is known");
  }
}

void Analysis::domain_used(std::string_view schema, std::string_view type) {
  if (!names_.is_checked_domain(schema, type)) return;
  bool known = false;
  for (const CatalogueDomain& domain : names_.catalogue()->domain_checks) {
    const std::size_t dot = domain.name.rfind('.');
    if (std::string_view(domain.name).substr(dot + 1) != type) continue;
    if (!schema.empty() && std::string_view(domain.name).substr(0, dot) != schema) continue;
    known = true;
    facts_.run({CodeKey::Kind::domain, &domain, nullptr}, {"domain_check " + std::string(type), false, false, false});
  }
  if (known) return;
  facts_.doubt("domain_check " + std::string(type));
  facts_.unsafe = true;
}

// "public.mood", "int4": of a column, a variable or a result.
void Analysis::type_named(std::string_view type) {
  const std::size_t dot = type.rfind('.');
  const std::string_view schema = dot == std::string_view::npos ? std::string_view() : type.substr(0, dot);
  std::string_view name = dot == std::string_view::npos ? type : type.substr(dot + 1);
  if (name.starts_with("_")) name.remove_prefix(1);
  facts_.use_type(name);
  if (dot != std::string_view::npos) domain_used(schema, name);
}

void Analysis::assigned_to(std::string_view type, const Flow& value) {
  if (value.sources.empty() || is_textual(type) || never_text(value.type)) return;
  if (!type.empty() && plain_type(type) == plain_type(value.type)) return;
  facts_.error_reveals(value.sources);
}

// Casts that nobody wrote: possible when both of their types occur, and PostgreSQL's own types always do.
void Analysis::unwritten_casts() {
  auto occurs = [&](std::string_view type) {
    if (surely_builtin(type) || facts_.types_used().contains(plain_type(type))) return true;
    return std::any_of(facts_.relations_used().begin(), facts_.relations_used().end(), [&](const Relation* relation) {
      if (relation->entry == nullptr) return false;
      const auto& columns = relation->entry->columns;
      return std::any_of(columns.begin(), columns.end(),
                         [&](const CatalogueColumn& column) { return plain_type(column.type) == plain_type(type); });
    });
  };
  for (const CatalogueCast* cast : names_.unwritten_casts()) {
    if (cast->context == 'a' && !facts_.writes_rows()) continue;
    if (!occurs(cast->source) || !occurs(cast->target)) continue;
    const auto all = names_.functions_named(cast->function, {cast->source});
    if (all.empty() && cast->function.starts_with("pg_catalog.")) continue;
    for (const CatalogueFunction* function : all) {
      facts_.run({CodeKey::Kind::function, function, nullptr},
                 {"implicit_cast " + cast->function, false, facts_.explain_only && function->volatility == 'v', false});
    }
    if (!all.empty()) continue;
    facts_.function({.name = cast->function, .unread = "the catalogue does not hold it"});
    facts_.doubt("implicit_cast " + cast->function);
  }
}

void Analysis::cast_to(Node type_name, Flow& value) {
  type_used(type_name);
  const std::string_view type = last_name(type_name.list(F_names));
  const bool array = !type_name.list(F_arrayBounds).empty();
  if (!value.sources.empty() && (array || !is_textual(type)) && !never_text(value.type)) {
    facts_.error_reveals(value.sources);
  }
  for (const CatalogueCast* each : names_.casts_to(type)) {
    // A bare literal is read by the type's own input function, and no value of another built-in type fits.
    if (value.type == "unknown" || excluded(value.type, each->source)) continue;
    Flow converted;
    functions_behind(each->function, {each->source}, converted, &value.sources);
    value.sources.add(converted.sources);
  }
  value.type = array ? std::string_view() : type;
  value.direct = nullptr;
  value.row = nullptr;
}

}  // namespace libguard::command::postgres
