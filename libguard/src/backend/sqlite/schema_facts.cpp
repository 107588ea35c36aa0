#include "backend/sqlite/schema_facts.h"

#include <vector>

#include "base/crypto.h"
#include "base/sqlite_handle.h"
#include "base/text.h"

namespace libguard::backend::sqlite {
namespace {

using libguard::sqlite::column_text;
using libguard::sqlite::prepare;
using libguard::sqlite::Statement;
using libguard::sqlite::step;

// SQLite names a shadow table after its virtual table, "docs_content"; of several candidates the longest is the owner.
std::string owner_of(const std::string& shadow, const std::vector<std::string>& virtual_tables) {
  std::string owner;
  for (const std::string& table : virtual_tables) {
    if (shadow.starts_with(table + "_") && table.size() > owner.size()) owner = table;
  }
  return owner;
}

void read_relations(sqlite3* database, SchemaFacts& facts) {
  std::vector<std::string> virtual_tables;
  std::vector<std::string> shadows;
  Statement list = prepare(database, "SELECT name, type FROM pragma_table_list WHERE schema = 'main'");
  while (step(database, list.get())) {
    std::string name = text::lower_ascii(column_text(list.get(), 0));
    const std::string type = column_text(list.get(), 1);
    if (type == "virtual") virtual_tables.push_back(name);
    if (type == "shadow") shadows.push_back(name);
    facts.relations.insert(std::move(name));
  }
  for (const std::string& shadow : shadows) facts.shadow_owner[shadow] = owner_of(shadow, virtual_tables);
}

void read_foreign_keys(sqlite3* database, SchemaFacts& facts) {
  Statement list = prepare(database,
                           "SELECT m.name, f.\"table\" FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f"
                           " WHERE m.type = 'table'");
  while (step(database, list.get())) {
    const std::string from = text::lower_ascii(column_text(list.get(), 0));
    const std::string to = text::lower_ascii(column_text(list.get(), 1));
    facts.foreign_keys[from].insert(to);
    facts.foreign_keys[to].insert(from);
  }
}

}  // namespace

std::string schema_version_of(sqlite3* database) {
  crypto::FieldHash hash;
  hash.field("libguard sqlite schema 1");
  Statement rows =
      prepare(database, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, tbl_name, sql");
  while (step(database, rows.get())) {
    for (int column = 0; column < 4; ++column) hash.field(column_text(rows.get(), column));
  }
  return crypto::hex(hash.finish());
}

std::shared_ptr<const SchemaFacts> read_schema_facts(sqlite3* database) {
  auto facts = std::make_shared<SchemaFacts>();
  facts->version = schema_version_of(database);
  read_relations(database, *facts);
  read_foreign_keys(database, *facts);
  return facts;
}

}  // namespace libguard::backend::sqlite
