// The only file that includes libpqxx. Two of its habits are dangerous here and are taken away: it reconnects by
// itself (as another session, without our settings), and it waits without a deadline. So it is given a connection that
// was opened and checked by connect.cpp, may not reconnect, and works in a helper thread whose socket is shut down
// when the time is over: that ends any wait of libpq at once.

#include "backend/postgres/catalogue_loader.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <pqxx/pqxx>
#include <thread>
#include <unordered_map>
#include <utility>

#include "backend/postgres/catalogue_queries.h"
#include "backend/postgres/connect.h"
#include "backend/postgres/probe.h"
#include "backend/postgres/sql_error.h"
#include "base/json.h"
#include "base/limits.h"
#include "libguard/error.h"

namespace libguard::backend::postgres {
namespace {

// DDL that goes on while we read: a few tries, then the caller tries again later.
constexpr int kTriesMax = 3;
// Bodies of functions past this many bytes in all are left out, and stay opaque.
constexpr std::size_t kBodiesBytesMax = 16 * 1024 * 1024;

// libpqxx builds its policy from a string only, so the handle is handed over beside it.
thread_local PGconn* handed_over = nullptr;

class Adopted final : public pqxx::connectionpolicy {
 public:
  explicit Adopted(const std::string& options) : connectionpolicy(options) {}
  handle do_startconnect(handle original) override {
    return original != nullptr ? original : reinterpret_cast<handle>(std::exchange(handed_over, nullptr));
  }
};

using Session = pqxx::basic_connection_base<Adopted>;
using Transaction = pqxx::read_transaction;

std::vector<std::string> names(const pqxx::field& field) {
  std::vector<std::string> out;
  if (field.is_null()) return out;
  JsonResult read = read_json(field.c_str());
  if (!read.value || !read.value->is_array())
    throw Error(ErrorKind::internal, "catalogue.malformed", "a list of the catalogue cannot be read");
  for (const Json& name : *read.value) out.push_back(name.get<std::string>());
  return out;
}

std::string text(const pqxx::field& field) { return field.is_null() ? "" : field.c_str(); }
bool truth(const pqxx::field& field) { return !field.is_null() && field.c_str()[0] == 't'; }
char letter(const pqxx::field& field) { return field.is_null() ? '\0' : field.c_str()[0]; }

std::string action_of(char code) {
  switch (code) {
    case 'r':
      return "restrict";
    case 'c':
      return "cascade";
    case 'n':
      return "set null";
    case 'd':
      return "set default";
    default:
      return "no action";
  }
}

class Loader {
 public:
  Loader(Transaction& transaction, const PostgresConfig& config) : transaction_(transaction) {
    loaded_ = queries::kLoaded;
    std::string place = "{schemas}";
    loaded_.replace(loaded_.find(place), place.size(), transaction_.quote(text_array(config.schemas)));
    catalogue_.dialect = Dialect::postgres;
    catalogue_.search_path = config.schemas;
  }

  Catalogue load() {
    relations();
    columns();
    keys();
    triggers();
    edges();
    expressions();
    foreign_keys();
    functions();
    operators_and_casts();
    types();
    server();
    return std::move(catalogue_);
  }

  // Is the server still as it was when this was loaded? What the version covers is not looked at.
  bool on_same_server(const Catalogue& known) {
    server();
    return catalogue_.server_options == known.server_options && catalogue_.server_version == known.server_version;
  }

 private:
  pqxx::result of_loaded(const char* query) { return transaction_.exec(loaded_ + query); }

  CatalogueRelation* relation(const pqxx::field& oid) {
    auto found = by_oid_.find(oid.as<std::int64_t>());
    return found == by_oid_.end() ? nullptr : &catalogue_.relations[found->second];
  }

