#include "command/postgres/code_reader.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "command/postgres/builtins.h"
#include "command/postgres/views.h"

namespace libguard::command::postgres {
namespace {

// Of PostgreSQL's own trigger functions: they change nothing but the row at hand.
bool is_own_trigger(std::string_view function) {
  constexpr std::array<std::string_view, 4> kNames = {
      "pg_catalog.suppress_redundant_updates_trigger", "pg_catalog.tsvector_update_trigger",
      "pg_catalog.tsvector_update_trigger_column", "pg_catalog.unique_key_recheck"};
  return std::find(kNames.begin(), kNames.end(), function) != kNames.end();
}

// A setting that changes neither what names mean nor who runs the code.
bool harmless_setting(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {
      "client_min_messages", "datestyle",         "enable_seqscan", "jit",
      "lock_timeout",        "statement_timeout", "timezone",       "work_mem"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_query(Node node) {
  return node.is(T_SelectStmt) || node.is(T_InsertStmt) || node.is(T_UpdateStmt) || node.is(T_DeleteStmt) ||
         node.is(T_MergeStmt);
}

}  // namespace

std::unique_ptr<Code> CodeReader::read(const CodeKey& key) {
  auto code = std::make_unique<Code>(names_);
  code->facts.in_code = true;
  switch (key.kind) {
    case CodeKey::Kind::function:
      read_function(*static_cast<const CatalogueFunction*>(key.what), *code);
      break;
    case CodeKey::Kind::trigger:
      read_trigger(*static_cast<const CatalogueTrigger*>(key.what), key.relation, *code);
      break;
    case CodeKey::Kind::rule:
      read_rule(*static_cast<const CatalogueRule*>(key.what), *key.relation, *code);
      break;
    case CodeKey::Kind::row_insert:
    case CodeKey::Kind::row_update:
      read_row(*key.relation, key.kind == CodeKey::Kind::row_insert, *code);
      break;
    case CodeKey::Kind::policies:
      read_policies(*key.relation, *code);
      break;
    case CodeKey::Kind::domain:
      read_domain(*static_cast<const CatalogueDomain*>(key.what), *code);
      break;
  }
  finish(*code);
  // What the owner of a table lets every write compute is no call of the one who writes.
  const bool of_table = key.kind != CodeKey::Kind::function && key.kind != CodeKey::Kind::trigger;
  if (of_table && key.kind != CodeKey::Kind::rule) code->facts.forget_mild();
  return code;
}

void CodeReader::finish(Code& code) {
  Facts& facts = code.facts;
  if (code.read()) Analysis(names_, facts, &context_).unwritten_casts();
  if (code.read() && facts.failed()) code.unread = facts.failure();
  if (code.read() && facts.calls("pg_catalog.set_config")) code.unread = "it changes a setting";
  Sources everything;
  Analysis(names_, facts).everything(everything);
  auto own = [&](Sources& sources) {
    Sources kept;
    bool foreign = false;
    for (ColumnId id : sources) {
      if (relation_of(id) < names_.relation_count()) kept.add(id);
      foreign = foreign || (relation_of(id) != kArguments && relation_of(id) >= names_.relation_count());
    }
    if (foreign) kept.add(everything);
    sources = kept;
  };
  own(code.result);
  for (Sources& column : code.columns) own(column);
  facts.settle(everything);
}

bool CodeReader::settings(const CatalogueFunction& function, Code& code) {
  for (const std::string& setting : function.settings) {
    const std::size_t equal = setting.find('=');
    const std::string name = text::lower_ascii(setting.substr(0, equal));
    if (harmless_setting(name)) continue;
    if (name != "search_path" || equal == std::string::npos) {
      code.unread = "it runs with the setting " + name + " of its own";
      return false;
    }
    Tree tree("SET search_path = " + (setting.size() > equal + 1 ? setting.substr(equal + 1) : "''"), kTreeDepthMax);
    if (tree.status() != LG_OK || tree.statements().size() != 1) {
      code.unread = "its search path cannot be read";
      return false;
    }
    for (Node part : tree.statements()[0].node(F_stmt).list(F_args)) {
      const std::string schema(part.node(F_own).own_text());
      // Temporary relations that come first could stand for any; ours come last and do not outlive an action.
      if (schema == "pg_catalog" || schema == "pg_temp" || schema.empty()) continue;
      if (schema == "$user") {
        code.unread = "its search path depends on who runs it";
        return false;
      }
      path_.push_back(schema);
    }
    context_.path = &path_;
  }
  return true;
}

void CodeReader::arguments(const CatalogueFunction& function) {
  const bool sql = function.language == "sql";
  const auto& types = function.all_types.empty() ? function.argument_types : function.all_types;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const char mode = i < function.argument_modes.size() ? function.argument_modes[i] : 'i';
    const bool in = mode != 'o' && mode != 't';
    Variable& variable = variables_.emplace_back();
    variable.name = i < function.argument_names.size() ? function.argument_names[i] : "";
    variable.type = types[i];
    variable.labels = {function.name};
    if (in) variable.sources.add(column_id(kArguments, static_cast<std::uint32_t>(i)));
    const std::size_t dot = types[i].rfind('.');
    if (dot != std::string::npos) {
      variable.row = true;
      variable.relation = names_.relation(types[i].substr(0, dot), types[i].substr(dot + 1));
    }
    if (types[i] == "record") variable.row = true;
    if (mode == 'o' || mode == 'b' || mode == 't') outputs_.push_back(variables_.size() - 1);
    if (sql && !in) continue;  // SQL numbers what goes in, PL/pgSQL numbers all
    Flow parameter;
    parameter.sources = variable.sources;
    parameter.type = variable.type;
    parameter.constant = true;
    parameters_.push_back(parameter);
  }
  context_.parameters = &parameters_;
}

void CodeReader::default_arguments(const CatalogueFunction& function, Code& code) {
  if (!function.argument_defaults.empty()) expression(function.argument_defaults, nullptr, code);
}

void CodeReader::read_function(const CatalogueFunction& function, Code& code) {
  if (function.kind == 'a') return read_aggregate(function, code);
  result_type_ = function.result_type;
  if (function.language != "sql" && function.language != "plpgsql") {
    code.unread = "its language is " + function.language;
    return;
  }
  if (function.body.empty()) {
    code.unread = "its body is not in the catalogue";
    return;
  }
  if (function.result_type == "trigger" || function.result_type == "event_trigger") {
    code.unread = "a trigger's function is read with its table";
    return;
  }
  if (!settings(function, code)) return;
  arguments(function);
  default_arguments(function, code);
  Analysis types(names_, code.facts, &context_);
  for (const Variable& variable : variables_) types.type_named(variable.type);
  types.type_named(function.result_type);
  if (function.language == "sql") {
    read_sql_body(function, code);
  } else {
    read_plpgsql(function.body, code);
  }
}

void CodeReader::read_aggregate(const CatalogueFunction& function, Code& code) {
  if (function.parts.empty()) code.unread = "what it is made of is not in the catalogue";
  for (const std::string& part : function.parts) {
    const auto all = names_.functions_named(part, {});
    for (const CatalogueFunction* each : all) {
      code.facts.run({CodeKey::Kind::function, each, nullptr}, {"opaque_function " + part, false, false, false});
    }
    if (!all.empty()) {
      Analysis(names_, code.facts).everything(code.result);
      continue;
    }
    const std::string_view name = std::string_view(part).substr(part.rfind('.') + 1);
    const Builtin* builtin = part.starts_with("pg_catalog.") ? find_builtin(name) : nullptr;
    if (builtin == nullptr || !builtin->safe) code.unread = "a part of it is not known: " + part;
  }
}

void CodeReader::read_sql_body(const CatalogueFunction& function, Code& code) {
  const std::string text = function.standard_body ? plpgsql::standard_text(function.body) : function.body;
  Tree tree(text, kTreeDepthMax);
  if (text.empty() || text.find('\0') != std::string::npos || tree.status() != LG_OK) {
    code.unread = "its body cannot be parsed";
    return;
  }
  Scope scope(nullptr);
  fill(scope, {});
  context_.around = &scope;
  Analysis analysis(names_, code.facts, &context_);
  const NodeList statements = tree.statements();
  for (std::size_t i = 0; i < statements.size() && code.read(); ++i) {
    plpgsql::Piece piece;
    piece.kind = plpgsql::Piece::Kind::statement;
    if (i + 1 == statements.size() && function.result_type != "void") piece.use = plpgsql::Piece::Use::returned;
    run_statement(statements[i].node(F_stmt), piece, scope, analysis, code);
  }
  code.facts.runs_statements = true;
  context_.around = nullptr;
}

std::string read_text(const Names& names, const std::string& text, Facts& facts) {
  if (text.size() > limits::kCommandBytesMax || text.find('\0') != std::string::npos) return "it is too long";
  Tree tree(text, kTreeDepthMax);
  if (tree.status() != LG_OK || tree.statements().size() != 1) return "it cannot be parsed";
  Node node = tree.statements()[0].node(F_stmt);
  if (!is_query(node) || node.has(F_intoClause)) return "it is no query";
  Analysis analysis(names, facts);
  analysis.statement(node);
  analysis.unwritten_casts();
  Sources everything;
  analysis.everything(everything);
  facts.settle(everything);
  return facts.failed() ? facts.failure() : std::string();
}

std::string read_block(const Names& names, const std::string& text, Facts& facts) {
  if (text.size() > limits::kCommandBytesMax || text.find('\0') != std::string::npos) return "it is too long";
  Code code(names);
  code.facts.in_code = true;
  CodeReader reader(names);
  reader.read_plpgsql(text, code);
  for (const CodeKey& key : code.facts.missing()) facts.add_missing(key);
  std::string unread = !code.read() ? code.unread : code.facts.failed() ? code.facts.failure() : std::string();
  if (!unread.empty()) return unread;
  if (code.facts.calls("pg_catalog.set_config")) return "it changes a setting";
  Sources everything;
  Analysis(names, facts).everything(everything);
  code.facts.settle(everything);
  facts.absorb(code.facts, false);
  return {};
}

void CodeReader::rows(const Relation& relation) {
  for (const char* name : {"new", "old"}) {
    Variable& row = variables_.emplace_back();
    row.name = name;
    row.row = row.fixed = true;
    row.relation = &relation;
  }
}

void CodeReader::transition_tables(const CatalogueTrigger& trigger, const Relation& relation, Code& code) {
  Tree tree(trigger.definition, kTreeDepthMax);
  Node node = tree.statements()[0].node(F_stmt);
  if (tree.status() != LG_OK || !node.is(T_CreateTrigStmt)) {
    code.unread = "its definition cannot be parsed";
    return;
  }
  for (Node table : node.list(F_transitionRels)) {
    Cte& cte = tables_.emplace_back();
    cte.name = code.facts.keep(std::string(table.text(F_name)));
    cte.state = Cte::State::done;
    for (std::uint32_t i = 0; i < relation.columns.size(); ++i) {
      Sources sources;
      sources.add(column_id(relation.id, i));
      const CatalogueColumn* column = relation.column(i);
      cte.columns.push_back({relation.columns[i], sources, nullptr, 0,
                             column != nullptr ? std::string_view(column->type) : std::string_view()});
    }
  }
  if (Node when = node.node(F_whenClause)) {
    Scope scope(nullptr);
    fill(scope, {});
    Analysis(names_, code.facts, &context_).lone_expression(when, scope);
  }
}

void CodeReader::read_trigger(const CatalogueTrigger& trigger, const Relation* relation, Code& code) {
  if (is_own_trigger(trigger.function)) return;
  const auto all = names_.functions_named(trigger.function, {});
  if (all.empty() || !all.front()->argument_types.empty()) {
    code.unread = "its function is not in the catalogue";
    return;
  }
  const CatalogueFunction& function = *all.front();
  if (function.language != "plpgsql" || function.body.empty()) {
    code.unread = function.body.empty() && function.language == "plpgsql" ? "its body is not in the catalogue"
                                                                          : "its language is " + function.language;
    return;
  }
  if (!settings(function, code)) return;
  if (relation != nullptr) rows(*relation);
  constexpr std::array<std::pair<const char*, const char*>, 13> kOwn = {{{"tg_name", "name"},
                                                                         {"tg_when", "text"},
                                                                         {"tg_level", "text"},
                                                                         {"tg_op", "text"},
                                                                         {"tg_relid", "oid"},
                                                                         {"tg_relname", "name"},
                                                                         {"tg_table_name", "name"},
                                                                         {"tg_table_schema", "name"},
                                                                         {"tg_nargs", "int4"},
                                                                         {"tg_argv", "_text"},
                                                                         {"tg_event", "text"},
                                                                         {"tg_tag", "text"},
                                                                         {"tg_reserved", "text"}}};
  for (const auto& [name, type] : kOwn) {
    Variable& variable = variables_.emplace_back();
    variable.name = name;
    variable.type = type;
  }
  if (relation != nullptr && !trigger.definition.empty()) transition_tables(trigger, *relation, code);
  code.facts.widely = true;  // for each row
  if (code.read()) read_plpgsql(function.body, code);
}

void CodeReader::read_rule(const CatalogueRule& rule, const Relation& relation, Code& code) {
  Tree tree(rule.definition, kTreeDepthMax);
  Node node = tree.statements()[0].node(F_stmt);
  if (rule.definition.empty() || tree.status() != LG_OK || !node.is(T_RuleStmt)) {
    code.unread = "its definition cannot be parsed";
    return;
  }
  rows(relation);
  code.facts.widely = true;
  code.facts.runs_statements = true;
  Scope scope(nullptr);
  fill(scope, {});
  context_.around = &scope;
  Analysis analysis(names_, code.facts, &context_);
  if (Node where = node.node(F_whereClause)) analysis.lone_expression(where, scope);
  for (Node action : node.list(F_actions)) {
    run_statement(action, {}, scope, analysis, code);
  }
  context_.around = nullptr;
}

// Expressions, separated by commas, over the columns of a relation.
void CodeReader::expression(const std::string& text, const Relation* relation, Code& code, std::string_view) {
  if (!code.read() || text.empty()) return;
  Tree tree("SELECT " + text, kTreeDepthMax);
  Node node = tree.statements()[0].node(F_stmt);
  if (text.size() > limits::kCommandBytesMax || tree.status() != LG_OK || !node.is(T_SelectStmt)) {
    code.unread = "an expression of it cannot be parsed";
    return;
  }
  Scope scope(nullptr);
  fill(scope, {});
  if (relation != nullptr) {
    Item& item = scope.items.emplace_back();
    item.relation = relation;
    item.alias = relation->name;
    item.own_name = true;
  }
  Analysis analysis(names_, code.facts, &context_);
  for (Node target : node.list(F_targetList)) analysis.lone_expression(target.node(F_val), scope);
  code.facts.forget_tests();
}

void CodeReader::read_row(const Relation& relation, bool insert, Code& code) {
  Analysis analysis(names_, code.facts, &context_);
  for (const CatalogueColumn& column : relation.entry->columns) {
    analysis.type_named(column.type);
    if (insert || column.generated) expression(column.expression, &relation, code);
    const CatalogueDomain* domain = insert && column.expression.empty() ? names_.domain(column.type) : nullptr;
    if (domain != nullptr) expression(domain->expression, nullptr, code);
  }
  for (const std::string& check : relation.entry->checks) expression(check, &relation, code);
}

void CodeReader::read_policies(const Relation& relation, Code& code) {
  for (const CataloguePolicy& policy : relation.entry->policies) {
    expression(policy.using_expression, &relation, code);
    expression(policy.check_expression, &relation, code);
  }
}

void CodeReader::read_domain(const CatalogueDomain& domain, Code& code) {
  Variable& value = variables_.emplace_back();
  value.name = "value";
  value.type = domain.base;
  Analysis(names_, code.facts, &context_).type_named(domain.base);
  for (const std::string& check : domain.checks) expression(check, nullptr, code);
}

}  // namespace libguard::command::postgres
