#pragma once
// What the handles Guard and Session share.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "audit/journal.h"
#include "audit/reader.h"
#include "guard/snapshot.h"
#include "libguard/guard.h"

namespace libguard {

// Counters that stats() shows; relaxed, since nobody decides by them.
struct Counters {
  std::atomic<std::int64_t> completed{0}, refused{0}, pending{0}, failed{0}, in_doubt{0}, sessions{0}, reloads{0};
  void count(OutcomeState state) noexcept;
};

struct GuardState {
  std::string path;
  std::shared_ptr<Clock> clock;  // as in `ingredients`, without the lock
  std::shared_ptr<IdSource> ids;
  std::unique_ptr<audit::Journal> journal;
  std::string digest_key;  // keys the digests of commands in records
  Counters counters;
  std::atomic<bool> forked{false};
  std::atomic<bool> closed{false};

  ~GuardState();
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  void swap(std::shared_ptr<const Snapshot> next);

  std::mutex changing;       // one reload or new detector at a time: none may undo the other
  mutable std::mutex mutex;  // guards the three below
  std::shared_ptr<const Snapshot> current;
  Ingredients ingredients;
  std::vector<audit::OpenIntent> in_doubt;  // of this process, not resolved yet (resolver.h)
  std::atomic<std::int64_t> doubts{0};      // how many; read without the lock
};

struct SessionState {
  std::shared_ptr<GuardState> guard;
  std::string id;
  std::string purpose;
  std::function<std::string()> renew;
  std::string proof_kind;  // "token" | "key" | "account"
  std::string asserted_user;
  std::shared_ptr<SessionState> parent;  // whose proof and user this session lives on (Session::as_account)
  Identity opened_as;                    // immutable
  std::atomic<bool> closed{false};
  SessionTally tally;
  // What is used in the session of an agent's own account counts in the session that it was made from.
  [[nodiscard]] SessionTally& counted() noexcept { return parent ? parent->counted() : tally; }
  std::mutex mutex;                          // guards `identity`
  std::shared_ptr<const Identity> identity;  // another one when the proof was renewed
};

// fork(): the child's guards answer `guard.forked`, close their sockets and abandon their files.
void register_for_fork(const std::shared_ptr<GuardState>& state);

}  // namespace libguard
