#pragma once
// What is remembered: the intent before and the outcome after, in a hash chain that shows any later change. One stream
// per process; thread-safe; group commit. Format: docs/RECORD_FORMAT.md.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "audit/os.h"
#include "libguard/clock.h"
#include "libguard/identity.h"
#include "libguard/outcome.h"
#include "libguard/request.h"
#include "model/decision.h"
#include "model/intent.h"

namespace libguard::audit {

// What the record of an action says, however often it is asked again: written once.
struct ActionText {
  std::string who_and_what;
  std::string decision;
};

// Everything a record says before the action. Texts come here already scrubbed (labels in place of values).
struct ActionEntry {
  std::string record;                  // "r-..."
  std::string session;                 // "s-..."
  const Identity* identity = nullptr;  // may be nobody: authentication failed
  std::vector<Hop> hops;
  std::string tool;
  std::string connection;
  std::string kind;  // "sql" | "tool"
  std::string purpose;
  std::string explanation;
  std::string command_text;    // scrubbed
  std::string params_json;     // scrubbed
  std::string command_digest;  // keyed
  std::vector<std::string> kinds;
  std::string effect;
  std::vector<std::string> reads;
  std::vector<std::string> writes;
  // Stands for what is written of it already: identity, hops, tool to writes, decision, verdict and snapshot.
  std::shared_ptr<const ActionText> text;
  std::string facts_json;  // what policy was asked about; "" when nothing was understood
  const Decision* decision = nullptr;
  std::string verdict;  // "allow" | "refuse" | "pending"
  std::string snapshot;
  std::string ticket;
  std::vector<std::string> approvers;
  std::string permit_digest;
  std::string xid;
  std::string system_identifier;
};

// Of an entry without one.
[[nodiscard]] ActionText action_text(const ActionEntry& entry);

struct OutcomeEntry {
  std::string state;  // completed | refused | pending | failed | in_doubt
  std::string stage;
  std::string code;
  std::string reason;
  std::int64_t rows = 0;
  std::int64_t affected = 0;
  std::map<std::string, std::int64_t> masked_counts;  // "pii.email|label" -> count
  std::string response_json;                          // masked rows (audit.responses: masked) or "" ...
  bool response_is_ours = false;                      // response_json was written by JsonWriter alone
  std::string response_digest;                        // ... then their keyed digest
  std::int64_t total_us = 0;
  std::int64_t backend_us = 0;
};

// How an action in doubt ended after all.
struct Resolution {
  std::string record;
  std::string session;
  std::string tenant;
  std::string state;  // completed | failed
  std::string code;   // "resolved.committed", "resolved.aborted", "resolved.read"
  std::string reason;
};

struct JournalOptions {
  std::string directory;
  std::string host;     // empty: this machine's
  std::string boot_id;  // empty: the kernel's
  std::size_t segment_bytes_max = 64 * 1024 * 1024;
  // Golden records fix these two; else they are made from start time, process id and chance.
  std::string stream_id;
  std::int64_t pid = 0;
};

class Journal {
 public:
  // Opens a new segment for this process (file mode 0600, directory 0700) and puts torn tails of dead writers aside,
  // with a record of it. Throws Error(configuration | unavailable, "audit.*").
  Journal(const JournalOptions& options, const std::shared_ptr<Os>& os, const std::shared_ptr<Clock>& clock);
  ~Journal();

  // Returns only when the intent is durable (group commit). Throws Error(unavailable, "audit.unwritable"): the caller
  // refuses. An fsync error kills the stream for good; the next call opens a new segment, never retries the old one.
  [[nodiscard]] Intent record_intent(const ActionEntry& entry);
  // Written at once, synced with the next group. Throws as above.
  void record_outcome(const Intent& intent, const ActionEntry& entry, const OutcomeEntry& outcome);
  // One durable record for what never ran: refused and pending.
  void record_refusal(const ActionEntry& entry, const OutcomeEntry& outcome);
  // Durable; closes the intent of that record for every reader.
  void record_resolution(const Resolution& resolution);
  // Anything else worth a record: session opened, reload, vote, tool mask. `body_json` is a JSON object; its member
  // `session`, when it has one, puts the event into that session.
  void record_event(const std::string& type, const std::string& body_json, bool durable);
  // Returns when everything accepted so far is durable. Without it an idle stream is synced within a second.
  void flush();
  // For the child of a fork: every later call throws Error(unavailable, "guard.forked"), as it does without this call.
  void abandon_after_fork() noexcept;
  // records, segments, syncs, unwritable, repaired.
  [[nodiscard]] std::map<std::string, std::int64_t> stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace libguard::audit
