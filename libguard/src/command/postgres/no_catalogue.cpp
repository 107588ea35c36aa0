#include "command/postgres/postgres.h"
#include "command/postgres/statement_understander.h"

namespace libguard::command {

std::unique_ptr<Understander> postgres_understander_without_catalogue() {
  return std::make_unique<postgres::StatementUnderstander>(nullptr);
}

std::unique_ptr<Understander> postgres_understander(std::shared_ptr<const Catalogue> catalogue) {
  return std::make_unique<postgres::StatementUnderstander>(std::move(catalogue));
}

}  // namespace libguard::command
