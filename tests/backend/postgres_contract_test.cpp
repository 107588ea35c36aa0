#include "backend/contract.h"
#include "postgres_fixture.h"

namespace {

using namespace libguard;
using namespace libguard::test;

class PostgresWorld final : public backend::contract::World {
 public:
  PostgresWorld() {
    pg_cluster()->exec(
        "DROP TABLE IF EXISTS contract_items CASCADE;"
        "CREATE TABLE contract_items(id integer PRIMARY KEY, name text NOT NULL UNIQUE);"
        "INSERT INTO contract_items SELECT i, 'item-' || i FROM generate_series(1, 100) i");
  }
  std::unique_ptr<backend::Backend> open() override { return backend::postgres_backend(config(), system_clock()); }
  Dialect dialect() const override { return Dialect::postgres; }
  std::string placeholder(int number) const override { return "$" + std::to_string(number); }
  std::string table() const override { return "public.contract_items"; }
  std::string slow_read() const override { return "SELECT pg_sleep(60)"; }
  std::vector<std::string> slow_functions() const override { return {"pg_catalog.pg_sleep"}; }
  void change_schema() override { pg_cluster()->exec("ALTER TABLE contract_items ADD COLUMN added text"); }
  std::int64_t count(const std::string& where) override {
    return std::stoll(pg_cluster()->exec("SELECT count(*) FROM contract_items WHERE " + where));
  }
};

}  // namespace

TEST_CASE("the PostgreSQL backend keeps the contract of backends") {
  LIBGUARD_NEEDS_POSTGRES;
  libguard::backend::contract::run_contract([] { return std::make_unique<PostgresWorld>(); });
}
