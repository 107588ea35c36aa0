#include "guard/config_parts.h"

namespace libguard {
namespace {

void read_shared_store(const Section& section, BudgetConfig& budgets, const std::string& directory) {
  section.only({"store", "host", "port", "database", "schema", "tls", "tls_root", "login", "deadline_ms"});
  budgets.host = section.text("host");
  budgets.port = section.number("port", 5432, 1, 65'535);
  budgets.database = section.text("database");
  budgets.schema = section.text("schema", "public");
  budgets.tls = read_tls(section, budgets.host);
  if (section.has("tls_root")) budgets.tls_root = absolute_path(directory, section.text("tls_root"));
  budgets.login = read_login(section.section("login"), directory);
  budgets.deadline_ms = section.number("deadline_ms", 5'000, 100, 60'000);
}

}  // namespace

void read_budgets(const Section& root, Config& config) {
  Section section = root.section("budgets");
  BudgetConfig& budgets = config.budgets;
  budgets.store = section.text("store", "sqlite");
  if (budgets.store == "postgres") {
    read_shared_store(section, budgets, config.directory);
  } else if (budgets.store == "sqlite") {
    section.only({"store", "path"});
    budgets.path = absolute_path(config.directory, section.text("path", "state/budgets.db"));
  } else {
    section.fail("store", "config.choice", "use sqlite (path) or postgres (host, database, login)");
  }
  for (const auto& [name, tool] : root.section("tools").entries()) {
    tool.only({"price"});
    config.tool_prices[name] = tool.number("price", 0, 0, kPriceMax);
  }
}

}  // namespace libguard
