#include "backend/sqlite/handle.h"

#include <sys/stat.h>

#include "base/sqlite_rules.h"
#include "libguard/error.h"

namespace libguard::backend::sqlite {
namespace {

// Some 20 microseconds of work: often enough for a cancel, seldom enough not to be felt.
constexpr int kProgressInstructions = 1'000;

int on_progress(void* watch) { return static_cast<Watch*>(watch)->should_stop() ? 1 : 0; }
int on_busy(void* watch, int tries) { return static_cast<Watch*>(watch)->wait_for_lock(tries) ? 1 : 0; }

// "file:" would be read as a URI with parameters, for instance one that switches locking off.
std::string plain_path(const std::string& path) { return path.starts_with("file:") ? "./" + path : path; }

libguard::sqlite::Database open(const std::string& path, Access access) {
  const int mode = access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  try {
    return libguard::sqlite::open(plain_path(path), mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE);
  } catch (const Error&) {
    throw_unreachable("the database file cannot be opened", SQLITE_CANTOPEN);
  }
}

}  // namespace

FileId file_id(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) throw_unreachable("the database file does not exist or cannot be looked at");
  if (!S_ISREG(status.st_mode)) throw_unreachable("the database path is not a regular file");
  return {status.st_dev, status.st_ino};
}

Handle::Handle(const std::string& path, Access access, bool foreign_keys)
    : access_(access), file_(file_id(path)), database_(open(path, access)) {
  libguard::sqlite::harden(get());
  run(foreign_keys ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF");
  run("PRAGMA cell_size_check = ON");
  if (access == Access::read) run("PRAGMA query_only = ON");
}

// L6: closing a handle of the parent would drop locks and remove files that the parent still uses.
Handle::~Handle() {
  if (!opened_in_.here()) static_cast<void>(database_.release());
}

void Handle::watch(Watch* watch) noexcept {
  watch_ = watch;
  sqlite3_progress_handler(get(), watch == nullptr ? 0 : kProgressInstructions,
                           watch == nullptr ? nullptr : on_progress, watch);
  sqlite3_busy_handler(get(), watch == nullptr ? nullptr : on_busy, watch);
}

void Handle::run(const char* sql) {
  guarded([&] { libguard::sqlite::execute(get(), sql); });
}

void Handle::begin() { run(access_ == Access::read ? "BEGIN" : "BEGIN IMMEDIATE"); }

void Handle::commit() {
  const int result = sqlite3_exec(get(), "COMMIT", nullptr, nullptr, nullptr);
  if (result == SQLITE_OK) return;
  const int extended = sqlite3_extended_errcode(get());
  const bool undone = rollback();
  // The journal could not be ended or not be taken back: the next one to open the file finds out what holds.
  if ((extended & 0xFF) == SQLITE_IOERR || (extended & 0xFF) == SQLITE_CORRUPT || !undone) {
    throw Error(ErrorKind::in_doubt, "backend.in_doubt",
                "the disk failed during COMMIT; look at the rows before trying again")
        .with_sqlstate(result_name(extended));
  }
  if (watch_ != nullptr) throw_failure(extended, *watch_);
  throw_unreachable("the database could not be committed; nothing was changed", extended);
}

bool Handle::rollback() noexcept {
  if (sqlite3_get_autocommit(get()) != 0) return true;
  // Without the watch: a deadline that has passed must not keep the rollback from running.
  sqlite3_progress_handler(get(), 0, nullptr, nullptr);
  const bool done = sqlite3_exec(get(), "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK;
  if (watch_ != nullptr) watch(watch_);
  return done && sqlite3_get_autocommit(get()) != 0;
}

std::int64_t Handle::pragma(const char* sql) {
  libguard::sqlite::Statement statement = libguard::sqlite::prepare(get(), sql);
  libguard::sqlite::step(get(), statement.get());
  return sqlite3_column_int64(statement.get(), 0);
}

// The first use of a table function declares it, which would look to the gate like a write to the schema.
void Handle::declare_table_functions() {
  for (const char* sql : {"SELECT 1 FROM json_each('[]')", "SELECT 1 FROM json_tree('[]')",
                          "SELECT 1 FROM pragma_table_info('t')", "SELECT 1 FROM pragma_table_xinfo('t')",
                          "SELECT 1 FROM pragma_index_list('t')", "SELECT 1 FROM pragma_index_info('t')"}) {
    static_cast<void>(libguard::sqlite::prepare(get(), sql));
  }
}

// The cookie changes with every DDL and the data version with every commit of somebody else; while neither did, the
// schema is the one that was read before. A schema that changed under an unchanged cookie (somebody wrote the cookie
// back) would leave this handle with an old parse of it.
std::shared_ptr<const SchemaFacts> Handle::look() {
  return guarded([&]() -> std::shared_ptr<const SchemaFacts> {
    const std::int64_t cookie = pragma("PRAGMA schema_version");
    const std::int64_t data = pragma("PRAGMA data_version");
    if (facts_ && cookie == cookie_ && data == data_version_) return facts_;
    if (!facts_) declare_table_functions();
    std::shared_ptr<const SchemaFacts> fresh;
    if (facts_ && schema_version_of(get()) == facts_->version) {
      fresh = facts_;
    } else if (facts_ && cookie == cookie_) {
      return nullptr;
    } else {
      fresh = read_schema_facts(get());
    }
    cookie_ = cookie;
    data_version_ = data;
    facts_ = fresh;
    return fresh;
  });
}

}  // namespace libguard::backend::sqlite
