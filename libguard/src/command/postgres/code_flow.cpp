// What a statement in code sees of the variables around it, and where its columns go.
#include <algorithm>

#include "command/postgres/code_reader.h"

namespace libguard::command::postgres {
namespace {

bool is_temporary(Node statement) {
  Node range = statement.is(T_CreateTableAsStmt) ? statement.node(F_into).node(F_rel) : statement.node(F_relation);
  return range.number(F_relpersistence) == 't' || range.text(F_schemaname) == "pg_temp";
}

bool is_query(Node node) {
  return node.is(T_SelectStmt) || node.is(T_InsertStmt) || node.is(T_UpdateStmt) || node.is(T_DeleteStmt) ||
         node.is(T_MergeStmt);
}

// Statements other than queries that code may hold and still be read.
bool readable(Node node) {
  switch (node.tag()) {
    case T_TruncateStmt:
    case T_NotifyStmt:
    case T_LockStmt:
    case T_RefreshMatViewStmt:
    case T_CallStmt:
      return true;
    case T_VacuumStmt:
      return !node.flag(F_is_vacuumcmd);
    case T_CreateStmt:
    case T_CreateTableAsStmt:
      return is_temporary(node);
    default:
      return is_query(node) && !node.has(F_intoClause);
  }
}

}  // namespace

void CodeReader::add_row(Scope& scope, const Variable& variable, std::string_view alias) const {
  Item& item = scope.items.emplace_back();
  item.alias = alias;
  item.qualified_only = true;
  item.open = variable.relation == nullptr;
  item.open_sources = variable.sources;
  if (variable.relation == nullptr) return;
  const Relation& relation = *variable.relation;
  for (std::uint32_t i = 0; i < relation.columns.size(); ++i) {
    Sources sources = variable.sources;
    if (variable.fixed) sources.add(column_id(relation.id, i));
    const CatalogueColumn* column = relation.column(i);
    item.columns.push_back({relation.columns[i], sources, nullptr, 0,
                            column != nullptr ? std::string_view(column->type) : std::string_view()});
  }
}

void CodeReader::fill(Scope& scope, const std::vector<int>& visible) const {
  std::vector<const Variable*> seen;
  auto add = [&](const Variable& variable) {
    const bool shadowed =
        std::any_of(seen.begin(), seen.end(), [&](const Variable* v) { return v->name == variable.name; });
    if (!shadowed && !variable.name.empty()) seen.push_back(&variable);
  };
  for (auto at = visible.rbegin(); at != visible.rend(); ++at) {
    add(variables_[own_variables_ + static_cast<std::size_t>(*at)]);
  }
  const std::size_t own = own_variables_ != 0 ? own_variables_ : variables_.size();
  for (std::size_t i = own; i-- > 0;) add(variables_[i]);
  Item& plain = scope.items.emplace_back();
  for (const Variable* variable : seen) {
    const bool whole = variable->row && (variable->relation != nullptr || variable->type.empty());
    if (!whole) plain.columns.push_back({variable->name, variable->sources, nullptr, 0, variable->type});
    for (const std::string& label : variable->labels) {
      auto found =
          std::find_if(scope.items.begin(), scope.items.end(), [&](const Item& i) { return i.alias == label; });
      Item& item = found != scope.items.end() ? *found : scope.items.emplace_back();
      item.alias = label;
      item.qualified_only = true;
      item.columns.push_back({variable->name, variable->sources, nullptr, 0, variable->type});
    }
  }
  for (const Variable* variable : seen) {
    if (variable->row) add_row(scope, *variable, variable->name);
  }
  for (const Cte& table : tables_) scope.ctes.push_back(table);
}

CodeReader::Variable* CodeReader::find(std::string_view name, const std::vector<int>& visible) {
  for (auto at = visible.rbegin(); at != visible.rend(); ++at) {
    Variable& variable = variables_[own_variables_ + static_cast<std::size_t>(*at)];
    if (variable.name == name) return &variable;
  }
  for (std::size_t i = own_variables_ != 0 ? own_variables_ : variables_.size(); i-- > 0;) {
    if (variables_[i].name == name) return &variables_[i];
  }
  return nullptr;
}

bool CodeReader::add_sources(Variable& variable, const Sources& sources) {
  const std::size_t before = variable.sources.size();
  variable.sources.add(sources);
  changed_ = changed_ || variable.sources.size() != before;
  return changed_;
}

void CodeReader::assign(const plpgsql::Target& target, const Flow& value, const std::vector<int>& visible,
                        Analysis& analysis, Code& code) {
  Variable* variable = find(target[0], visible);
  std::size_t field = 1;
  if (variable == nullptr && target.size() > 1) {
    variable = find(target[1], visible);  // label.variable
    field = 2;
  }
  if (variable == nullptr || target.size() > field + 1) {
    code.unread = "it assigns to something that is no variable of it";
    return;
  }
  std::string_view type = variable->row ? std::string_view() : std::string_view(variable->type);
  if (target.size() > field && variable->relation != nullptr) {
    const CatalogueColumn* column = variable->relation->column(variable->relation->position(target[field]));
    type = column != nullptr ? std::string_view(column->type) : std::string_view();
  }
  if (!variable->row || target.size() > field) analysis.assigned_to(type, value);
  if (variable->fixed) code.facts.carry(value.sources);  // NEW goes into the table
  add_sources(*variable, value.sources);
}

void CodeReader::give(const plpgsql::Piece& piece, const std::vector<OutColumn>& columns, Analysis& analysis,
                      Code& code) {
  Sources all;
  bool open = false;
  for (const OutColumn& column : columns) {
    all.add(column.sources);
    open = open || column.name == "*";
  }
  switch (piece.use) {
    case plpgsql::Piece::Use::nothing:
      return;
    case plpgsql::Piece::Use::shown:
      code.facts.error_reveals(all);
      return;
    case plpgsql::Piece::Use::returned: {
      code.result.add(all);
      Flow value;
      value.sources = all;
      if (columns.size() == 1) {
        value.type = columns[0].type;
        analysis.assigned_to(result_type_, value);
      }
      const bool first = code.columns.empty() && !returned_;
      if (first && !open && piece.kind != plpgsql::Piece::Kind::value) code.columns.resize(columns.size());
      if (code.columns.size() == columns.size() && piece.kind != plpgsql::Piece::Kind::value) {
        for (std::size_t i = 0; i < columns.size(); ++i) code.columns[i].add(columns[i].sources);
      } else {
        code.columns.clear();
      }
      returned_ = true;
      return;
    }
    case plpgsql::Piece::Use::targets:
      break;
  }
  const bool one_by_one = !open && piece.targets.size() == columns.size();
  for (std::size_t i = 0; i < piece.targets.size() && code.read(); ++i) {
    Flow value;
    value.sources = one_by_one ? columns[i].sources : all;
    value.type = one_by_one ? columns[i].type : std::string_view();
    assign(piece.targets[i], value, piece.visible, analysis, code);
  }
}

void CodeReader::run_statement(Node node, const plpgsql::Piece& piece, Scope& scope, Analysis& analysis, Code& code) {
  if (!readable(node)) {
    code.unread = "it holds a statement that changes the schema or the session, or that is not known";
    return;
  }
  if (node.is(T_CallStmt)) {
    code.facts.kind("call");
    code.facts.effect(CommandEffect::read);
    Node call = node.node(F_funccall);
    const Flow result = analysis.lone_expression(call, scope);
    for (Node argument : call.list(F_args)) {
      const NodeList fields = argument.list(F_fields);
      if (!argument.is(T_ColumnRef)) continue;
      plpgsql::Target target;
      for (Node field : fields) target.emplace_back(field.own_text());
      if (find(target[0], piece.visible) != nullptr) assign(target, result, piece.visible, analysis, code);
    }
    return;
  }
  if (!is_query(node)) return analysis.statement(node);
  if (node.is(T_SelectStmt)) {
    code.facts.kind("select");
    code.facts.effect(CommandEffect::read);
  }
  const std::vector<OutColumn> columns = analysis.query(node, &scope, true);
  give(piece, columns, analysis, code);
}

}  // namespace libguard::command::postgres
