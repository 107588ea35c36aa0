#include "backend/sqlite_world.h"

using namespace libguard::backend::contract;

TEST_CASE("the SQLite backend keeps the contract of backends") {
  run_contract([] { return std::make_unique<SqliteWorld>(); });
}
