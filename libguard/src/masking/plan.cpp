#include "masking/column_rules.h"

#include <algorithm>
#include <optional>

namespace libguard::masking {
namespace {

std::string table_of(const std::string& column) { return column.substr(0, column.rfind('.')); }

// System tables hold other tables' values (statistics, statement texts), so they are of every class.
std::set<std::string> system_tables(const Command& command) {
  std::set<std::string> tables;
  for (const Touch& touch : command.touches) {
    if (touch.system) tables.insert(touch.object);
  }
  return tables;
}

std::set<std::string> masked_classes_of(const RevealedColumn& column, const Command& command, const Frame& frame,
                                        const std::set<std::string>& system, const std::set<std::string>& masked) {
  std::set<std::string> found;
  for (const std::string& source : column.sources) {
    if (!system.empty() && system.contains(table_of(source))) return masked;
    for (const std::string& name : classes_of(frame, command.connection, source)) {
      if (masked.contains(name)) found.insert(name);
    }
  }
  return found;
}

// Every source is classified and none of its classes is masked: the caller was permitted to see exactly this, so
// detectors do not take it away again.
bool permitted(const RevealedColumn& column, const Command& command, const Frame& frame,
               const std::set<std::string>& masked) {
  if (column.sources.empty() || column.sources.begin()->ends_with(".*")) return false;
  return std::all_of(column.sources.begin(), column.sources.end(), [&](const std::string& source) {
    if (source.ends_with(".*")) return false;
    const std::set<std::string> classes = classes_of(frame, command.connection, source);
    return !classes.empty() &&
           std::none_of(classes.begin(), classes.end(), [&](const std::string& name) { return masked.contains(name); });
  });
}

}  // namespace

ColumnPlan plan_of(const std::set<std::string>& classes, const Frame& frame) {
  ColumnPlan plan;
  std::optional<Operator> strictest;
  for (const std::string& name : classes) {
    auto known = frame.classes.find(name);
    const std::string show = known == frame.classes.end() ? "redact" : known->second.show;
    Operator one(show);
    if (!strictest || &Operator::stricter(*strictest, one) == &one) {
      plan.show = show;
      strictest = one;
    }
    plan.data_class += (plan.mask ? "+" : "") + name;
    plan.mask = true;
  }
  return plan;
}

MaskPlan plan_for(const Command& command, const std::set<std::string>& masked, const Frame& frame) {
  MaskPlan plan;
  plan.masked_classes = masked;
  plan.mask_everything = !command.understood || (command.returns_rows && command.reveals.empty());
  const std::set<std::string> system = system_tables(command);
  plan.columns.reserve(command.reveals.size());
  for (const RevealedColumn& column : command.reveals) {
    plan.columns.push_back(plan_of(masked_classes_of(column, command, frame, system, masked), frame));
    plan.columns.back().permitted = permitted(column, command, frame, masked);
  }
  return plan;
}

}  // namespace libguard::masking
