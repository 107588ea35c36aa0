#include "policy/column_classes.h"

namespace libguard::policy {

ColumnClasses::ColumnClasses(const Frame& frame) {
  for (const auto& [name, data_class] : frame.classes) {
    for (const std::string& rule : data_class.columns) {
      auto slash = rule.find('/');
      auto dot = rule.rfind('.');
      if (slash == std::string::npos || dot == std::string::npos || dot < slash) continue;
      Tables& tables = connections_[rule.substr(0, slash)];
      tables[rule.substr(slash + 1, dot - slash - 1)].push_back({rule.substr(dot + 1), names_.size()});
    }
    names_.push_back(&name);
  }
}

void ColumnClasses::add(const std::string& connection, std::string_view column, ClassSet& out) const {
  auto tables = connections_.find(connection);
  auto dot = column.rfind('.');
  if (tables == connections_.end() || dot == std::string_view::npos) return;
  auto rules = tables->second.find(column.substr(0, dot));
  if (rules == tables->second.end()) return;
  std::string_view name = column.substr(dot + 1);
  for (const Rule& rule : rules->second) {
    if (rule.column == name || rule.column == "*" || name == "*") out[rule.data_class] = true;
  }
}

}  // namespace libguard::policy
