#include "policy/column_classes.h"

namespace libguard::policy {
namespace {

// "schema.table." of "schema.table.column": the dot stays, so that a name without one is a place of its own.
std::string_view table_of(std::string_view column) { return column.substr(0, column.rfind('.') + 1); }

}  // namespace

ColumnClasses::ColumnClasses(const Frame& frame) {
  for (const auto& [name, data_class] : frame.classes) {
    for (const std::string& rule : data_class.columns) {
      auto slash = rule.find('/');
      if (slash == std::string::npos) continue;
      std::string_view column = std::string_view(rule).substr(slash + 1);
      std::string_view table = table_of(column);
      connections_[rule.substr(0, slash)][std::string(table)].push_back(
          {std::string(column.substr(table.size())), names_.size()});
    }
    names_.push_back(&name);
  }
}

void ColumnClasses::add(const std::string& connection, std::string_view column, ClassSet& out) const {
  auto tables = connections_.find(connection);
  if (tables == connections_.end()) return;
  std::string_view table = table_of(column);
  auto rules = tables->second.find(table);
  if (rules == tables->second.end()) return;
  std::string_view name = column.substr(table.size());
  for (const Rule& rule : rules->second) {
    if (rule.column == name || rule.column == "*" || name == "*") out[rule.data_class] = true;
  }
}

}  // namespace libguard::policy
