#include "policy/system_values.h"

#include <algorithm>
#include <array>

namespace libguard::policy {
namespace {

struct Holder {
  std::string_view table;
  std::string_view column;  // "": every column
};

constexpr std::array<Holder, 10> kPostgres{{{"pg_statistic", ""},
                                            {"pg_statistic_ext_data", ""},
                                            {"pg_stats", ""},
                                            {"pg_stats_ext", ""},
                                            {"pg_stats_ext_exprs", ""},
                                            {"pg_largeobject", "data"},
                                            {"pg_stat_activity", "query"},
                                            {"pg_prepared_statements", "statement"},
                                            {"pg_cursors", "statement"},
                                            {"pg_stat_statements", "query"}}};

// Of SQLite's own tables these hold names and definitions; all others (statistics, shadow tables of virtual ones, raw
// pages) hold what other tables hold.
constexpr std::array<std::string_view, 5> kSqliteNames{
    {"sqlite_schema", "sqlite_master", "sqlite_temp_schema", "sqlite_temp_master", "sqlite_sequence"}};

}  // namespace

bool holds_values(std::string_view column, Dialect dialect) noexcept {
  const auto dot = column.rfind('.');
  if (dot == std::string_view::npos) return true;
  const std::string_view name = column.substr(dot + 1);
  std::string_view table = column.substr(0, dot);
  table.remove_prefix(std::min(table.size(), table.rfind('.') + 1));
  if (dialect == Dialect::sqlite) {
    return !table.starts_with("pragma_") &&
           std::find(kSqliteNames.begin(), kSqliteNames.end(), table) == kSqliteNames.end();
  }
  return std::any_of(kPostgres.begin(), kPostgres.end(), [&](const Holder& holder) {
    return holder.table == table && (holder.column.empty() || holder.column == name || name == "*");
  });
}

}  // namespace libguard::policy
