#include "backend/sqlite/catalogue_loader.h"

#include <sqlite3.h>

#include <algorithm>
#include <map>

#include "base/sqlite_handle.h"
#include "base/sqlite_rules.h"
#include "base/text.h"

namespace libguard::backend::sqlite {
namespace {

using libguard::sqlite::bind;
using libguard::sqlite::column_text;
using libguard::sqlite::prepare;
using libguard::sqlite::Statement;
using libguard::sqlite::step;
using text::lower_ascii;

std::string object(const std::string& name) { return "main." + name; }

class Loader {
 public:
  explicit Loader(sqlite3* database) : database_(database) {}

  Catalogue load(std::string version) {
    catalogue_.dialect = Dialect::sqlite;
    catalogue_.version = std::move(version);
    catalogue_.server_version = sqlite3_libversion();
    read_types();
    read_schema();
    for (CatalogueRelation& relation : catalogue_.relations) {
      if (relation.kind == 'T' || relation.kind == 'i') continue;
      read_columns(relation);
      if (relation.kind == 'v') continue;
      read_keys(relation);
    }
    read_foreign_keys();
    attach_triggers();
    read_options();
    return std::move(catalogue_);
  }

 private:
  Statement about(const char* sql, const std::string& name) {
    Statement statement = prepare(database_, sql);
    bind(database_, statement.get(), 1, std::string_view(name));
    return statement;
  }

  // SQLite's own word on what a table is: "table", "view", "virtual" or "shadow".
  void read_types() {
    Statement list = prepare(database_, "SELECT name, type FROM pragma_table_list WHERE schema = 'main'");
    while (step(database_, list.get())) types_[lower_ascii(column_text(list.get(), 0))] = column_text(list.get(), 1);
  }

  char kind_of(const std::string& type, const std::string& name) const {
    if (type == "index") return 'i';
    if (type == "trigger") return 'T';
    if (type == "view") return 'v';
    auto known = types_.find(lower_ascii(name));
    if (known == types_.end()) return 'r';
    return known->second == "virtual" ? 'x' : known->second == "shadow" ? 's' : 'r';
  }

