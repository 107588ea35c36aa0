#pragma once
// The catalogue as an index: what the names in a statement mean. Immutable after it is built, so shared by threads.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "command/postgres/sources.h"
#include "model/command.h"

namespace libguard::command::postgres {

struct Relation;
class CodeStore;

// What a view does, found by reading its definition with the same machinery (views.cpp).
struct View {
  struct Column {
    Sources sources;                   // of base tables and of the views between
    const Relation* direct = nullptr;  // the column passes this relation's column unchanged
    std::uint32_t direct_position = 0;
  };
  bool parsed = false;  // false: `columns` is coarse, everything that it depends on
  std::vector<Column> columns;
  std::vector<const Relation*> reads;  // all relations behind it, direct and through other views
  std::vector<CalledFunction> functions;
  std::vector<const CatalogueFunction*> calls;  // code of the database's users
  std::vector<const CatalogueDomain*> domains;  // whose checks run
  std::vector<std::string> doubts;
  Sources tests;                   // what decides which rows it shows
  const Relation* base = nullptr;  // the one relation a simple view selects from: DML goes there
  bool packs_rows = false;
  bool writes = false;  // cannot happen in a real view; refused when it does
};

struct Relation {
  const CatalogueRelation* entry = nullptr;  // null: without catalogue, or made earlier in the same text
  std::string schema;
  std::string name;
  std::string full;  // "schema.table"
  std::uint32_t id = 0;
  bool system = false;
  bool open = false;  // columns unknown: any name may be one
  std::vector<std::string> columns;
  std::unordered_map<std::string_view, std::uint32_t> positions;
  std::vector<std::vector<std::uint32_t>> keys;
  std::vector<const Relation*> children;
  std::vector<const Relation*> parents;
  std::unique_ptr<View> view;
  std::unordered_map<std::uint32_t, Sources> computed;  // of generated columns: what they are computed from

  // kWholeRow when there is none.
  [[nodiscard]] std::uint32_t position(std::string_view column) const;
  [[nodiscard]] bool is_view() const { return entry != nullptr && (entry->kind == 'v' || entry->kind == 'm'); }
  [[nodiscard]] const CatalogueColumn* column(std::uint32_t at) const {
    return entry != nullptr && at < entry->columns.size() ? &entry->columns[at] : nullptr;
  }
};

struct Reference {  // a foreign key, seen from the table referred to
  const Relation* from = nullptr;
  const ForeignKey* key = nullptr;
};

class Names {
 public:
  // `catalogue` may be null: an open world of plain tables.
  explicit Names(std::shared_ptr<const Catalogue> catalogue);

  [[nodiscard]] bool open_world() const { return catalogue_ == nullptr; }
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] const std::string& connection() const { return connection_; }
  [[nodiscard]] const std::vector<std::string>& search_path() const { return search_path_; }
  // Null when there is none. `schema` empty: pg_catalog, the search path, temporary relations.
  // `path`: another search path, null for the connection's own.
  using Path = std::vector<std::string>;
  [[nodiscard]] const Relation* relation(std::string_view schema, std::string_view name,
                                         const Path* path = nullptr) const;
  [[nodiscard]] const Relation& relation(std::uint32_t id) const { return *relations_[id]; }
  [[nodiscard]] std::uint32_t relation_count() const { return static_cast<std::uint32_t>(relations_.size()); }
  [[nodiscard]] const std::vector<Reference>& references_to(const Relation& relation) const;
  // User functions of this name: in `schema`, or in any schema of the search path when empty.
  [[nodiscard]] std::vector<const CatalogueFunction*> functions(std::string_view schema, std::string_view name,
                                                                const Path* path = nullptr) const;
  [[nodiscard]] bool any_function(std::string_view name) const { return functions_.contains(name); }
  [[nodiscard]] std::vector<const CatalogueOperator*> operators(std::string_view name) const;
  [[nodiscard]] std::vector<const CatalogueCast*> casts_to(std::string_view type) const;
  [[nodiscard]] bool implicit_cast(std::string_view source, std::string_view target) const;
  // Casts that call a function without being written: implicit, or on assignment.
  [[nodiscard]] const std::vector<const CatalogueCast*>& unwritten_casts() const { return unwritten_casts_; }
  [[nodiscard]] bool is_type(std::string_view schema, std::string_view name) const;
  [[nodiscard]] bool is_checked_domain(std::string_view schema, std::string_view name) const;
  // All of this "schema.name"; those with exactly these argument types alone when there are such.
  [[nodiscard]] std::vector<const CatalogueFunction*> functions_named(std::string_view full,
                                                                      const std::vector<std::string>& types) const;
  // The relation by its full name; null when there is none.
  [[nodiscard]] const Relation* relation_named(const std::string& full) const;
  [[nodiscard]] const Catalogue* catalogue() const { return catalogue_.get(); }
  [[nodiscard]] const CatalogueDomain* domain(std::string_view name) const;
  // Null while the views are read and without a catalogue.
  [[nodiscard]] const CodeStore* code() const { return code_; }
  void set_code(const CodeStore* code) { code_ = code; }
  [[nodiscard]] const std::vector<std::unique_ptr<Relation>>& relations() const { return relations_; }

 private:
  friend class ViewReader;
  friend class GeneratedReader;
  void add_relation(const CatalogueRelation& entry);
  void link();
  void add_functions();
  std::shared_ptr<const Catalogue> catalogue_;
  std::string version_;
  std::string connection_;
  std::vector<std::string> search_path_;
  std::vector<std::unique_ptr<Relation>> relations_;
  std::unordered_map<std::string_view, Relation*> by_name_;  // "schema.table"
  std::vector<Relation*> temporary_;
  std::unordered_map<std::string_view, std::vector<const CatalogueFunction*>> functions_;
  std::unordered_map<const Relation*, std::vector<Reference>> references_;
  std::vector<const CatalogueCast*> unwritten_casts_;
  const CodeStore* code_ = nullptr;
};

// "schema.name" of anything that lives outside the schemas: roles, extensions, servers ...
[[nodiscard]] std::string database_object(std::string_view name);

}  // namespace libguard::command::postgres
