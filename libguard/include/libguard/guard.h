#pragma once
// The guard and its sessions. Ten lines that show all of it:
//
//   auto guard = libguard::Guard::open("guard.yaml");
//   auto session = guard.session({.token = token, .purpose = "nightly report"});
//   libguard::Outcome outcome = session.query("warehouse", "SELECT region FROM orders WHERE id = $1",
//   {std::int64_t{7}}); if (!outcome.completed()) std::puts(outcome.reason.c_str());
//
// Guard and Session are handles: copies share one state, and all calls are thread-safe. After fork() the child's
// actions answer `guard.forked`; open a new Guard after exec.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libguard/api.h"
#include "libguard/detector.h"
#include "libguard/error.h"
#include "libguard/outcome.h"
#include "libguard/request.h"

namespace libguard {

// How a session proves who it is: exactly one of token, key and account. `account` asks for an account that
// guard.yaml marks `local: true`; it is recorded as asserted by the process, and never works for a person.
struct SessionSpec {
  std::string token = {};
  std::string key = {};
  std::string account = {};
  std::string user = {};                    // the person acted for, asserted: can only narrow what is allowed
  std::string purpose = {};                 // free text for the record
  std::function<std::string()> renew = {};  // called when the proof has expired; returns a new token or key
};

// Runs the body of a guarded tool: gets the arguments (JSON), returns the answer (text or JSON). An exception
// makes the outcome `failed`; its text is dropped.
using ToolBody = std::function<std::string(std::string_view arguments)>;

struct GuardState;
struct SessionState;

class LIBGUARD_API Session {
 public:
  // Runs one SQL command through the whole sentence. Never throws for what the agent wrote.
  [[nodiscard]] Outcome query(const std::string& connection, const std::string& sql,
                              std::vector<Value> params = {}) const;
  [[nodiscard]] Outcome run(Request request) const;
  // Runs a tool's body under a permit, `request.kind == RequestKind::tool`.
  [[nodiscard]] Outcome use(Request request, const ToolBody& body) const;

  [[nodiscard]] const std::string& id() const noexcept;     // "s-..."
  [[nodiscard]] const Identity& identity() const noexcept;  // as it was when the session was opened
  void close() const;                                       // later actions answer `session.closed`
  // A session of another account, marked `local: true`, for the same user and purpose. The account is asserted by this
  // process; the user stays as proven as here, because this guard proved it, and for as long as that proof is good:
  // closing or outliving this session ends the other. A person's own session makes that person the user. Throws
  // Error(invalid, "identity.*").
  [[nodiscard]] Session as_account(const std::string& account) const;
  // For doors that could not even read the request: records and answers its refusal.
  [[nodiscard]] Outcome refuse(const Error& malformed) const;

 private:
  friend class Guard;
  explicit Session(std::shared_ptr<SessionState> state) : state_(std::move(state)) {}
  std::shared_ptr<SessionState> state_;
};

class LIBGUARD_API Guard {
 public:
  // Reads guard.yaml and everything that it names. Throws Error(configuration) that names file, line and path.
  [[nodiscard]] static Guard open(const std::string& path);
  // Validates without starting: no connection is opened and nothing is written. Returns warnings.
  [[nodiscard]] static std::vector<std::string> check(const std::string& path);

  // Throws Error(invalid, "identity.*") when the proof is not good; that is recorded.
  [[nodiscard]] Session session(SessionSpec spec) const;
  // Swaps the whole snapshot, or throws and keeps the old one.
  void reload() const;
  // Hash of configuration and policies, as in every record.
  [[nodiscard]] std::string snapshot() const;
  [[nodiscard]] std::map<std::string, std::int64_t> stats() const;
  // The value detector joins the built-in ones for this guard, at once and after every reload.
  void add_detector(std::shared_ptr<const masking::Detector> detector) const;

  // JSON in, JSON out; what the CLI, the console and a side-car use. See docs/RECORD_FORMAT.md.
  [[nodiscard]] std::string explain(std::string_view line, const std::string& connection,
                                    const std::string& account) const;
  [[nodiscard]] std::string catalogue(const std::string& connection) const;
  // {"op": "list" | "show", "ticket", "all"}
  [[nodiscard]] std::string approvals(std::string_view request) const;
  // {"op": "approve" | "deny" | "revoke", "ticket", "token" | "key", "note"} -> {accepted, code, reason, state}
  [[nodiscard]] std::string vote(std::string_view request) const;
  // {"op": "show" | "reset", "tenant", "name" | "all", "token" | "key"}: counters that outlive a session. Only a person
  // whom policy permits `use` of Tool::"libguard.budgets.reset" sets them back; that is recorded.
  [[nodiscard]] std::string budgets(std::string_view request) const;
  // {"account", "acts_for", "lifetime_s"} -> a token of a provider whose private key the guard holds.
  [[nodiscard]] std::string issue_token(std::string_view request) const;
  [[nodiscard]] std::string audit_directory() const;
  // Asks the databases how actions in doubt ended, of one connection or ("") of all, and records what they say. JSON
  // array of {record, session, connection, kind, effect, status}.
  [[nodiscard]] std::string resolve(const std::string& connection) const;
  void close() const;

 private:
  friend class Session;
  friend class GuardParts;
  explicit Guard(std::shared_ptr<GuardState> state) : state_(std::move(state)) {}
  static Outcome run(SessionState& session, Request request, const ToolBody* body);
  std::shared_ptr<GuardState> state_;
};

}  // namespace libguard
