// The pieces of a PL/pgSQL body, read with the variables that each sees. What flows through variables is followed
// without regard to order, round by round, until no variable gains a source.
#include <algorithm>

#include "base/limits.h"
#include "command/postgres/code_reader.h"
#include "command/postgres/views.h"

namespace libguard::command::postgres {
namespace {

using plpgsql::Piece;

// Each round but the last adds a source to a variable; bodies need two or three.
constexpr int kRoundsMax = 8;

}  // namespace

bool CodeReader::resolve_type(Variable& variable, Code& code) {
  std::string text = variable.type_as_written;
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\t' || text.back() == '\r')) {
    text.pop_back();
  }
  variable.type.clear();
  const std::size_t percent = text.rfind('%');
  Analysis analysis(names_, code.facts, &context_);
  if (percent != std::string::npos) {
    Tree tree("SELECT " + text.substr(0, percent), kTreeDepthMax);
    const NodeList fields = tree.statements()[0].node(F_stmt).list(F_targetList)[0].node(F_val).list(F_fields);
    if (tree.status() != LG_OK || fields.empty()) return false;
    const bool row =
        text.find("ROWTYPE", percent) != std::string::npos || text.find("rowtype", percent) != std::string::npos;
    const std::size_t names = fields.size() - (row ? 0 : 1);
    const std::string_view schema = names >= 2 ? fields[names - 2].own_text() : std::string_view();
    const Relation* relation =
        names >= 1 ? names_.relation(schema, fields[names - 1].own_text(), context_.path) : nullptr;
    if (row) {
      variable.row = true;
      variable.relation = relation;
      return relation != nullptr;
    }
    if (relation == nullptr) return true;  // of another variable: any type
    const CatalogueColumn* column = relation->column(relation->position(fields[names].own_text()));
    if (column != nullptr) variable.type = column->type;
    analysis.type_named(variable.type);
    return column != nullptr;
  }
  if (text == "record" || text == "RECORD") {
    variable.row = true;
    return true;
  }
  Tree tree("SELECT NULL::" + text, kTreeDepthMax);
  Node type = tree.statements()[0].node(F_stmt).list(F_targetList)[0].node(F_val).node(F_typeName);
  if (tree.status() != LG_OK || !type) return false;
  analysis.lone_type(type);
  const NodeList names = type.list(F_names);
  const bool array = !type.list(F_arrayBounds).empty();
  const std::string_view schema = names.size() >= 2 ? names[names.size() - 2].own_text() : std::string_view();
  if (array || schema == "pg_catalog" || names_.is_type("pg_catalog", last_name(names))) {
    if (!array) variable.type = last_name(names);
    return true;
  }
  variable.type = last_name(names);
  variable.row = true;
  variable.relation = names_.relation(schema, last_name(names), context_.path);
  return true;
}

bool CodeReader::declare(const plpgsql::Body& body, Code& code) {
  Variable& found = variables_.emplace_back();
  found.name = "found";
  found.type = "bool";
  own_variables_ = variables_.size();
  for (const plpgsql::Variable& each : body.variables) {
    Variable& variable = variables_.emplace_back();
    variable.name = each.name;
    variable.labels = each.labels;
    variable.type_as_written = each.cursor ? "refcursor" : each.type;
    if (!resolve_type(variable, code)) {
      code.unread = "the type of a variable of it is not known";
      return false;
    }
    // The text of an error may hold what any statement of the body has seen.
    if (each.name == "sqlerrm" || body.shows_errors) Analysis(names_, code.facts).everything(variable.sources);
  }
  return true;
}

bool CodeReader::parse(const plpgsql::Body& body, Code& code) {
  for (const Piece& piece : body.pieces) {
    Parsed& parsed = parsed_.emplace_back();
    parsed.tree = std::make_unique<Tree>(piece.text, kTreeDepthMax);
    const bool one = parsed.tree->statements().size() == 1;
    if (parsed.tree->status() != LG_OK || (!one && !piece.dynamic)) {
      code.unread = "a statement of it cannot be parsed";
      return false;
    }
    for (const std::string& value : piece.values) {
      parsed.values.push_back(std::make_unique<Tree>(value, kTreeDepthMax));
      if (parsed.values.back()->status() != LG_OK) {
        code.unread = "a statement of it cannot be parsed";
        return false;
      }
    }
  }
  return true;
}

