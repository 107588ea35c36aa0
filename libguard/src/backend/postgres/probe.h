#pragma once
// P3: how an action proves, inside its own transaction, that the catalogue is still the one that its command was
// understood against.
//
// The version is a digest over the user-level rows of the system catalogues. It costs the server about 1.5 ms for 200
// tables, most of it for pg_attribute, because a renamed column leaves no mark in pg_class. Too dear for each action;
// so the usual proof is another one: *nothing at all was written to the write-ahead log since the version was last
// known to hold, and nobody finished a transaction*. Every change of a catalogue is in the log before anybody can see
// it, and reading the log's position costs a few microseconds. The snapshot belongs to it, because a transaction whose
// commit is already in the log stays invisible while it waits for its disk or its standby. Only when one of them moved
// is the digest computed again, and the new position kept.
//
// What the digest sees: name, kind and row security of relations, columns, keys, constraints, defaults, triggers,
// rules, inheritance and policies, functions, operators, casts, types and schemas. What it does not see on purpose:
// temporary tables, statistics, relfilenodes (VACUUM, ANALYZE, TRUNCATE, REINDEX leave it alone). What it cannot see:
// a superuser's change of a built-in object (oid below 16384).

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "backend/postgres/connection.h"

namespace libguard::backend::postgres {

// An expression of type text, without parameters.
[[nodiscard]] const std::string& version_expression();
// The log position and the transactions in progress; an expression of type text. On a standby '' (there the order of
// "visible" and "position" is not promised, so the digest is always computed).
[[nodiscard]] const char* log_position_expression();

// The last log position at which a version was known to hold. Thread-safe.
class Freshness {
 public:
  struct Plan {
    bool by_position = false;  // compare with `position`; else compute the digest
    std::string position;
  };
  [[nodiscard]] Plan plan(const std::string& version);
  // `position` was read before a digest that gave `version`.
  void learned(const std::string& version, const std::string& position);
  // A comparison by position failed: the log moves. After a few in a row the digest is tried first for a while, since
  // a failed comparison costs a round trip.
  void moved();
  void held();

 private:
  std::mutex mutex_;
  std::string version_;
  std::string position_;
  int misses_ = 0;
  int skip_ = 0;
};

// Queues the proof as a statement that *fails* (division by zero) when the catalogue changed: the server then skips
// the rest of the batch, so the command itself is never executed.
void send_proof(Connection& connection, const std::string& version, const Freshness::Plan& plan);
// True when it held; throws backend.unreachable and the like when it could not be asked.
[[nodiscard]] bool proof_held(const PGresult* result, const Wait& wait);

}  // namespace libguard::backend::postgres
