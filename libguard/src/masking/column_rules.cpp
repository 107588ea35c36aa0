#include "masking/column_rules.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace libguard::masking {
namespace {

// A part of an expression could be any part: substr(card, 1, 8) and its like would show all of it bit by bit.
ColumnRule hidden(const ColumnPlan& plan, bool plain) {
  Operator show(plan.show);
  if (!plain && show.name() == "partial") show = Operator("redact");
  return {plan.data_class, std::move(show), false, !plain};
}

ColumnRule unproven() { return {kUnprovenClass, Operator("redact"), false, true}; }

bool mentions(std::string_view text, std::string_view word) {
  auto same = [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

// Does every result column that has an origin hold that column as it is? SQLite answers for the first part of a UNION
// alone; PostgreSQL names no origin then.
bool origins_are_plain(const Command& command) {
  if (command.dialect == Dialect::postgres) return true;
  return !mentions(command.text, "UNION") && !mentions(command.text, "EXCEPT") && !mentions(command.text, "INTERSECT");
}

// Is the column of a table that the parser saw?
bool foreseen(const std::string& origin, const Command& command) {
  auto is_of = [&](std::string_view table) {
    return origin.size() > table.size() && origin[table.size()] == '.' && origin.starts_with(table);
  };
  auto from = [&](const RevealedColumn& column) {
    return std::any_of(column.sources.begin(), column.sources.end(), [&](const std::string& source) {
      return is_of(std::string_view(source).substr(0, source.rfind('.')));
    });
  };
  return std::any_of(command.reads.begin(), command.reads.end(), is_of) ||
         std::any_of(command.writes.begin(), command.writes.end(), is_of) ||
         std::any_of(command.touches.begin(), command.touches.end(), [&](const Touch& t) { return is_of(t.object); }) ||
         std::any_of(command.reveals.begin(), command.reveals.end(), from);
}

// The server names the column that a result column comes from. nullopt: it says nothing that the plan did not know.
std::optional<ColumnRule> by_origin(const RawColumn& column, const Command& command, const MaskPlan& plan,
                                    const Frame& frame) {
  if (column.origin.empty() || plan.masked_classes.empty()) return std::nullopt;
  std::set<std::string> classes = classes_of(frame, command.connection, column.origin);
  std::erase_if(classes, [&](const std::string& name) { return !plan.masked_classes.contains(name); });
  if (!classes.empty()) return hidden(plan_of(classes, frame), false);
  // A table that the parser did not see: it was wrong about this statement, so its lineage counts for nothing here.
  if (!foreseen(column.origin, command)) return unproven();
  return std::nullopt;
}

}  // namespace

std::vector<ColumnRule> column_rules(const std::vector<RawColumn>& columns, const Command& command,
                                     const MaskPlan& plan, const Frame& frame) {
  if (plan.mask_everything || plan.columns.size() != columns.size()) {
    return std::vector<ColumnRule>(columns.size(), unproven());
  }
  const bool plain = origins_are_plain(command);
  std::vector<ColumnRule> rules;
  rules.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (plan.columns[i].mask) {
      rules.push_back(hidden(plan.columns[i], plain && !columns[i].origin.empty()));
    } else if (auto rule = by_origin(columns[i], command, plan, frame)) {
      rules.push_back(std::move(*rule));
    } else {
      rules.push_back({{}, std::nullopt, !plan.columns[i].permitted});
    }
  }
  return rules;
}

}  // namespace libguard::masking