  void relations() {
    for (const auto& row : of_loaded(queries::kRelations)) {
      CatalogueRelation& out = catalogue_.relations.emplace_back();
      out.oid = row[0].as<std::int64_t>();
      out.schema = text(row[1]);
      out.name = text(row[2]);
      out.kind = letter(row[3]);
      out.system = truth(row[4]);
      out.row_security = truth(row[5]);
      out.definition = text(row[6]);
      out.beyond = truth(row[7]);
      out.server = text(row[8]);
      by_oid_.emplace(out.oid, catalogue_.relations.size() - 1);
    }
  }

  void columns() {
    for (const auto& row : of_loaded(queries::kColumns)) {
      CatalogueRelation* owner = relation(row[0]);
      if (owner == nullptr) continue;
      CatalogueColumn column;
      column.name = text(row[1]);
      column.type = text(row[2]);
      column.not_null = truth(row[3]);
      column.has_default = truth(row[4]);
      column.generated = truth(row[5]);
      column.number = row[6].as<std::int16_t>();
      if (!owner->system) column.expression = text(row[7]);
      owner->columns.push_back(std::move(column));
    }
  }

  void keys() {
    for (const auto& row : of_loaded(queries::kKeys)) {
      std::vector<std::string> of = names(row[1]);
      CatalogueRelation* owner = relation(row[0]);
      if (owner != nullptr && !of.empty()) owner->keys.push_back({std::move(of), truth(row[2])});
    }
  }

  void triggers() {
    static constexpr std::pair<int, const char*> kEvents[] = {
        {4, "insert"}, {16, "update"}, {8, "delete"}, {32, "truncate"}};
    for (const auto& row : of_loaded(queries::kTriggers)) {
      CatalogueRelation* owner = relation(row[0]);
      if (owner == nullptr) continue;
      CatalogueTrigger trigger;
      trigger.name = text(row[1]);
      trigger.function = text(row[2]);
      for (auto [bit, event] : kEvents) {
        if ((row[3].as<int>() & bit) != 0) trigger.events.push_back(event);
      }
      trigger.internal = truth(row[4]);
      const int type = row[3].as<int>();
      trigger.per_statement = (type & 1) == 0;
      trigger.timing = (type & 64) != 0 ? "instead of" : (type & 2) != 0 ? "before" : "after";
      trigger.enabled = letter(row[5]);
      trigger.columns = names(row[6]);
      trigger.definition = text(row[7]);
      owner->triggers.push_back(std::move(trigger));
    }
    for (const auto& row : transaction_.exec(queries::kEventTriggers)) {
      CatalogueTrigger& trigger = catalogue_.event_triggers.emplace_back();
      trigger.name = text(row[0]);
      trigger.function = text(row[1]);
      trigger.events.push_back(text(row[2]));
      trigger.enabled = letter(row[3]);
    }
  }

  void expressions() {
    for (const auto& row : of_loaded(queries::kChecks)) {
      if (CatalogueRelation* owner = relation(row[0])) owner->checks.push_back(text(row[1]));
    }
    for (const auto& row : of_loaded(queries::kPolicies)) {
      CatalogueRelation* owner = relation(row[0]);
      if (owner != nullptr) {
        owner->policies.push_back({text(row[1]), text(row[2]), truth(row[3]), text(row[4]), text(row[5])});
      }
    }
  }

  // Rules, views and inheritance: what leads from one relation to another.
  void edges() {
    for (const auto& row : of_loaded(queries::kRules)) {
      CatalogueRelation* owner = relation(row[0]);
      if (owner == nullptr) continue;
      const std::string event = text(row[1]);
      if (std::find(owner->rule_events.begin(), owner->rule_events.end(), event) == owner->rule_events.end()) {
        owner->rule_events.push_back(event);
      }
      owner->rules.push_back({text(row[2]), event, truth(row[3]), truth(row[4]), letter(row[5]), text(row[6])});
    }
    for (const auto& row : of_loaded(queries::kDepends)) {
      if (CatalogueRelation* owner = relation(row[0])) owner->depends.push_back(text(row[1]));
    }
    for (const auto& row : of_loaded(queries::kInherits)) {
      if (CatalogueRelation* parent = relation(row[0])) parent->children.push_back(text(row[3]));
      if (CatalogueRelation* child = relation(row[1])) child->parents.push_back(text(row[2]));
    }
  }