void CodeReader::run(const Piece& piece, const Parsed& parsed, Code& code) {
  Scope scope(nullptr);
  fill(scope, piece.visible);
  CodeContext context = context_;
  context.around = &scope;
  Analysis analysis(names_, code.facts, &context);
  const bool before = code.facts.widely;
  code.facts.widely = before || piece.repeated;
  if (piece.dynamic) {
    std::vector<Flow> values;
    for (const auto& tree : parsed.values) {
      Node target = tree->statements()[0].node(F_stmt).list(F_targetList)[0];
      values.push_back(analysis.lone_expression(target.node(F_val), scope));
    }
    Scope nothing(nullptr);
    CodeContext bare = context_;
    bare.around = &nothing;
    bare.parameters = &values;
    Analysis inner(names_, code.facts, &bare);
    for (Node statement : parsed.tree->statements()) {
      if (code.read()) run_statement(statement.node(F_stmt), piece, nothing, inner, code);
    }
  } else {
    Node node = parsed.tree->statements()[0].node(F_stmt);
    const bool value = piece.kind == Piece::Kind::value || piece.kind == Piece::Kind::condition;
    if (value && (!node.is(T_SelectStmt) || node.has(F_intoClause))) {
      code.unread = "an expression of it is a statement";
    } else if (!value) {
      run_statement(node, piece, scope, analysis, code);
    } else {
      const std::vector<OutColumn> columns = analysis.query(node, &scope, true);
      if (piece.kind == Piece::Kind::condition) {
        for (const OutColumn& column : columns) {
          code.facts.infer(column.sources);
          code.result.add(column.sources);
        }
      }
      give(piece, columns, analysis, code);
    }
  }
  code.facts.widely = before;
}

void CodeReader::round(const plpgsql::Body& body, Code& code) {
  changed_ = returned_ = false;
  code.columns.clear();
  for (std::size_t i = 0; i < body.pieces.size() && code.read() && !code.facts.failed(); ++i) {
    run(body.pieces[i], parsed_[i], code);
  }
}

void CodeReader::read_plpgsql(const std::string& text, Code& code) {
  if (text.size() > limits::kCommandBytesMax || text.find('\0') != std::string::npos) {
    code.unread = "its body is too long";
    return;
  }
  const plpgsql::Body body = plpgsql::read(text);
  code.unread = body.unread;
  if (!code.read() || !declare(body, code) || !parse(body, code)) return;
  context_.clash_fails = !body.column_wins;
  for (int rounds = 0;; ++rounds) {
    Code trial(names_);
    trial.facts.in_code = true;
    round(body, trial);
    code.unread = trial.unread;
    if (!trial.read() || trial.facts.failed() || !changed_) break;
    if (rounds < kRoundsMax) continue;
    Sources all;
    Analysis(names_, code.facts).everything(all);
    for (Variable& variable : variables_) variable.sources.add(all);
    break;
  }
  if (!code.read()) return;
  round(body, code);
  for (std::size_t output : outputs_) code.result.add(variables_[output].sources);
  if (!outputs_.empty() && !returned_) {
    for (std::size_t output : outputs_) code.columns.push_back(variables_[output].sources);
  }
  if (body.ends_transactions) {
    code.facts.not_runnable("command.transaction_control",
                            "it ends the transaction, and every action here is one; use a procedure that does not");
  }
  code.facts.runs_statements = std::any_of(body.pieces.begin(), body.pieces.end(), [](const Piece& piece) {
    return piece.kind == Piece::Kind::statement || piece.kind == Piece::Kind::query;
  });
}

}  // namespace libguard::command::postgres
