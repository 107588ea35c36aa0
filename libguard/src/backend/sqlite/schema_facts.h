#pragma once
// What a handle remembers of the schema it last saw: its digest, which is the catalogue's version, and what the gate
// needs to know of names.

#include <map>
#include <memory>
#include <set>
#include <string>

struct sqlite3;

namespace libguard::backend::sqlite {

// All names in lower case.
struct SchemaFacts {
  std::string version;                                        // SHA-256 over sqlite_schema, in hexadecimal
  std::set<std::string> relations;                            // tables, views, virtual and shadow tables
  std::map<std::string, std::string> shadow_owner;            // shadow table -> its virtual table
  std::map<std::string, std::set<std::string>> foreign_keys;  // table -> tables it refers to, and that refer to it
};

// Inside a transaction of `database`. Throws Error as base/sqlite_handle.h does.
[[nodiscard]] std::string schema_version_of(sqlite3* database);
[[nodiscard]] std::shared_ptr<const SchemaFacts> read_schema_facts(sqlite3* database);

}  // namespace libguard::backend::sqlite
