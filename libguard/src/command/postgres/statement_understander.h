#pragma once
// The Understander of PostgreSQL: limits, parse, analysis, and a bounded cache of what does not depend on parameters.

#include <memory>

#include "command/postgres/names.h"
#include "command/postgres/statement_cache.h"
#include "command/understander.h"

namespace libguard::command::postgres {

class StatementUnderstander final : public Understander {
 public:
  // Null: names count as plain tables of `public`.
  explicit StatementUnderstander(std::shared_ptr<const Catalogue> catalogue);
  ~StatementUnderstander() override;
  [[nodiscard]] std::shared_ptr<const Command> understand(std::string_view sql,
                                                          std::span<const Value> params) const override;

 private:
  [[nodiscard]] std::shared_ptr<Understood> read(std::string_view sql, std::span<const Value> params) const;
  Names names_;
  std::unique_ptr<CodeStore> code_;
  mutable StatementCache cache_;
};

}  // namespace libguard::command::postgres
