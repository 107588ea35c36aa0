#include "backend/sqlite/gate.h"

#include <sqlite3.h>

#include <algorithm>

#include "base/sqlite_rules.h"
#include "base/text.h"

namespace libguard::backend::sqlite {
namespace {

using text::lower_ascii;

int on_ask(void* self, int action, const char* first, const char* second, const char* schema, const char*) {
  return static_cast<Gate*>(self)->ask(action, first, second, schema) ? SQLITE_OK : SQLITE_DENY;
}

std::string_view view(const char* text) noexcept { return text == nullptr ? std::string_view() : text; }

// The schema table answers to four names; SQLite's authorizer and the catalogue use different ones.
std::string table_name(std::string_view name) {
  std::string lower = lower_ascii(name);
  if (lower == "sqlite_master" || lower == "sqlite_temp_master" || lower == "sqlite_temp_schema")
    return "sqlite_schema";
  return lower;
}

std::string object_of(std::string_view schema, const std::string& table) {
  return (schema.empty() ? "main" : lower_ascii(schema)) + "." + table;
}

std::string normal(const std::string& object) {
  const auto dot = object.find('.');
  if (dot == std::string::npos) return object_of("", table_name(object));
  return object_of(object.substr(0, dot), table_name(std::string_view(object).substr(dot + 1)));
}

bool is_definition(int action) {
  switch (action) {
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_VIEW:
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW:
    case SQLITE_DROP_VTABLE:
    case SQLITE_ALTER_TABLE:
    case SQLITE_ANALYZE:
      return true;
    default:
      return false;
  }
}

// Temporary objects outlive the action on a pooled handle and would shadow the tables of the next one.
bool is_temporary(int action, std::string_view schema) {
  switch (action) {
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_DROP_TEMP_INDEX:
    case SQLITE_DROP_TEMP_TABLE:
    case SQLITE_DROP_TEMP_TRIGGER:
    case SQLITE_DROP_TEMP_VIEW:
      return true;
    default:
      return lower_ascii(schema) == "temp";
  }
}

// Table functions that only read their argument.
bool is_pure_table_function(const std::string& name) { return name == "json_each" || name == "json_tree"; }

}  // namespace

Gate::Gate(sqlite3* database, const Command& command, std::shared_ptr<const SchemaFacts> facts)
    : database_(database), effect_(command.effect), facts_(std::move(facts)) {
  for (const Touch& touch : command.touches) touched_[normal(touch.object)].insert(touch.action);
  for (const std::string& object : command.reads) touched_[normal(object)].insert("select");
  for (const CalledFunction& function : command.functions) functions_.insert(lower_ascii(function.name));
  sqlite3_set_authorizer(database_, on_ask, this);
}

Gate::~Gate() { sqlite3_set_authorizer(database_, nullptr, nullptr); }

bool Gate::changes_structure() const { return effect_ == CommandEffect::ddl || effect_ == CommandEffect::maintenance; }

bool Gate::ask(int action, const char* first, const char* second, const char* schema) noexcept {
  try {
    if (running_ && may_while_running(action, view(first), view(schema))) return true;
    // ALTER TABLE also looks through the schema of temporary objects, of which there are none.
    const bool temporary =
        is_temporary(action, view(schema)) && !(changes_structure() && libguard::sqlite::is_system_table(view(first)));
    if (!running_ && (!libguard::sqlite::may_run(action, first, second) || temporary)) {
      // A virtual table asks for these itself, while it is opened.
      if (may_while_running(action, view(first), view(schema))) return true;
      refusal_ = Refusal::forbidden;
      return false;
    }
    if (!running_ && may(action, view(first), view(second), view(schema))) return true;
  } catch (...) {
  }
  refusal_ = Refusal::beyond;
  return false;
}

bool Gate::may(int action, std::string_view first, std::string_view second, std::string_view schema) const {
  // CREATE INDEX shows as REINDEX too; it changes no row and nothing that is permitted.
  if (action == SQLITE_REINDEX) return changes_structure();
  if (is_definition(action)) return changes_structure() && may_define(first, second, schema);
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
    case SQLITE_PRAGMA:
      return true;  // base/sqlite_rules.h allowed this one
    case SQLITE_READ:
      return may_read(table_name(first), second, schema);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      return may_write(action, table_name(first), schema);
    case SQLITE_FUNCTION:
      return may_call(second);
    default:
      return false;
  }
}