  void foreign_keys() {
    for (const auto& row : of_loaded(queries::kForeignKeys)) {
      catalogue_.foreign_keys.push_back({text(row[0]), text(row[1]), action_of(letter(row[2])),
                                         action_of(letter(row[3])), names(row[4]), names(row[5])});
    }
  }

  void functions() {
    std::string query = queries::kFunctions;
    const std::string place = "{bytes}";
    query.replace(query.find(place), place.size(), std::to_string(limits::kCommandBytesMax));
    std::size_t bodies = 0;
    for (const auto& row : transaction_.exec(query)) {
      CatalogueFunction& out = catalogue_.functions.emplace_back();
      out.oid = row[0].as<std::int64_t>();
      out.schema = text(row[1]);
      out.name = text(row[2]);
      out.argument_types = names(row[3]);
      out.result_type = text(row[4]);
      out.defaults = row[5].as<int>();
      out.variadic = truth(row[6]);
      out.kind = letter(row[7]);
      out.volatility = letter(row[8]);
      out.security_definer = truth(row[9]);
      out.returns_set = truth(row[10]);
      out.language = text(row[11]);
      out.body_digest = text(row[12]);
      out.strict = truth(row[13]);
      out.body = text(row[14]);
      bodies += out.body.size();
      if (out.body.size() > limits::kCommandBytesMax || bodies > kBodiesBytesMax) out.body.clear();
      out.standard_body = truth(row[15]);
      out.all_types = names(row[16]);
      out.argument_names = names(row[17]);
      out.argument_modes = text(row[18]);
      out.argument_defaults = text(row[19]);
      out.settings = names(row[20]);
      out.parts = names(row[21]);
    }
  }

  void operators_and_casts() {
    for (const auto& row : transaction_.exec(queries::kOperators)) {
      catalogue_.operators.push_back({text(row[0]), text(row[1]), text(row[2]), text(row[3]), text(row[4])});
    }
    for (const auto& row : transaction_.exec(queries::kCasts)) {
      catalogue_.casts.push_back({text(row[0]), text(row[1]), text(row[2]), letter(row[3])});
    }
  }

  void types() {
    for (const auto& row : transaction_.exec(queries::kTypes)) {
      catalogue_.types.push_back(text(row[0]));
      if (truth(row[1])) catalogue_.domains.push_back(text(row[0]));
    }
    for (const auto& row : transaction_.exec(queries::kDomains)) {
      catalogue_.domain_checks.push_back({text(row[0]), text(row[1]), names(row[2]), text(row[3])});
    }
  }

  void server() {
    static constexpr const char* kOptions[] = {"standard_conforming_strings", "server_encoding", "track_counts"};
    for (const char* option : kOptions) {
      pqxx::result shown = transaction_.exec(std::string("SELECT current_setting('") + option + "')");
      catalogue_.server_options.push_back(std::string(option) + "=" + text(shown[0][0]));
    }
    catalogue_.server_version =
        text(transaction_.exec("SELECT split_part(current_setting('server_version'), ' ', 1)")[0][0]);
  }

