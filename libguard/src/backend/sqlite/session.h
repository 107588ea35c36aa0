#pragma once
// A handle with an open transaction in which the schema was looked at: what actions and the catalogue are run in.

#include <memory>

#include "backend/sqlite/pool.h"

namespace libguard::backend::sqlite {

// Rolls back and gives the handle back when it goes. Belongs to one thread, and to one Watch that outlives it.
class Session {
 public:
  // Waits for a handle and for locks under the watch. Throws as Pool::take and Handle::begin do.
  Session(std::shared_ptr<Pool> pool, Access access, Watch& watch);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] Handle& handle() const noexcept { return *handle_; }
  [[nodiscard]] sqlite3* database() const noexcept { return handle_->get(); }
  [[nodiscard]] const std::shared_ptr<const SchemaFacts>& facts() const noexcept { return facts_; }
  void commit() { handle_->commit(); }
  // The handle is closed, not reused.
  void spoil() noexcept { clean_ = false; }

 private:
  bool start(Access access, Watch& watch);
  void end() noexcept;
  // A journal that a killed writer left can only be rolled back by a handle that may write.
  void recover(Watch& watch);

  std::shared_ptr<Pool> pool_;
  std::unique_ptr<Handle> handle_;
  std::shared_ptr<const SchemaFacts> facts_;
  bool clean_ = true;
};

}  // namespace libguard::backend::sqlite
