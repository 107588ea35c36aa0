#include "model/frame.h"

namespace libguard {
namespace {

bool covers(const std::string& rule, const std::string& column) {
  if (rule == column) return true;
  auto dot = column.rfind('.');
  std::string table = column.substr(0, dot + 1);
  // "t.*" as a source means every column of t, so any rule on t is meant; as a rule it means the same.
  if (rule.ends_with(".*")) return rule.compare(0, rule.size() - 1, table) == 0;
  return column.ends_with(".*") && rule.compare(0, table.size(), table) == 0 &&
         rule.find('.', table.size()) == std::string::npos;
}

}  // namespace

std::set<std::string> classes_of(const Frame& frame, const std::string& connection, const std::string& column) {
  std::set<std::string> found;
  const std::string full = connection + "/" + column;
  for (const auto& [name, data_class] : frame.classes) {
    for (const std::string& rule : data_class.columns) {
      if (covers(rule, full)) found.insert(name);
    }
  }
  return found;
}

}  // namespace libguard
