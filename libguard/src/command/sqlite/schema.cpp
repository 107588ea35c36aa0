#include "command/sqlite/schema.h"

#include <algorithm>

#include "base/sqlite_rules.h"
#include "base/text.h"
#include "command/sqlite/analyser.h"
#include "command/sqlite/lexer.h"
#include "command/sqlite/parser.h"

namespace libguard::command::sqlite {

void merge(Sources& into, ColumnId id) {
  auto at = std::lower_bound(into.begin(), into.end(), id);
  if (at == into.end() || *at != id) into.insert(at, id);
}

void merge(Sources& into, const Sources& from) {
  if (into.empty()) {
    into = from;
    return;
  }
  for (ColumnId id : from) merge(into, id);
}

bool holds(const Sources& sources, ColumnId id) {
  return std::binary_search(sources.begin(), sources.end(), id) ||
         std::binary_search(sources.begin(), sources.end(), column_id(relation_of(id), kAllColumns));
}

Schema::Schema(sqlite3* database, const Catalogue& catalogue) {
  read_relations(database);
  read_definitions(catalogue);
  for (int i = 0; i < static_cast<int>(relations_.size()); ++i) (void)compile_view(*this, i);
}

int Schema::find(std::string_view name) const {
  auto found = by_name_.find(text::lower_ascii(name));
  return found == by_name_.end() ? -1 : found->second;
}

bool Schema::column(int relation, std::string_view name, ColumnId& id) const {
  const Relation& of = at(relation);
  for (std::uint32_t i = 0; i < of.columns.size(); ++i) {
    if (!same_name(of.columns[i].name, name)) continue;
    // The column that bears a virtual table's own name stands for the whole row (FTS: `docs MATCH ...`).
    bool whole_row = of.kind == 'x' && of.columns[i].hidden;
    id = column_id(relation, whole_row ? kAllColumns : i);
    return true;
  }
  if (!of.has_rowid || !(same_name(name, "rowid") || same_name(name, "oid") || same_name(name, "_rowid_")))
    return false;
  id = column_id(relation, of.rowid_alias >= 0 ? static_cast<std::uint32_t>(of.rowid_alias) : kRowidColumn);
  return true;
}

std::string Schema::object(int relation) const { return "main." + at(relation).name; }

std::string Schema::column_name(ColumnId id) const {
  std::uint32_t column = column_of(id);
  if (column == kRowidColumn) return "rowid";
  const Relation& relation = at(relation_of(id));
  return column < relation.columns.size() ? relation.columns[column].name : "*";
}

std::string Schema::text(ColumnId id) const { return object(relation_of(id)) + "." + column_name(id); }

Sources Schema::with_origins(ColumnId id) const {
  Sources found{id};
  const Relation& relation = at(relation_of(id));
  if (column_of(id) < relation.columns.size()) merge(found, relation.columns[column_of(id)].computed);
  return found;
}

const SchemaTrigger* Schema::trigger(std::string_view name) const {
  auto found = triggers_.find(text::lower_ascii(name));
  return found == triggers_.end() ? nullptr : &found->second;
}

const View* Schema::view(int relation) const { return at(relation).view.get(); }

int Schema::add_open(std::string_view name) {
  int known = find(name);
  if (known >= 0) return known;
  auto relation = std::make_unique<Relation>();
  relation->name = std::string(name);
  relation->open = true;
  relation->system = libguard::sqlite::is_system_table(name);
  by_name_.emplace(text::lower_ascii(name), static_cast<int>(relations_.size()));
  relations_.push_back(std::move(relation));
  return static_cast<int>(relations_.size()) - 1;
}

ColumnId Schema::add_column(int relation, std::string_view name) {
  Relation& of = *relations_[static_cast<std::size_t>(relation)];
  for (std::uint32_t i = 0; i < of.columns.size(); ++i) {
    if (same_name(of.columns[i].name, name)) return column_id(relation, i);
  }
  if (of.columns.size() >= kRowidColumn) return column_id(relation, kAllColumns);
  of.columns.push_back({std::string(name), "BINARY", false, false, false});
  return column_id(relation, static_cast<std::uint32_t>(of.columns.size() - 1));
}

void Schema::read_relations(sqlite3* database) {
  libguard::sqlite::Statement list =
      libguard::sqlite::prepare(database, "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'");
  while (libguard::sqlite::step(database, list.get()) && relations_.size() < kRelationsMax) {
    auto relation = std::make_unique<Relation>();
    relation->name = libguard::sqlite::column_text(list.get(), 0);
    std::string type = libguard::sqlite::column_text(list.get(), 1);
    relation->kind = type == "view" ? 'v' : type == "virtual" ? 'x' : type == "shadow" ? 's' : 'r';
    relation->system = relation->kind == 's' || libguard::sqlite::is_system_table(relation->name);
    relation->has_rowid = relation->kind != 'v' && sqlite3_column_int(list.get(), 2) == 0;
    relations_.push_back(std::move(relation));
  }
  for (std::size_t i = 0; i < relations_.size(); ++i) {
    Relation& relation = *relations_[i];
    by_name_.emplace(text::lower_ascii(relation.name), static_cast<int>(i));
    read_columns(database, relation);
    if (relation.kind == 'v' || relation.kind == 'x') continue;
    read_keys(database, relation);
    read_foreign_keys(database, relation);
  }
  // The schema table answers to four names.
  if (int schema = find("sqlite_schema"); schema >= 0) by_name_.emplace("sqlite_master", schema);
}

void Schema::read_columns(sqlite3* database, Relation& relation) {
  libguard::sqlite::Statement info =
      libguard::sqlite::prepare(database, "SELECT name, hidden FROM pragma_table_xinfo(?)");
  libguard::sqlite::bind(database, info.get(), 1, std::string_view(relation.name));
  // A view over something that is gone has no columns; using it fails in SQLite as well.
  while (sqlite3_step(info.get()) == SQLITE_ROW) {
    SchemaColumn column;
    column.name = libguard::sqlite::column_text(info.get(), 0);
    column.hidden = sqlite3_column_int(info.get(), 1) == 1;
    column.generated = sqlite3_column_int(info.get(), 1) >= 2;
    const char* collation = nullptr;
    int not_null = 0;
    if (sqlite3_table_column_metadata(database, "main", relation.name.c_str(), column.name.c_str(), nullptr, &collation,
                                      &not_null, nullptr, nullptr) == SQLITE_OK) {
      column.collation = collation == nullptr ? "BINARY" : collation;
      column.not_null = not_null != 0;
    }
    relation.columns.push_back(std::move(column));
  }
  const bool generated = std::any_of(relation.columns.begin(), relation.columns.end(),
                                     [](const SchemaColumn& column) { return column.generated; });
  if (generated) read_generated(database, find(relation.name));
}

// Unique indexes whose collations are those of their columns: only then does `column = value` name one row.
void Schema::read_keys(sqlite3* database, Relation& relation) {
  libguard::sqlite::Statement primary =
      libguard::sqlite::prepare(database, "SELECT cid FROM pragma_table_xinfo(?) WHERE pk > 0");
  libguard::sqlite::bind(database, primary.get(), 1, std::string_view(relation.name));
  std::vector<std::uint32_t> primary_columns;
  while (libguard::sqlite::step(database, primary.get())) {
    primary_columns.push_back(static_cast<std::uint32_t>(sqlite3_column_int(primary.get(), 0)));
  }
  bool primary_index = false;
  libguard::sqlite::Statement indexes = libguard::sqlite::prepare(
      database, "SELECT name, origin FROM pragma_index_list(?) WHERE \"unique\" = 1 AND partial = 0");
  libguard::sqlite::bind(database, indexes.get(), 1, std::string_view(relation.name));
  while (libguard::sqlite::step(database, indexes.get())) {
    primary_index = primary_index || libguard::sqlite::column_text(indexes.get(), 1) == "pk";
    libguard::sqlite::Statement parts =
        libguard::sqlite::prepare(database, "SELECT cid, coll FROM pragma_index_xinfo(?) WHERE key = 1");
    libguard::sqlite::bind(database, parts.get(), 1, std::string_view(libguard::sqlite::column_text(indexes.get(), 0)));
    SchemaKey key;
    bool plain = true;
    while (libguard::sqlite::step(database, parts.get())) {
      int column = sqlite3_column_int(parts.get(), 0);
      plain = plain && column >= 0 && static_cast<std::size_t>(column) < relation.columns.size() &&
              same_name(relation.columns[static_cast<std::size_t>(column)].collation,
                        libguard::sqlite::column_text(parts.get(), 1));
      key.columns.push_back(static_cast<std::uint32_t>(column));
    }
    if (plain && !key.columns.empty()) relation.keys.push_back(std::move(key));
  }
  if (relation.has_rowid && !primary_index && primary_columns.size() == 1) {
    relation.rowid_alias = static_cast<int>(primary_columns[0]);
    relation.columns[primary_columns[0]].not_null = true;
  }
  if (relation.has_rowid) {
    std::uint32_t rowid = relation.rowid_alias >= 0 ? static_cast<std::uint32_t>(relation.rowid_alias) : kRowidColumn;
    relation.keys.push_back({{rowid}});
  }
}

void Schema::read_foreign_keys(sqlite3* database, const Relation& relation) {
  libguard::sqlite::Statement list = libguard::sqlite::prepare(
      database,
      "SELECT id, \"table\", \"from\", \"to\", on_delete, on_update FROM pragma_foreign_key_list(?) ORDER BY id, seq");
  libguard::sqlite::bind(database, list.get(), 1, std::string_view(relation.name));
  int last = -1;
  while (libguard::sqlite::step(database, list.get())) {
    int id = sqlite3_column_int(list.get(), 0);
    if (id != last) {
      ForeignKey& key = foreign_keys_.emplace_back();
      key.from = relation.name;
      key.to = libguard::sqlite::column_text(list.get(), 1);
      key.on_delete = text::lower_ascii(libguard::sqlite::column_text(list.get(), 4));
      key.on_update = text::lower_ascii(libguard::sqlite::column_text(list.get(), 5));
    }
    last = id;
    foreign_keys_.back().columns.push_back(libguard::sqlite::column_text(list.get(), 2));
    foreign_keys_.back().referenced.push_back(libguard::sqlite::column_text(list.get(), 3));
  }
}

namespace {

bool says_replace(const Lexed& lexed) {
  for (std::size_t i = 0; i + 2 < lexed.tokens.size(); ++i) {
    if (same_name(lexed.tokens[i].text, "ON") && same_name(lexed.tokens[i + 1].text, "CONFLICT") &&
        same_name(lexed.tokens[i + 2].text, "REPLACE")) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Schema::read_definitions(const Catalogue& catalogue) {
  for (const CatalogueRelation& entry : catalogue.relations) {
    if (entry.kind == 'T') read_trigger(entry.name, entry.definition);
    int index = find(entry.name);
    if (index < 0 || entry.definition.empty() || entry.kind == 'T' || entry.kind == 'i') continue;
    Relation& relation = *relations_[static_cast<std::size_t>(index)];
    if (relation.kind == 'v') view_texts_[text::lower_ascii(entry.name)] = entry.definition;
    Lexed lexed = lex(entry.definition);
    relation.replaces = relation.kind == 'r' && (!lexed.ok || says_replace(lexed));
    if (relation.kind != 'x') continue;
    // content='customers', fts5vocab(docs): whatever a virtual table's definition names may lie behind it.
    for (const Token& token : lexed.tokens) {
      int named = find(name_of(token));
      if (named >= 0 && named != index) relation.behind.push_back(named);
    }
  }
}

void Schema::read_trigger(const std::string& name, const std::string& definition) {
  SchemaTrigger& trigger = triggers_[text::lower_ascii(name)];
  Lexed lexed = lex(definition);
  TriggerText read;
  if (!lexed.ok || lexed.too_deep || !parse_trigger(lexed, 0, lexed.tokens.size() - 1, read)) return;
  trigger.table = read.table;
  for (const auto& ast : read.statements) {
    const Statement& statement = ast->statement;
    if (statement.kind != Statement::Kind::update && statement.kind != Statement::Kind::remove) continue;
    std::string action = statement.kind == Statement::Kind::update ? "update" : "delete";
    // A condition of a trigger's own body is its author's; it restricts, but it names no key that we were shown.
    Bound bound = statement.where == nullptr ? Bound::none : Bound::weak;
    auto [entry, fresh] = trigger.bounds.emplace(std::pair(action, text::lower_ascii(statement.table)), bound);
    if (!fresh) entry->second = std::min(entry->second, bound);
  }
}

}  // namespace libguard::command::sqlite
