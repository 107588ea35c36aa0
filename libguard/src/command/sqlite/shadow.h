#pragma once
// An empty in-memory database with the catalogue's schema. Preparing a statement there, never stepping it, makes SQLite
// itself say what the statement would touch. Not thread-safe: one thread at a time (ShadowPool hands them out).

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite_handle.h"
#include "model/catalogue.h"

namespace libguard::command::sqlite {

// One call of the authorizer. `context` is the trigger or view in which it happens, "" for the statement itself.
struct Touched {
  int action = 0;
  std::string first, second, schema, context;
};

struct Prepared {
  int result = 0;
  std::string error;  // SQLite's own words: for classification only, never shown
  libguard::sqlite::Statement statement;
  std::size_t consumed = 0;  // bytes up to and including the semicolon
};

class Shadow {
 public:
  explicit Shadow(const Catalogue& catalogue);
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  [[nodiscard]] Prepared prepare(std::string_view sql);
  [[nodiscard]] const std::vector<Touched>& touched() const { return touched_; }
  [[nodiscard]] sqlite3* database() const { return database_.get(); }
  // False when a trigger of the catalogue could not be rebuilt: then what a write sets off is not known.
  [[nodiscard]] bool triggers_complete() const { return triggers_complete_; }

 private:
  static int authorize(void* self, int action, const char* first, const char* second, const char* schema,
                       const char* context);
  bool create(const std::string& sql);
  void build(const Catalogue& catalogue, char kind);

  libguard::sqlite::Database database_;
  std::vector<Touched> touched_;
  bool triggers_complete_ = true;
};

// As many shadows as threads are understanding at once; a few are kept.
class ShadowPool {
 public:
  explicit ShadowPool(std::shared_ptr<const Catalogue> catalogue) : catalogue_(std::move(catalogue)) {}
  [[nodiscard]] std::unique_ptr<Shadow> take();
  void give_back(std::unique_ptr<Shadow> shadow);

 private:
  static constexpr std::size_t kKeptMax = 8;
  std::shared_ptr<const Catalogue> catalogue_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Shadow>> free_;
};

}  // namespace libguard::command::sqlite
