#include "model/frame.h"

#include <string_view>

namespace libguard {
namespace {

// Is the rule about this column? `column` is "schema.table.column", the rule without its connection likewise.
bool covers(std::string_view rule, std::string_view column) {
  if (rule == column) return true;
  const std::string_view table = column.substr(0, column.rfind('.') + 1);
  // "t.*" as a source means every column of t, so any rule on t is meant; as a rule it means the same.
  if (rule.ends_with(".*")) return rule.substr(0, rule.size() - 1) == table;
  return column.ends_with(".*") && rule.starts_with(table) && rule.find('.', table.size()) == std::string_view::npos;
}

}  // namespace

std::set<std::string> classes_of(const Frame& frame, const std::string& connection, const std::string& column) {
  std::set<std::string> found;
  for (const auto& [name, data_class] : frame.classes) {
    for (const std::string_view rule : data_class.columns) {
      if (rule.size() > connection.size() && rule[connection.size()] == '/' && rule.starts_with(connection) &&
          covers(rule.substr(connection.size() + 1), column)) {
        found.insert(name);
      }
    }
  }
  return found;
}

}  // namespace libguard
