// The embedded ticket store: one row a ticket, one row a vote; the format is kMigrations below. Invariants:
//   1. A ticket's binding (tenant, digest, account, user, stages, expiry) is written once and never updated.
//   2. replace() compares versions inside BEGIN IMMEDIATE: of two callers, in threads or processes, one wins.
//   3. A final state is never left: the UPDATE itself asks for an open or approved row.
//   4. When a ticket becomes final its exact command, parameters and arguments are removed from the page.

#include <mutex>

#include "approval/shown.h"

#include "approval/ticket_rules.h"
#include "base/process_mark.h"
#include "base/sqlite_handle.h"
#include "base/sqlite_rules.h"
#include "base/store_file.h"
#include "libguard/error.h"

namespace libguard::approval {
namespace {

using sqlite::Statement;

// Another process holds the write lock for microseconds; two seconds means it hangs, and then we refuse.
constexpr int kBusyMs = 2'000;
constexpr int kTicketsListedMax = 1'000;
constexpr int kVotesPerTicketMax = 10'000;

// Each entry takes the store from format i to i + 1. Never edit one that was released: append.
constexpr const char* kMigrations[] = {
    "CREATE TABLE tickets(id TEXT PRIMARY KEY NOT NULL, tenant TEXT NOT NULL, state TEXT NOT NULL, digest TEXT NOT "
    "NULL,"
    " account TEXT NOT NULL, user TEXT NOT NULL, chain TEXT NOT NULL, shown TEXT NOT NULL, stages TEXT NOT NULL,"
    " created_at_us INTEGER NOT NULL, expires_at_us INTEGER NOT NULL, execute_before_us INTEGER NOT NULL,"
    " version INTEGER NOT NULL, record TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX one_live_ticket ON tickets(tenant, digest) WHERE state IN ('open', 'approved');"
    "CREATE INDEX tickets_by_digest ON tickets(tenant, digest, created_at_us);"
    "CREATE INDEX tickets_by_state ON tickets(state, tenant, account);"
    "CREATE TABLE votes(ticket TEXT NOT NULL REFERENCES tickets(id), at INTEGER NOT NULL, tenant TEXT NOT NULL,"
    " approver TEXT NOT NULL, subject TEXT NOT NULL, stage TEXT NOT NULL, approve INTEGER NOT NULL, note TEXT NOT NULL,"
    " at_us INTEGER NOT NULL, PRIMARY KEY(ticket, at)) STRICT;"
    "CREATE INDEX votes_by_approver ON votes(tenant, approver, at_us);",
};
constexpr std::int64_t kFormat = std::size(kMigrations);

constexpr const char* kTicketColumns =
    "id, tenant, state, digest, account, user, chain, shown, stages, created_at_us, expires_at_us, execute_before_us, "
    "version,"
    " record";
constexpr const char* kWithoutExact = "json_remove(shown, '$.command', '$.params', '$.arguments')";

void bind_text(sqlite3* database, const Statement& statement, int index, const std::string& text) {
  sqlite::bind(database, statement.get(), index, std::string_view(text));
}
void bind_number(sqlite3* database, const Statement& statement, int index, std::int64_t number) {
  sqlite::bind(database, statement.get(), index, number);
}

TicketState state_from(const std::string& word) {
  for (TicketState state : {TicketState::open, TicketState::approved, TicketState::denied, TicketState::expired,
                            TicketState::consumed, TicketState::revoked}) {
    if (word == to_string(state)) return state;
  }
  store_failed("a ticket in the approval store is in no known state");
}

// Rolled back when left early. Readers use one too, so that a ticket and its votes are of one moment.
class Transaction {
 public:
  Transaction(sqlite3* database, const char* begin) : database_(database) { sqlite::execute(database_, begin); }
  ~Transaction() {
    if (!done_) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() {
    sqlite::execute(database_, "COMMIT");
    done_ = true;
  }

 private:
  sqlite3* database_;
  bool done_ = false;
};

class SqliteTicketStore final : public TicketStore {
 public:
  explicit SqliteTicketStore(const std::string& path) {
    make_store_file(path, {"the approval store", "approval.store"});
    guarded([&] { open(plain_path(path)); });
  }

