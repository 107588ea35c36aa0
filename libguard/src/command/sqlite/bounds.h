#pragma once
// How surely a WHERE confines a write. `eq` is claimed by positive proof only: AND-ed equalities (or IN lists) of every
// column of a unique key with literals or parameters. A condition that could be true of every row is `tautology`.

#include "command/sqlite/analyser.h"

namespace libguard::command::sqlite {

struct Confined {
  Bound bound = Bound::none;
  std::int64_t rows = kUnproven;
  bool wide = false;  // a range, a pattern, a flag: nothing says that most rows do not satisfy it
};

// `target` is the item of `scope` that is written.
[[nodiscard]] Confined confine(const Expr* where, Scope& scope, const Item& target, Analyser& analyser,
                               const Schema& schema);

// A literal, a signed number or a parameter.
[[nodiscard]] bool is_constant(const Expr& expr);

}  // namespace libguard::command::sqlite
