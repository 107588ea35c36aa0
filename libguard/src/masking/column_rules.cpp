#include "masking/column_rules.h"

#include <algorithm>

namespace libguard::masking {
namespace {

ColumnRule hidden(const ColumnPlan& plan) { return {plan.data_class, Operator(plan.show), false}; }

ColumnRule unproven() { return {kUnprovenClass, Operator("redact"), false}; }

std::set<std::string> tables_of(const Command& command) {
  std::set<std::string> tables(command.reads.begin(), command.reads.end());
  tables.insert(command.writes.begin(), command.writes.end());
  for (const Touch& touch : command.touches) tables.insert(touch.object);
  for (const RevealedColumn& column : command.reveals) {
    for (const std::string& source : column.sources) tables.insert(source.substr(0, source.rfind('.')));
  }
  return tables;
}

bool from_one_of(const std::set<std::string>& tables, const std::string& origin) {
  return std::any_of(tables.begin(), tables.end(), [&](const std::string& table) {
    return origin.size() > table.size() && origin[table.size()] == '.' && origin.starts_with(table);
  });
}

// Every source is classified and none of its classes is masked: the caller was permitted to see exactly this, so
// detectors do not take it away again.
bool permitted(const RevealedColumn& column, const Command& command, const MaskPlan& plan, const Frame& frame) {
  if (column.sources.empty() || column.sources.begin()->ends_with(".*")) return false;
  return std::all_of(column.sources.begin(), column.sources.end(), [&](const std::string& source) {
    if (source.ends_with(".*")) return false;
    auto classes = classes_of(frame, command.connection, source);
    return !classes.empty() && std::none_of(classes.begin(), classes.end(), [&](const std::string& name) {
      return plan.masked_classes.contains(name);
    });
  });
}

// The server names the column that a result column comes from. nullopt: it says nothing that the plan did not know.
std::optional<ColumnRule> by_origin(const RawColumn& column, const Command& command, const MaskPlan& plan,
                                    const Frame& frame, const std::set<std::string>& tables) {
  if (column.origin.empty() || plan.masked_classes.empty()) return std::nullopt;
  std::set<std::string> classes = classes_of(frame, command.connection, column.origin);
  std::erase_if(classes, [&](const std::string& name) { return !plan.masked_classes.contains(name); });
  if (!classes.empty()) return hidden(plan_of(classes, frame));
  // A table that the parser did not see: it was wrong about this statement, so its lineage counts for nothing here.
  if (!from_one_of(tables, column.origin)) return unproven();
  return std::nullopt;
}

}  // namespace

std::vector<ColumnRule> column_rules(const std::vector<RawColumn>& columns, const Command& command,
                                     const MaskPlan& plan, const Frame& frame) {
  if (plan.mask_everything || plan.columns.size() != columns.size()) {
    return std::vector<ColumnRule>(columns.size(), unproven());
  }
  const std::set<std::string> tables = tables_of(command);
  std::vector<ColumnRule> rules;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (plan.columns[i].mask) {
      rules.push_back(hidden(plan.columns[i]));
    } else if (auto rule = by_origin(columns[i], command, plan, frame, tables)) {
      rules.push_back(std::move(*rule));
    } else {
      bool shown = i < command.reveals.size() && permitted(command.reveals[i], command, plan, frame);
      rules.push_back({{}, std::nullopt, !shown});
    }
  }
  return rules;
}

}  // namespace libguard::masking
