#pragma once
// What a tool wants done, as given by the (untrusted) agent. Complete JSON form: see docs/RECORD_FORMAT.md.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libguard/cancel.h"
#include "libguard/identity.h"
#include "libguard/value.h"

namespace libguard {

enum class RequestKind { sql, tool };

struct Request {
  RequestKind kind = RequestKind::sql;
  std::string connection;     // sql: name in guard.yaml
  std::string text;           // sql: one statement, as bytes; at most limits kCommandBytesMax
  std::vector<Value> params;  // sql: bind values, positional
  std::string tool;           // the tool's name: for `tool` what runs, for `sql` what asked
  std::string arguments;      // tool: strict JSON object
  std::vector<Hop> hops;      // crew, agent, task, tool as the adapter saw them
  std::string explanation;    // the agent's own words; untrusted, shown to approvers as such
  std::string purpose;
  std::string ticket;                       // resume this approved ticket; empty: a fresh action
  std::optional<std::int64_t> wait_ms;      // how long to wait for an approval; absent: approvals.wait_s
  std::optional<std::int64_t> deadline_ms;  // absent: the connection's
  CancelToken cancel;                       // not part of the JSON form
};

}  // namespace libguard
