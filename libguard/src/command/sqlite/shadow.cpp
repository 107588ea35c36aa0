#include "command/sqlite/shadow.h"

#include "base/sqlite_rules.h"
#include "base/text.h"

namespace libguard::command::sqlite {
namespace {

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (char c : name) {
    out += c;
    if (c == '"') out += c;
  }
  return out + '"';
}

// For a catalogue written by hand: a table without its CREATE statement.
std::string create_table(const CatalogueRelation& relation) {
  std::string sql = "CREATE TABLE " + quoted(relation.name) + "(";
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    const CatalogueColumn& column = relation.columns[i];
    sql += (i == 0 ? "" : ", ") + quoted(column.name);
    if (!column.type.empty()) sql += " " + quoted(column.type);
    if (column.not_null) sql += " NOT NULL";
  }
  for (const CatalogueKey& key : relation.keys) {
    sql += ", UNIQUE(";
    for (std::size_t i = 0; i < key.columns.size(); ++i) sql += (i == 0 ? "" : ", ") + quoted(key.columns[i]);
    sql += ")";
  }
  return sql + ")";
}

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

}  // namespace

Shadow::Shadow(const Catalogue& catalogue)
    : database_(libguard::sqlite::open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX)) {
  libguard::sqlite::harden(database_.get());
  // Virtual tables first: each makes its own shadow tables, and those in the catalogue then exist already.
  for (char kind : {'x', 'r', 'i', 'v', 'T'}) build(catalogue, kind);
  // The first use of a table function declares it, which would look like a write to the schema.
  for (const char* warm : {"SELECT 1 FROM json_each('[]')", "SELECT 1 FROM json_tree('[]')"}) (void)prepare(warm);
  for (const char* warm : {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list"}) {
    (void)prepare(std::string("SELECT 1 FROM pragma_") + warm + "('t')");
  }
  sqlite3_set_authorizer(database_.get(), &Shadow::authorize, this);
}

void Shadow::build(const Catalogue& catalogue, char kind) {
  for (const CatalogueRelation& relation : catalogue.relations) {
    if (relation.kind != kind || relation.schema != "main" || libguard::sqlite::is_system_table(relation.name))
      continue;
    bool made = create(relation.definition.empty() && kind == 'r' ? create_table(relation) : relation.definition);
    if (!made && kind == 'T') triggers_complete_ = false;
  }
}

// One CREATE statement and nothing after it: a definition comes from a file that somebody may have edited.
bool Shadow::create(const std::string& sql) {
  if (sql.size() < 6 || text::lower_ascii(sql.substr(0, 6)) != "create") return false;
  sqlite3_stmt* raw = nullptr;
  int result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), 0, &raw, nullptr);
  libguard::sqlite::Statement statement(raw);
  return result == SQLITE_OK && raw != nullptr && sqlite3_step(raw) == SQLITE_DONE;
}

Prepared Shadow::prepare(std::string_view sql) {
  touched_.clear();
  Prepared out;
  sqlite3_stmt* raw = nullptr;
  const char* tail = sql.data();
  out.result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), 0, &raw, &tail);
  out.statement.reset(raw);
  out.consumed = static_cast<std::size_t>(tail - sql.data());
  if (out.result != SQLITE_OK) out.error = text_or_empty(sqlite3_errmsg(database_.get()));
  return out;
}

// Nothing is ever stepped here, so what only acts when stepped may be prepared; a PRAGMA may act at once.
int Shadow::authorize(void* self, int action, const char* first, const char* second, const char* schema,
                      const char* context) {
  auto& shadow = *static_cast<Shadow*>(self);
  bool harmless = action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT;
  if (!harmless && !libguard::sqlite::may_run(action, first, second)) return SQLITE_DENY;
  if (action == SQLITE_SELECT) return SQLITE_OK;
  try {
    shadow.touched_.push_back(
        {action, text_or_empty(first), text_or_empty(second), text_or_empty(schema), text_or_empty(context)});
  } catch (...) {
    return SQLITE_DENY;  // out of memory must not cross C, nor hide a touch
  }
  return SQLITE_OK;
}

std::unique_ptr<Shadow> ShadowPool::take() {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Shadow> shadow = std::move(free_.back());
      free_.pop_back();
      return shadow;
    }
  }
  return std::make_unique<Shadow>(*catalogue_);
}

void ShadowPool::give_back(std::unique_ptr<Shadow> shadow) {
  std::lock_guard lock(mutex_);
  if (free_.size() < kKeptMax) free_.push_back(std::move(shadow));
}

}  // namespace libguard::command::sqlite