// What SQLite compiles during a run for its own sake: the statements of a virtual table, and ANALYZE's look at its
// result.
bool Gate::may_while_running(int action, std::string_view first, std::string_view schema) const {
  const std::string table = table_name(first);
  const bool own_virtual = std::any_of(facts_->shadow_owner.begin(), facts_->shadow_owner.end(),
                                       [&](const auto& entry) { return touched_.contains("main." + entry.second); });
  switch (action) {
    case SQLITE_SELECT:
      return own_virtual || effect_ == CommandEffect::maintenance;
    case SQLITE_READ:
      return shadow_of_touched(table, false) || owns_shadows(table) ||
             (effect_ == CommandEffect::maintenance && table.starts_with("sqlite_stat"));
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      return lower_ascii(schema) == "main" && shadow_of_touched(table, true);
    case SQLITE_FUNCTION:
      return own_virtual && running_;
    case SQLITE_PRAGMA:
      return own_virtual && (table == "data_version" || table == "page_size");
    default:
      return false;
  }
}

// FTS5 sorts by rank with a statement over the table itself.
bool Gate::owns_shadows(const std::string& table) const {
  return touched_.contains("main." + table) && std::any_of(facts_->shadow_owner.begin(), facts_->shadow_owner.end(),
                                                           [&](const auto& entry) { return entry.second == table; });
}

bool Gate::shadow_of_touched(const std::string& table, bool write) const {
  auto owner = facts_->shadow_owner.find(table);
  if (owner == facts_->shadow_owner.end()) return false;
  auto touched = touched_.find("main." + owner->second);
  if (touched == touched_.end()) return false;
  return !write || std::any_of(touched->second.begin(), touched->second.end(),
                               [](const std::string& a) { return a != "select"; });
}

// SQLite reads the other end of a foreign key while it compiles the check; no row of it reaches the statement.
bool Gate::linked_to_written(const std::string& table) const {
  auto links = facts_->foreign_keys.find(table);
  if (links == facts_->foreign_keys.end()) return false;
  return std::any_of(links->second.begin(), links->second.end(), [&](const std::string& other) {
    auto touched = touched_.find("main." + other);
    return touched != touched_.end() && std::any_of(touched->second.begin(), touched->second.end(),
                                                    [](const std::string& a) { return a != "select"; });
  });
}

bool Gate::may_read(const std::string& table, std::string_view column, std::string_view schema) const {
  if (touched_.contains(object_of(schema, table))) return true;
  // A name that is no relation: a CTE or subquery of which no column is used, or a table function.
  if (!facts_->relations.contains(table))
    return column.empty() || is_pure_table_function(table) || functions_.contains(table);
  if (changes_structure() && libguard::sqlite::is_system_table(table)) return true;
  return linked_to_written(table) || shadow_of_touched(table, false);
}

bool Gate::may_write(int action, const std::string& table, std::string_view schema) const {
  if (changes_structure() && libguard::sqlite::is_system_table(table)) return true;
  auto touched = touched_.find(object_of(schema, table));
  if (touched == touched_.end()) return shadow_of_touched(table, true);
  const std::set<std::string>& actions = touched->second;
  if (actions.contains("ddl") && changes_structure()) return true;
  if (actions.contains("merge")) return true;
  const char* needed = action == SQLITE_INSERT ? "insert" : action == SQLITE_UPDATE ? "update" : "delete";
  return actions.contains(needed) || (action == SQLITE_DELETE && actions.contains("truncate"));
}

// A vetted function that the facts do not name changes nothing; SQLite itself calls some for an operator.
bool Gate::may_call(std::string_view function) const {
  const std::string name = lower_ascii(function);
  if (libguard::sqlite::function_is_safe(name) || functions_.contains(name)) return true;
  // How ALTER TABLE rewrites the text of the schema.
  return effect_ == CommandEffect::ddl &&
         (name.starts_with("sqlite_rename_") || name == "sqlite_drop_column" || name == "sqlite_fail");
}

// SQLite names the new object or its table first, or (ALTER TABLE) the schema; the facts name the object that is
// defined.
bool Gate::may_define(std::string_view first, std::string_view second, std::string_view schema) const {
  if (touched_.contains(object_of(schema, table_name(first)))) return true;
  // AUTOINCREMENT and ANALYZE make tables of SQLite's own; their names are reserved.
  if (libguard::sqlite::is_system_table(first)) return true;
  if (touched_.contains(object_of(schema, table_name(second))) ||
      touched_.contains(object_of(first, table_name(second))))
    return true;
  return effect_ == CommandEffect::maintenance;
}

}  // namespace libguard::backend::sqlite
