// Which half understands a text: decided by the dialect of the catalogue, never by how the text looks.
#include "command/postgres/postgres.h"
#include "command/sqlite/sqlite.h"
#include "libguard/error.h"

namespace libguard::command {

std::unique_ptr<Understander> make_understander(std::shared_ptr<const Catalogue> catalogue) {
  if (catalogue == nullptr) throw Error(ErrorKind::internal, "catalogue.missing", "a command needs a catalogue");
  return catalogue->dialect == Dialect::sqlite ? sqlite_understander(std::move(catalogue))
                                               : postgres_understander(std::move(catalogue));
}

std::unique_ptr<Understander> understander_without_catalogue(Dialect dialect) {
  return dialect == Dialect::sqlite ? sqlite_understander_without_catalogue()
                                    : postgres_understander_without_catalogue();
}

}  // namespace libguard::command
