#pragma once
// Turns the text of a command into facts. One Understander per catalogue snapshot; thread-safe, with a bounded cache
// keyed by text (the catalogue is fixed). Never throws for what an agent wrote: a text that is not understood is a
// Command with understood == false and a reason.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/command.h"

namespace libguard::command {

class Understander {
 public:
  virtual ~Understander() = default;
  // `params` decide nothing but `assigned` and `rows_bound`; placeholders are the backend's own ($1 / ?, ?1, :a, @a,
  // $a). The shared result holds text and params. A cached hit costs at most a microsecond or two.
  [[nodiscard]] virtual std::shared_ptr<const Command> understand(std::string_view sql,
                                                                  std::span<const Value> params) const = 0;
};

// PostgreSQL 13-18 through libpg_query 18's raw tree and the catalogue.
[[nodiscard]] std::unique_ptr<Understander> postgres_understander(std::shared_ptr<const Catalogue> catalogue);
// SQLite 3.40+: an empty in-memory database with the catalogue's schema and an authorizer says what, our own lexer and
// predicate reader say how.
[[nodiscard]] std::unique_ptr<Understander> sqlite_understander(std::shared_ptr<const Catalogue> catalogue);
// By the catalogue's dialect.
[[nodiscard]] std::unique_ptr<Understander> make_understander(std::shared_ptr<const Catalogue> catalogue);
// `--dialect` alone: built-ins resolve, names count as plain tables of `public` / `main` with unknown columns, doubts
// says "no_catalogue".
[[nodiscard]] std::unique_ptr<Understander> understander_without_catalogue(Dialect dialect);

}  // namespace libguard::command
