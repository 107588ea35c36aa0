#pragma once
// What SQLite itself says of the catalogue's schema, after it was rebuilt in an empty database: columns, keys with
// their collations, foreign keys, and the lineage of each view. Immutable once built; shared by threads.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/sqlite_handle.h"
#include "model/catalogue.h"
#include "model/command.h"

namespace libguard::command::sqlite {

// A column as one number: relation << kColumnBits | column.
using ColumnId = std::uint32_t;
inline constexpr int kColumnBits = 12;
inline constexpr std::uint32_t kRowidColumn = 0xFFE;
inline constexpr std::uint32_t kAllColumns = 0xFFF;
// SQLite's own limit is 2,000 columns; more relations than this do not fit a ColumnId.
inline constexpr std::size_t kRelationsMax = 500'000;
[[nodiscard]] constexpr ColumnId column_id(int relation, std::uint32_t column) {
  return static_cast<ColumnId>(relation) << kColumnBits | column;
}
[[nodiscard]] constexpr int relation_of(ColumnId id) { return static_cast<int>(id >> kColumnBits); }
[[nodiscard]] constexpr std::uint32_t column_of(ColumnId id) { return id & kAllColumns; }

// Sorted, unique.
using Sources = std::vector<ColumnId>;
void merge(Sources& into, const Sources& from);
void merge(Sources& into, ColumnId id);
[[nodiscard]] bool holds(const Sources& sources, ColumnId id);  // a wildcard of the relation holds all of it

// One column of a result, a view, a subquery or a CTE.
struct OutColumn {
  std::string name;
  Sources sources;
  bool plain = false;        // exactly one column, passed through unchanged: comparing it is comparing that column
  std::uint64_t weight = 1;  // how many leaves it grows to when SQLite copies it into another query
};

// What reading something does besides giving rows.
struct Lineage {
  Sources infer;                   // tested in any way but one top-level equality
  std::vector<ColumnId> matched;   // top-level equalities with one literal or parameter, one entry for each mention
  Sources placed;                  // every column that was understood somewhere
  Sources errors;                  // could be shown by an error text
  std::set<int> relations;         // read by name
  std::set<int> behind;            // read through a view
  std::set<std::string> calls;     // functions named, without a catalogue's word on them
  std::vector<std::size_t> texts;  // tokens "x" that are text, since no such column exists
  bool packs = false;
  bool heavy = false;  // would grow without bound when SQLite expands it
  bool lost = false;   // something was not followed: believe the authorizer only
};

struct View {
  std::uint64_t cores = 1;  // queries that one use of it expands to
  std::vector<OutColumn> columns;
  Lineage lineage;
};

struct SchemaColumn {
  std::string name;
  std::string collation;
  bool not_null = false;
  bool hidden = false;  // not part of `*`
  bool generated = false;
  Sources computed{};  // generated: the columns that it is computed from
};

struct SchemaKey {
  std::vector<std::uint32_t> columns;
};

struct Relation {
  std::string name;
  char kind = 'r';  // as CatalogueRelation
  bool system = false;
  bool has_rowid = false;
  bool replaces = false;  // a constraint says ON CONFLICT REPLACE
  bool open = false;      // its columns are not known: any name is one of them (no catalogue)
  int rowid_alias = -1;   // the INTEGER PRIMARY KEY
  std::vector<SchemaColumn> columns;
  std::vector<SchemaKey> keys;
  std::vector<int> behind;  // virtual: relations that its definition names
  std::unique_ptr<View> view;
};

struct SchemaTrigger {
  std::string table;
  // How surely each (action, relation name) of its body is confined.
  std::map<std::pair<std::string, std::string>, Bound> bounds;
};

class Schema {
 public:
  // Reads `database` (a shadow, see shadow.h). Never throws for a schema that is odd: what is not followed is absent.
  Schema(sqlite3* database, const Catalogue& catalogue);
  // Without a catalogue: relations appear as they are named.
  Schema() = default;
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  [[nodiscard]] int find(std::string_view name) const;  // -1
  [[nodiscard]] const Relation& at(int relation) const { return *relations_[static_cast<std::size_t>(relation)]; }
  [[nodiscard]] std::size_t size() const { return relations_.size(); }
  // The column's id: a real column, or the rowid by one of its names; false when there is none.
  [[nodiscard]] bool column(int relation, std::string_view name, ColumnId& id) const;
  [[nodiscard]] std::string object(int relation) const;      // "main.t"
  [[nodiscard]] std::string column_name(ColumnId id) const;  // "c", "rowid" or "*"
  [[nodiscard]] std::string text(ColumnId id) const;         // "main.t.c"
  // The column, and those that it is computed from.
  [[nodiscard]] Sources with_origins(ColumnId id) const;
  [[nodiscard]] const std::vector<ForeignKey>& foreign_keys() const { return foreign_keys_; }
  [[nodiscard]] const SchemaTrigger* trigger(std::string_view name) const;
  // Of a view: computed once, when the schema is built.
  [[nodiscard]] const View* view(int relation) const;

  // For readers that work without a catalogue: adds a relation of unknown columns, or one more column to it.
  int add_open(std::string_view name);
  ColumnId add_column(int relation, std::string_view name);

 private:
  void read_relations(sqlite3* database);
  void read_columns(sqlite3* database, Relation& relation);
  void read_generated(sqlite3* database, int index);
  static void follow_generated(Relation& relation);
  void read_keys(sqlite3* database, Relation& relation);
  void read_foreign_keys(sqlite3* database, const Relation& relation);
  void read_definitions(const Catalogue& catalogue);
  void read_trigger(const std::string& name, const std::string& definition);

  std::vector<std::unique_ptr<Relation>> relations_;
  std::unordered_map<std::string, int> by_name_;             // lower case
  std::unordered_map<std::string, SchemaTrigger> triggers_;  // lower case
  std::unordered_map<std::string, std::string> view_texts_;  // lower case
  std::vector<ForeignKey> foreign_keys_;
  friend const View* compile_view(Schema& schema, int relation);
};

}  // namespace libguard::command::sqlite