  Transaction& transaction_;
  std::string loaded_;
  Catalogue catalogue_;
  std::unordered_map<std::int64_t, std::size_t> by_oid_;
};

std::string one_text(Transaction& transaction, const std::string& expression) {
  return text(transaction.exec("SELECT " + expression)[0][0]);
}

// The log position is read in a statement *before* the digest's: a change that falls between them is then newer than
// the position, and is noticed. The digest is taken again at the end, because each query sees the catalogue of its own
// moment.
LoadedCatalogue load(Session& session, const PostgresConfig& config, const std::shared_ptr<const Catalogue>& known,
                     std::int64_t timeout_ms) {
  for (int attempt = 0; attempt < kTriesMax; ++attempt) {
    Transaction transaction(session);
    transaction.exec("SET LOCAL statement_timeout = " + std::to_string(timeout_ms));
    transaction.exec("SET LOCAL search_path = pg_catalog, pg_temp");
    // The planner overrates these queries, and compiling one takes longer (1.5 s) than running all of them.
    transaction.exec("SET LOCAL jit = off");
    LoadedCatalogue out;
    out.log_position = one_text(transaction, log_position_expression());
    std::string version = one_text(transaction, version_expression());
    if (known && known->version == version && Loader(transaction, config).on_same_server(*known)) {
      out.catalogue = known;
      return out;
    }
    Catalogue catalogue = Loader(transaction, config).load();
    if (one_text(transaction, version_expression()) != version) continue;
    catalogue.version = version;
    out.catalogue = std::make_shared<const Catalogue>(std::move(catalogue));
    return out;
  }
  throw Error(ErrorKind::unavailable, "backend.catalogue_changing",
              "the schema kept changing while the guard read it; try again");
}

// What libpqxx throws, without its text (P5).
[[noreturn]] void rethrow_own() {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const pqxx::sql_error& error) {
    throw Error(ErrorKind::unavailable, "backend.catalogue",
                "the catalogue cannot be read: " + sentence_of(error.sqlstate()));
  } catch (const std::exception&) {
    throw Error(ErrorKind::unavailable, "backend.unreachable",
                "the connection broke while the guard read the catalogue");
  }
}

class SocketCopy {
 public:
  explicit SocketCopy(int fd) : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 0)) {}
  ~SocketCopy() {
    if (fd_ >= 0) ::close(fd_);
  }
  SocketCopy(const SocketCopy&) = delete;
  SocketCopy& operator=(const SocketCopy&) = delete;
  void shut_down() const noexcept { ::shutdown(fd_, SHUT_RDWR); }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

struct Work {
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  LoadedCatalogue loaded;
  std::exception_ptr failure;
};

void run(Work& work, Session& session, const PostgresConfig& config, const std::shared_ptr<const Catalogue>& known,
         std::int64_t timeout_ms) noexcept {
  try {
    try {
      work.loaded = load(session, config, known, timeout_ms);
    } catch (...) {
      rethrow_own();
    }
  } catch (...) {
    work.failure = std::current_exception();
  }
  std::lock_guard lock(work.mutex);
  work.done = true;
  work.ended.notify_all();
}

}  // namespace

LoadedCatalogue load_catalogue(std::unique_ptr<Connection> connection, const PostgresConfig& config,
                               const std::shared_ptr<const Catalogue>& known, const Wait& wait) {
  std::string identifier = connection->system_identifier;
  // A copy of the descriptor: libpq may close its own at any moment, and the number may then be another file's.
  SocketCopy socket(connection->socket());
  if (!socket.valid()) throw Error(ErrorKind::unavailable, "backend.unreachable", "no file descriptor is left");
  Handle handle = connection->release_blocking();
  handed_over = handle.get();
  Session session{std::string()};
  (void)handle.release();  // now the session's
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  session.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  Work work;
  std::thread helper(run, std::ref(work), std::ref(session), std::cref(config), std::cref(known),
                     std::max<std::int64_t>(wait.deadline.left().count(), 1));
  std::exception_ptr stopped;
  {
    std::unique_lock lock(work.mutex);
    while (!work.ended.wait_for(lock, std::chrono::milliseconds(tick_ms(wait)), [&] { return work.done; })) {
      lock.unlock();
      try {
        check(wait);
      } catch (...) {
        stopped = std::current_exception();
        socket.shut_down();
      }
      lock.lock();
      if (stopped) work.ended.wait(lock, [&] { return work.done; });
      if (stopped) break;
    }
  }
  helper.join();
  if (stopped) std::rethrow_exception(stopped);
  if (work.failure) std::rethrow_exception(work.failure);
  if (work.loaded.catalogue == known && known->system_identifier == identifier) return std::move(work.loaded);
  auto named = std::make_shared<Catalogue>(*work.loaded.catalogue);
  named->system_identifier = identifier;
  return {std::move(named), std::move(work.loaded.log_position)};
}

}  // namespace libguard::backend::postgres
