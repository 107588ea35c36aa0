#pragma once
// The catalogue out of a server's system tables, in the caller's transaction.

#include <cstdint>
#include <pqxx/pqxx>
#include <string>
#include <unordered_map>

#include "backend/postgres/postgres_backend.h"
#include "model/catalogue.h"

namespace libguard::backend::postgres {

// For one use. Throws what libpqxx throws, and Error(internal, "catalogue.malformed").
class CatalogueReader {
 public:
  CatalogueReader(pqxx::transaction_base& transaction, const PostgresConfig& config);

  [[nodiscard]] Catalogue read();
  // Is the server still as it was when this was loaded? What the version covers is not looked at.
  [[nodiscard]] bool on_same_server(const Catalogue& known);

 private:
  [[nodiscard]] pqxx::result of_loaded(const char* query);
  [[nodiscard]] CatalogueRelation* relation(const pqxx::field& oid);
  void relations();
  void columns();
  void keys();
  void triggers();
  void expressions();
  void edges();
  void foreign_keys();
  void functions();
  void operators_and_casts();
  void types();
  void server();

  pqxx::transaction_base& transaction_;
  std::string loaded_;  // the query of the relations that are loaded, which the others start with
  Catalogue catalogue_;
  std::unordered_map<std::int64_t, std::size_t> by_oid_;
};

}  // namespace libguard::backend::postgres
