#pragma once
// Reads the schema of an SQLite file into a Catalogue, inside a transaction of the caller.

#include <memory>
#include <string>
#include <vector>

#include "model/catalogue.h"

struct sqlite3;

namespace libguard::backend::sqlite {

// Relations are in the order in which SQLite stores them, so that creating them in order works: tables 'r', virtual
// tables 'x', shadow tables 's', views 'v', and with their CREATE statement as `definition` indexes 'i' and triggers
// 'T'
// (`depends` names their table). A relation whose columns cannot be read (a broken view, a module that is not there)
// has none. `version` is the digest that an action compares. Throws Error as base/sqlite_handle.h does.
[[nodiscard]] std::shared_ptr<const Catalogue> load_catalogue(sqlite3* database, std::string version);

// "insert", "update" or "delete" of a stored CREATE TRIGGER statement; all three when it cannot be told.
[[nodiscard]] std::vector<std::string> trigger_events(const std::string& definition);

}  // namespace libguard::backend::sqlite