  // In a forked child the handle is abandoned, not closed: closing would drop the parent's locks.
  ~SqliteTicketStore() override {
    if (!opened_in_.here()) static_cast<void>(database_.release());
  }
  SqliteTicketStore(const SqliteTicketStore&) = delete;
  SqliteTicketStore& operator=(const SqliteTicketStore&) = delete;

  Ticket open_or_find(const Ticket& wanted) override {
    return guarded([&] {
      Transaction writing(db(), "BEGIN IMMEDIATE");
      expire(wanted.created_at_us);
      std::optional<Ticket> ticket = standing(wanted);
      if (!ticket) {
        refuse_flood(wanted);
        insert(wanted);
        ticket = read(wanted.id);
      }
      writing.commit();
      return std::move(*ticket);
    });
  }

  std::optional<Ticket> find(const std::string& id) override {
    return guarded([&] {
      Transaction reading(db(), "BEGIN");
      return read(id);
    });
  }

  std::vector<Ticket> list(const std::string& tenant, bool open_only) override {
    return guarded([&] {
      Transaction reading(db(), "BEGIN");
      Statement statement = sqlite::prepare(db(), std::string("SELECT ") + kTicketColumns +
                                                      " FROM tickets WHERE tenant = ?1 AND (?2 = 0 OR state = 'open')"
                                                      " ORDER BY created_at_us DESC, id DESC LIMIT ?3");
      bind_text(db(), statement, 1, tenant);
      bind_number(db(), statement, 2, open_only ? 1 : 0);
      bind_number(db(), statement, 3, kTicketsListedMax);
      std::vector<Ticket> tickets;
      while (sqlite::step(db(), statement.get())) tickets.push_back(row(statement.get()));
      for (Ticket& ticket : tickets) ticket.votes = votes_of(ticket.id);
      return tickets;
    });
  }

  bool replace(const Ticket& expected, const Ticket& next) override {
    return guarded([&] {
      Transaction writing(db(), "BEGIN IMMEDIATE");
      if (!update(expected, next)) return false;
      for (std::size_t at = expected.votes.size(); at < next.votes.size(); ++at) add_vote(next, at);
      writing.commit();
      return true;
    });
  }

  std::int64_t votes_since(const std::string& tenant, const std::string& approver, std::int64_t since_us) override {
    return guarded([&] {
      Statement statement =
          sqlite::prepare(db(), "SELECT count(*) FROM votes WHERE tenant = ?1 AND approver = ?2 AND at_us > ?3");
      bind_text(db(), statement, 1, tenant);
      bind_text(db(), statement, 2, approver);
      bind_number(db(), statement, 3, since_us);
      sqlite::step(db(), statement.get());
      return static_cast<std::int64_t>(sqlite3_column_int64(statement.get(), 0));
    });
  }

 private:
  [[nodiscard]] sqlite3* db() const { return database_.get(); }

  // One caller at a time; every failure of SQLite becomes the one error of this module, without SQLite's text.
  template <typename Work>
  auto guarded(Work work) -> decltype(work()) {
    std::lock_guard lock(mutex_);
    if (!opened_in_.here()) {
      throw Error(ErrorKind::unavailable, "guard.forked",
                  "this process was forked after the approval store was opened");
    }
    try {
      return work();
    } catch (const Error& error) {
      if (error.code().starts_with("approval.")) throw;
      store_failed("the approval store cannot be read or written; nothing was approved", error.sqlstate());
    }
  }