  void read_schema() {
    CatalogueRelation schema;
    schema.schema = "main";
    schema.name = "sqlite_schema";
    schema.system = true;
    catalogue_.relations.push_back(std::move(schema));
    Statement rows = prepare(database_, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid");
    while (step(database_, rows.get())) {
      const std::string type = column_text(rows.get(), 0);
      CatalogueRelation relation;
      relation.schema = "main";
      relation.name = column_text(rows.get(), 1);
      relation.definition = column_text(rows.get(), 3);
      relation.kind = kind_of(type, relation.name);
      relation.system = relation.kind == 's' || libguard::sqlite::is_system_table(relation.name);
      if (type == "index" || type == "trigger") relation.depends.push_back(object(column_text(rows.get(), 2)));
      // The automatic indexes of a constraint have no statement of their own; they show as keys.
      if (type == "index" && relation.definition.empty()) continue;
      catalogue_.relations.push_back(std::move(relation));
    }
  }

  // A broken view cannot say its columns; it cannot be used either, so it is listed without.
  void read_columns(CatalogueRelation& relation) {
    Statement info =
        about("SELECT cid, name, type, \"notnull\", dflt_value IS NOT NULL, hidden FROM pragma_table_xinfo(?1)",
              relation.name);
    while (sqlite3_step(info.get()) == SQLITE_ROW) {
      CatalogueColumn column;
      column.number = static_cast<std::int16_t>(sqlite3_column_int(info.get(), 0) + 1);
      column.name = column_text(info.get(), 1);
      column.type = column_text(info.get(), 2);
      column.not_null = sqlite3_column_int(info.get(), 3) != 0;
      const int hidden = sqlite3_column_int(info.get(), 5);
      column.generated = hidden == 2 || hidden == 3;
      column.has_default = sqlite3_column_int(info.get(), 4) != 0 || column.generated;
      relation.columns.push_back(std::move(column));
    }
  }

  const char* collation_of(const std::string& table, const std::string& column) {
    const char* collation = nullptr;
    int result = sqlite3_table_column_metadata(database_, "main", table.c_str(), column.c_str(), nullptr, &collation,
                                               nullptr, nullptr, nullptr);
    return result == SQLITE_OK && collation != nullptr ? collation : "BINARY";
  }

  // `column = value` compares by the column's collation; only an index that tells apart no more than that names one
  // row.
  bool same_collation(const std::string& table, const std::string& column, const std::string& of_index) {
    const std::string of_column = lower_ascii(collation_of(table, column));
    return of_column == lower_ascii(of_index) || of_column == "binary";
  }

  void read_keys(CatalogueRelation& relation) {
    std::vector<std::string> primary = primary_key(relation);
    bool primary_index = false;
    Statement indexes =
        about("SELECT name, origin FROM pragma_index_list(?1) WHERE \"unique\" = 1 AND partial = 0", relation.name);
    while (sqlite3_step(indexes.get()) == SQLITE_ROW) {
      primary_index = primary_index || column_text(indexes.get(), 1) == "pk";
      read_index(relation, column_text(indexes.get(), 0));
    }
    // No index of its own: the INTEGER PRIMARY KEY is the rowid and never NULL.
    if (!primary.empty() && !primary_index) relation.keys.push_back({primary, true});
  }

  void read_index(CatalogueRelation& relation, const std::string& index) {
    CatalogueKey key;
    key.not_null = true;
    Statement parts = about("SELECT cid, name, coll FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno", index);
    while (step(database_, parts.get())) {
      // -2 is an expression, which names no column; -1 the rowid.
      if (sqlite3_column_int(parts.get(), 0) < 0) return;
      const std::string name = column_text(parts.get(), 1);
      if (!same_collation(relation.name, name, column_text(parts.get(), 2))) return;
      auto column =
          std::find_if(relation.columns.begin(), relation.columns.end(), [&](const auto& c) { return c.name == name; });
      key.not_null = key.not_null && column != relation.columns.end() && column->not_null;
      key.columns.push_back(name);
    }
    if (!key.columns.empty()) relation.keys.push_back(std::move(key));
  }

  std::vector<std::string> primary_key(const CatalogueRelation& relation) {
    std::vector<std::string> columns;
    Statement info = about("SELECT name FROM pragma_table_xinfo(?1) WHERE pk > 0 ORDER BY pk", relation.name);
    while (sqlite3_step(info.get()) == SQLITE_ROW) columns.push_back(column_text(info.get(), 0));
    return columns;
  }

  void read_foreign_keys() {
    for (const CatalogueRelation& relation : catalogue_.relations) {
      if (relation.kind != 'r') continue;
      Statement list = about(
          "SELECT id, \"table\", \"from\", \"to\", on_delete, on_update FROM pragma_foreign_key_list(?1) ORDER BY id, "
          "seq",
          relation.name);
      int last = -1;
      while (step(database_, list.get())) {
        if (int id = sqlite3_column_int(list.get(), 0); id != last) {
          last = id;
          ForeignKey& key = catalogue_.foreign_keys.emplace_back();
          key.from = object(relation.name);
          key.to = object(column_text(list.get(), 1));
          key.on_delete = lower_ascii(column_text(list.get(), 4));
          key.on_update = lower_ascii(column_text(list.get(), 5));
        }
        add_pair(catalogue_.foreign_keys.back(), column_text(list.get(), 1), column_text(list.get(), 2),
                 column_text(list.get(), 3));
      }
    }
  }

  // A foreign key that names no columns refers to the primary key.
  void add_pair(ForeignKey& key, const std::string& parent, const std::string& from, std::string to) {
    if (to.empty()) {
      auto relation = std::find_if(catalogue_.relations.begin(), catalogue_.relations.end(), [&](const auto& r) {
        return lower_ascii(r.name) == lower_ascii(parent) && r.kind == 'r';
      });
      if (relation != catalogue_.relations.end()) {
        std::vector<std::string> primary = primary_key(*relation);
        if (key.columns.size() < primary.size()) to = primary[key.columns.size()];
      }
    }
    key.columns.push_back(from);
    key.referenced.push_back(std::move(to));
  }

  void attach_triggers() {
    std::map<std::string, CatalogueRelation*> by_object;
    for (CatalogueRelation& relation : catalogue_.relations) {
      if (relation.kind != 'T' && relation.kind != 'i') by_object[lower_ascii(object(relation.name))] = &relation;
    }
    for (const CatalogueRelation& relation : catalogue_.relations) {
      if (relation.kind != 'T') continue;
      auto table = by_object.find(lower_ascii(relation.depends.front()));
      if (table == by_object.end()) continue;
      CatalogueTrigger& trigger = table->second->triggers.emplace_back();
      trigger.name = relation.name;
      trigger.events = trigger_events(relation.definition);
    }
  }

  void read_options() {
    for (const char* pragma : {"foreign_keys", "recursive_triggers"}) {
      Statement setting = prepare(database_, std::string("PRAGMA ") + pragma);
      const bool on = step(database_, setting.get()) && sqlite3_column_int(setting.get(), 0) != 0;
      catalogue_.server_options.push_back(std::string(pragma) + (on ? "=on" : "=off"));
    }
  }

  sqlite3* database_;
  Catalogue catalogue_;
  std::map<std::string, std::string> types_;
};

}  // namespace

std::shared_ptr<const Catalogue> load_catalogue(sqlite3* database, std::string version) {
  return std::make_shared<const Catalogue>(Loader(database).load(std::move(version)));
}

}  // namespace libguard::backend::sqlite
