#include "backend/sqlite/session.h"

#include "libguard/error.h"

namespace libguard::backend::sqlite {

Session::Session(std::shared_ptr<Pool> pool, Access access, Watch& watch) : pool_(std::move(pool)) {
  try {
    if (start(access, watch)) return;
  } catch (const Error& error) {
    const std::string& state = error.sqlstate();
    end();
    if (access == Access::write || (state != "SQLITE_READONLY" && state != "SQLITE_CANTOPEN")) throw;
    recover(watch);
  }
  // The handle had an old idea of the schema, or a journal was in the way: once more, on a new handle.
  try {
    if (start(access, watch)) return;
  } catch (...) {
    end();
    throw;
  }
  throw Error(ErrorKind::unavailable, "command.changed", "the schema keeps changing; nothing was run");
}

Session::~Session() { end(); }

bool Session::start(Access access, Watch& watch) {
  handle_ = pool_->take(access, watch);
  clean_ = true;
  handle_->begin();
  facts_ = handle_->look();
  if (facts_) return true;
  spoil();
  end();
  return false;
}

void Session::end() noexcept {
  if (!handle_) return;
  if (!pool_->forked() && !handle_->rollback()) clean_ = false;
  pool_->give_back(std::move(handle_), clean_);
}

void Session::recover(Watch& watch) {
  std::unique_ptr<Handle> writer = pool_->take(Access::write, watch);
  try {
    writer->run("SELECT count(*) FROM sqlite_schema");
  } catch (...) {
    pool_->give_back(std::move(writer), false);
    throw;
  }
  pool_->give_back(std::move(writer), false);
}

}  // namespace libguard::backend::sqlite