  void open(const std::string& path) {
    database_ = sqlite::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
    sqlite3_busy_timeout(db(), kBusyMs);
    sqlite::harden(db());
    // FULL: a consumed ticket must still be consumed after a power cut. DELETE, not WAL: whoever in this process opens
    // and closes the file (a backup, an agent's file tool) drops our POSIX locks, and under WAL the next process to
    // leave would then remove the log that we still read: votes would never be seen. With a rollback journal every read
    // looks anew.
    sqlite::execute(db(),
                    "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                    "PRAGMA secure_delete = ON;");
    check_whole();
    migrate();
  }

  void check_whole() {
    Statement statement = sqlite::prepare(db(), "PRAGMA quick_check(1)");
    if (!sqlite::step(db(), statement.get()) || sqlite::column_text(statement.get(), 0) != "ok") {
      store_failed("the approval store is damaged; move it away and restore a copy");
    }
  }

  std::int64_t format() {
    Statement statement = sqlite::prepare(db(), "SELECT format FROM store_format");
    if (!sqlite::step(db(), statement.get())) store_failed("the approval store does not say its format");
    return sqlite3_column_int64(statement.get(), 0);
  }

  void migrate() {
    Transaction writing(db(), "BEGIN IMMEDIATE");
    sqlite::execute(
        db(),
        "CREATE TABLE IF NOT EXISTS store_format(one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL);"
        "INSERT OR IGNORE INTO store_format VALUES (1, 0)");
    std::int64_t at = format();
    if (at < 0 || at > kFormat) store_failed("the approval store was made by a newer libguard");
    for (; at < kFormat; ++at) sqlite::execute(db(), kMigrations[at]);
    Statement statement = sqlite::prepare(db(), "UPDATE store_format SET format = ?1");
    bind_number(db(), statement, 1, kFormat);
    sqlite::step(db(), statement.get());
    writing.commit();
  }

  // Silence expires, and what expired holds its exact command no longer.
  void expire(std::int64_t now_us) {
    Statement statement = sqlite::prepare(
        db(),
        std::string("UPDATE tickets SET state = 'expired', version = version + 1, shown = ") + kWithoutExact +
            " WHERE (state = 'open' AND expires_at_us <= ?1) OR (state = 'approved' AND execute_before_us <= ?1)");
    bind_number(db(), statement, 1, now_us);
    sqlite::step(db(), statement.get());
  }

  // The live ticket for this digest, or a denial that has not run out: asking again does not reopen a closed question.
  std::optional<Ticket> standing(const Ticket& wanted) {
    Statement statement =
        sqlite::prepare(db(), std::string("SELECT ") + kTicketColumns +
                                  " FROM tickets WHERE tenant = ?1 AND digest = ?2 AND account = ?3 AND user = ?4 AND"
                                  " (state IN ('open', 'approved') OR (state = 'denied' AND expires_at_us > ?5))"
                                  " ORDER BY state = 'denied', created_at_us DESC LIMIT 1");
    bind_text(db(), statement, 1, wanted.tenant);
    bind_text(db(), statement, 2, wanted.digest);
    bind_text(db(), statement, 3, wanted.account);
    bind_text(db(), statement, 4, wanted.user);
    bind_number(db(), statement, 5, wanted.created_at_us);
    if (!sqlite::step(db(), statement.get())) return std::nullopt;
    Ticket ticket = row(statement.get());
    ticket.votes = votes_of(ticket.id);
    return ticket;
  }

  void refuse_flood(const Ticket& wanted) {
    Statement statement =
        sqlite::prepare(db(), "SELECT count(*) FROM tickets WHERE state = 'open' AND tenant = ?1 AND account = ?2");
    bind_text(db(), statement, 1, wanted.tenant);
    bind_text(db(), statement, 2, wanted.account);
    sqlite::step(db(), statement.get());
    if (sqlite3_column_int64(statement.get(), 0) < kOpenTicketsPerAccountMax) return;
    throw Error(ErrorKind::unavailable, "approval.too_many_open",
                "this account has too many tickets waiting for approval; wait until some are decided");
  }

  void insert(const Ticket& ticket) {
    Statement statement = sqlite::prepare(
        db(), std::string("INSERT INTO tickets(") + kTicketColumns + ") VALUES (?,?,'open',?,?,?,?,?,?,?,?,0,1,?)");
    int index = 0;
    for (const std::string& text :
         {ticket.id, ticket.tenant, ticket.digest, ticket.account, ticket.user,
          dump(strings_json(ticket.chain_subjects)), ticket.shown_json, dump(stages_json(ticket.stages))}) {
      bind_text(db(), statement, ++index, text);
    }
    bind_number(db(), statement, ++index, ticket.created_at_us);
    bind_number(db(), statement, ++index, ticket.expires_at_us);
    bind_text(db(), statement, ++index, ticket.record);
    sqlite::step(db(), statement.get());
  }

  bool update(const Ticket& expected, const Ticket& next) {
    const std::string shown = is_final(next.state) ? kWithoutExact : "shown";
    Statement statement = sqlite::prepare(
        db(), "UPDATE tickets SET state = ?1, execute_before_us = ?2, version = version + 1, shown = " + shown +
                  " WHERE id = ?3 AND version = ?4 AND state IN ('open', 'approved')");
    bind_text(db(), statement, 1, to_string(next.state));
    bind_number(db(), statement, 2, next.execute_before_us);
    bind_text(db(), statement, 3, expected.id);
    bind_number(db(), statement, 4, expected.version);
    sqlite::step(db(), statement.get());
    return sqlite3_changes64(db()) == 1;
  }

  void add_vote(const Ticket& ticket, std::size_t at) {
    const Vote& vote = ticket.votes[at];
    Statement statement =
        sqlite::prepare(db(),
                        "INSERT INTO votes(ticket, at, tenant, approver, subject, stage, note, approve, at_us)"
                        " VALUES (?,?,?,?,?,?,?,?,?)");
    bind_text(db(), statement, 1, ticket.id);
    bind_number(db(), statement, 2, static_cast<std::int64_t>(at));
    int index = 2;
    for (const std::string& text : {ticket.tenant, vote.approver, vote.subject, vote.group, vote.note}) {
      bind_text(db(), statement, ++index, text);
    }
    bind_number(db(), statement, 8, vote.approve ? 1 : 0);
    bind_number(db(), statement, 9, vote.at_us);
    sqlite::step(db(), statement.get());
  }

  std::optional<Ticket> read(const std::string& id) {
    Statement statement =
        sqlite::prepare(db(), std::string("SELECT ") + kTicketColumns + " FROM tickets WHERE id = ?1");
    bind_text(db(), statement, 1, id);
    if (!sqlite::step(db(), statement.get())) return std::nullopt;
    Ticket ticket = row(statement.get());
    ticket.votes = votes_of(id);
    return ticket;
  }

  static Ticket row(sqlite3_stmt* at) {
    Ticket ticket;
    ticket.id = sqlite::column_text(at, 0);
    ticket.tenant = sqlite::column_text(at, 1);
    ticket.state = state_from(sqlite::column_text(at, 2));
    ticket.digest = sqlite::column_text(at, 3);
    ticket.account = sqlite::column_text(at, 4);
    ticket.user = sqlite::column_text(at, 5);
    ticket.chain_subjects = strings_from_json(sqlite::column_text(at, 6));
    ticket.shown_json = sqlite::column_text(at, 7);
    ticket.stages = stages_from_json(sqlite::column_text(at, 8));
    ticket.created_at_us = sqlite3_column_int64(at, 9);
    ticket.expires_at_us = sqlite3_column_int64(at, 10);
    ticket.execute_before_us = sqlite3_column_int64(at, 11);
    ticket.version = sqlite3_column_int64(at, 12);
    ticket.record = sqlite::column_text(at, 13);
    return ticket;
  }

  std::vector<Vote> votes_of(const std::string& id) {
    Statement statement = sqlite::prepare(
        db(),
        "SELECT approver, subject, stage, approve, note, at_us FROM votes WHERE ticket = ?1 ORDER BY at LIMIT ?2");
    bind_text(db(), statement, 1, id);
    bind_number(db(), statement, 2, kVotesPerTicketMax);
    std::vector<Vote> votes;
    while (sqlite::step(db(), statement.get())) {
      sqlite3_stmt* at = statement.get();
      votes.push_back({sqlite::column_text(at, 0), sqlite::column_text(at, 1), sqlite::column_text(at, 2),
                       sqlite3_column_int(at, 3) != 0, sqlite::column_text(at, 4), sqlite3_column_int64(at, 5)});
    }
    return votes;
  }

  const ProcessMark opened_in_;
  std::mutex mutex_;
  sqlite::Database database_;
};

}  // namespace

std::unique_ptr<TicketStore> sqlite_ticket_store(const std::string& path) {
  return std::make_unique<SqliteTicketStore>(path);
}

}  // namespace libguard::approval
