// Column names: which relation's column a name means, by PostgreSQL's own rules. A name that cannot be resolved is not
// understood; with relations of unknown columns in scope it counts for all of them.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "command/postgres/analysis.h"
#include "command/postgres/builtins.h"

namespace libguard::command::postgres {
namespace {

bool is_system_column(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames = {"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// In an expression as the server prints it, where a quote inside of a quoted name is doubled.
bool names_word(std::string_view expression, std::string_view name) {
  std::string word;
  for (char c : name) word.append(c == '"' ? 2U : 1U, c);
  auto part_of_name = [&](std::size_t at) {
    const auto c = static_cast<unsigned char>(at < expression.size() ? expression[at] : ' ');
    return std::isalnum(c) != 0 || c == '_' || c == '$' || c >= 0x80;
  };
  for (std::size_t at = expression.find(word); at != std::string_view::npos; at = expression.find(word, at + 1)) {
    if ((at == 0 || !part_of_name(at - 1)) && !part_of_name(at + word.size())) return true;
  }
  return false;
}

void add_value(Flow& into, const Flow& value, bool first) {
  into.sources.add(value.sources);
  into.direct = first ? value.direct : nullptr;
  into.position = value.position;
  into.type = first ? value.type : std::string_view();
}

}  // namespace

// A generated column is computed from columns of its own row: all that its expression names.
void Analysis::add_origins(const Relation& relation, std::uint32_t position, Sources& sources) {
  const CatalogueColumn* column = relation.column(position);
  if (column == nullptr || !column->generated) return;
  if (column->expression.empty()) sources.add(column_id(relation.id, kWholeRow));
  for (std::uint32_t i = 0; i < relation.columns.size(); ++i) {
    if (i != position && names_word(column->expression, relation.columns[i])) sources.add(column_id(relation.id, i));
  }
}

Sources Analysis::column_sources(const Relation& relation, std::uint32_t position) {
  Sources sources;
  sources.add(column_id(relation.id, position));
  add_origins(relation, position, sources);
  if (relation.view != nullptr && position < relation.view->columns.size()) {
    sources.add(relation.view->columns[position].sources);
  }
  if (!relation.computed.empty()) {
    auto computed = relation.computed.find(position);
    if (computed != relation.computed.end()) sources.add(computed->second);
  }
  if (relation.parents.empty() && relation.children.empty()) return sources;
  // A partition shows its parent's data and the other way round: a class on either counts.
  const std::string& name = relation.columns[position];
  for (const auto* relatives : {&relation.parents, &relation.children}) {
    for (const Relation* relative : *relatives) {
      const std::uint32_t at = relative->position(name);
      if (at != kWholeRow) sources.add(column_id(relative->id, at));
    }
  }
  return sources;
}

Flow Analysis::relation_column(const Relation& relation, std::uint32_t position) {
  Flow value;
  value.sources = column_sources(relation, position);
  value.direct = &relation;
  value.position = position;
  if (const CatalogueColumn* column = relation.column(position)) value.type = column->type;
  return value;
}

std::optional<Flow> Analysis::column_of(const Item& item, std::string_view name) {
  if (item.relation != nullptr && !item.relation->open) {
    for (std::size_t i = 0; i < item.renamed.size(); ++i) {
      if (item.renamed[i] == name) return relation_column(*item.relation, static_cast<std::uint32_t>(i));
    }
    const std::uint32_t position = item.relation->position(name);
    if (position == kWholeRow || position < item.renamed.size()) return std::nullopt;
    return relation_column(*item.relation, position);
  }
  std::optional<Flow> found;
  for (const OutColumn& column : item.columns) {
    if (column.name != name) continue;
    if (!found) {
      found.emplace();
      found->sources = column.sources;
      found->direct = column.direct;
      found->position = column.position;
      found->type = column.type;
    } else {
      found->sources.add(column.sources);
      found->direct = nullptr;
    }
  }
  return found;
}

Flow Analysis::whole_row(const Item& item) {
  Flow value;
  for (const OutColumn& column : item_columns(item)) value.sources.add(column.sources);
  value.sources.add(item.open_sources);
  value.row = item.relation;
  return value;
}

// Unqualified: the innermost level that has the name. USING merges columns, so several hits of one level count
// together; anything else with several hits is an error on the server.
std::optional<Flow> Analysis::find_column(std::string_view name, Scope& scope) {
  Flow open;
  bool any_open = false;
  for (Scope* level = &scope; level != nullptr; level = level->outer) {
    Flow found;
    int hits = 0;
    for (Item& item : level->items) {
      if (item.hidden || item.qualified_only) continue;
      if (std::optional<Flow> value = column_of(item, name)) {
        add_value(found, *value, hits++ == 0);
      } else if (item.open) {
        any_open = true;
        if (item.relation != nullptr) {
          open.sources.add(column_id(item.relation->id, facts_.extra_column(*item.relation, name)));
        }
        open.sources.add(item.open_sources);
      }
    }
    if (hits > 0) {
      if (code_ != nullptr && code_->clash_fails && level != around() && around() != nullptr) {
        for (Item& item : around()->items) {
          if (item.qualified_only || !column_of(item, name)) continue;
          facts_.fail("command.unknown_name", "a name of it means a column and a variable at once");
        }
      }
      if (any_open) {
        found.sources.add(open.sources);
        found.direct = nullptr;
      }
      return found;
    }
  }
  if (any_open) return open;
  return std::nullopt;
}

bool Analysis::is_variable(Node node, Scope& scope) {
  Scope* variables = around();
  const NodeList fields = node.list(F_fields);
  if (variables == nullptr || !node.is(T_ColumnRef) || fields.empty() || fields.size() > 2) return false;
  if (fields.size() == 2) {
    const Item* item = find_item({}, fields[0].own_text(), scope);
    return std::any_of(variables->items.begin(), variables->items.end(),
                       [&](const Item& each) { return &each == item; });
  }
  const std::string_view name = fields[0].own_text();
  for (Scope* level = &scope; level != nullptr && level != variables; level = level->outer) {
    for (const Item& item : level->items) {
      if (!item.qualified_only && (item.open || column_of(item, name))) return false;
    }
  }
  return std::any_of(variables->items.begin(), variables->items.end(),
                     [&](const Item& item) { return !item.qualified_only && column_of(item, name); });
}

// What a command cannot name may still be reached by code.
const Relation* Analysis::find_relation(std::string_view schema, std::string_view name) const {
  const Relation* found = names_.relation(schema, name, code_ != nullptr ? code_->path : nullptr);
  if (found != nullptr && found->entry != nullptr && found->entry->beyond && code_ == nullptr && !facts_.in_code) {
    return nullptr;
  }
  return found;
}

Item* Analysis::find_item(std::string_view schema, std::string_view name, Scope& scope) {
  for (Scope* level = &scope; level != nullptr; level = level->outer) {
    Item* hidden = nullptr;
    for (Item& item : level->items) {
      const bool same = schema.empty() ? item.alias == name
                                       : item.own_name && item.relation != nullptr && item.relation->name == name &&
                                             (item.relation->schema == schema || schema == "pg_temp");
      if (!same) continue;
      if (!item.hidden) return &item;
      hidden = &item;
    }
    if (hidden != nullptr) return hidden;
  }
  return nullptr;
}

Flow Analysis::qualified(Item& item, std::string_view column) {
  if (std::optional<Flow> value = column_of(item, column)) return *value;
  if (item.open) {
    Flow value;
    if (item.relation != nullptr) {
      value.sources.add(column_id(item.relation->id, facts_.extra_column(*item.relation, column)));
    }
    value.sources.add(item.open_sources);
    if (names_.open_world()) return value;
    if (find_functions({}, column).empty()) return value;
  }
  if (is_system_column(column)) return {};
  // Attribute notation: u.f is f(u) when u has no column f.
  Flow row = whole_row(item);
  Flow result;
  result.sources = row.sources;
  called({}, column, {row}, false, result);
  return result;
}

Flow Analysis::column_reference(Node node, Scope& scope) {
  const NodeList fields = node.list(F_fields);
  const std::size_t count = fields.size();
  if (count == 0) return {};
  if (fields[count - 1].is(T_A_Star)) {
    Item* item = count >= 2 ? find_item(count >= 3 ? fields[count - 3].own_text() : std::string_view(),
                                        fields[count - 2].own_text(), scope)
                            : nullptr;
    if (item != nullptr) return whole_row(*item);
    Flow all;
    for (const Item& each : scope.items) all.sources.add(whole_row(each).sources);
    if (count >= 2) facts_.fail("command.unknown_name", "a name before .* is not a relation of this FROM");
    return all;
  }
  const std::string_view name = fields[count - 1].own_text();
  if (count == 1) {
    std::optional<Flow> value = find_column(name, scope);
    Item* item = find_item({}, name, scope);
    if (item != nullptr && (!value || item->open)) {
      Flow row = whole_row(*item);
      if (value) row.sources.add(value->sources);
      return row;
    }
    if (value) return *value;
    if (is_system_column(name) && !scope.items.empty()) return {};
    facts_.fail("command.unknown_name",
                "no column \"" + std::string(name) + "\" is known here; check the name against the schema");
    return {};
  }
  const std::string_view schema = count >= 3 ? fields[count - 3].own_text() : std::string_view();
  const std::string_view table = fields[count - 2].own_text();
  if (Item* item = find_item(schema, table, scope)) return qualified(*item, name);
  // t.c with a composite column t is not legal without parentheses, and a.b.c may be t.column.field neither.
  facts_.fail("command.unknown_name",
              "no relation \"" + std::string(table) + "\" is in FROM here; check the name or its alias");
  return {};
}

}  // namespace libguard::command::postgres
