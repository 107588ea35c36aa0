// The declarations of the hook are behind this macro; Debian's library has it (ENABLE_PREUPDATE_HOOK).
#ifndef SQLITE_ENABLE_PREUPDATE_HOOK
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#endif
#include <sqlite3.h>

#include <algorithm>

#include "backend/sqlite/effect.h"
#include "base/text.h"

namespace libguard::backend::sqlite {
namespace {

void on_change(void* self, sqlite3*, int operation, const char*, const char* table, sqlite3_int64 old_key,
               sqlite3_int64 new_key) {
  static_cast<Effect*>(self)->row(table, operation, old_key, new_key);
}

}  // namespace

Effect::Effect(sqlite3* database, Watch& watch, std::int64_t rows_max, std::set<std::string> uncounted)
    : database_(database), watch_(watch), rows_max_(rows_max), uncounted_(std::move(uncounted)) {
  sqlite3_preupdate_hook(database_, on_change, this);
}

Effect::~Effect() { sqlite3_preupdate_hook(database_, nullptr, nullptr); }

std::int64_t Effect::rows(std::int64_t direct) const noexcept { return std::max(rows_, direct); }

void Effect::row(const char* table, int operation, std::int64_t old_key, std::int64_t new_key) noexcept {
  try {
    const std::string name = text::lower_ascii(table == nullptr ? "" : table);
    if (uncounted_.contains(name)) return;
    const std::int64_t key = operation == SQLITE_INSERT ? new_key : old_key;
    // Tables WITHOUT ROWID report 0 for every row, so 0 is always counted.
    if (key != 0 && !seen_.emplace(name, key).second) return;
    ++rows_;
  } catch (...) {
    rows_ = rows_max_ + 1;
  }
  if (rows_ > rows_max_) watch_.stop(Stop::effect);
}

}  // namespace libguard::backend::sqlite
