#pragma once
// The answer to a Request: always one of five states, always with a code, a sentence and a record id.

#include <cstdint>
#include <string>
#include <vector>

#include "libguard/api.h"
#include "libguard/value.h"

namespace libguard {

enum class OutcomeState {
  refused,  // the zero value is safe
  pending,  // a person is asked; NOT executed
  completed,
  failed,    // allowed and tried, and the backend said no or broke; nothing was changed
  in_doubt,  // a COMMIT was sent and its answer never came; the record says how to resolve it
};

struct OutcomeColumn {
  std::string name;
  std::string type;  // the backend's type name ("int4", "text", "numeric", ...), SQLite: declared or ""
  bool masked = false;
  std::string data_class;  // "pii.email", or "" when not masked by a class
  std::string op;          // "redact" | "label" | "partial" ...; "" when not masked
};

// A plain value, complete in JSON form: {state, stage, code, reason, record, ticket, columns, rows,
// affected, truncated, result, risk, deciding, warnings, sqlstate}. Rows are masked:
// only a MaskedResult can become an Outcome's rows (promise 4).
struct [[nodiscard]] Outcome {
  OutcomeState state = OutcomeState::refused;
  std::string stage;   // authenticate | understand | decide | approve | record | execute | mask
  std::string code;    // stable: "ok", "policy.denied", "approval.pending", "backend.unreachable" ...
  std::string reason;  // for its reader: what, by which rule, what to do next
  std::string record;  // "r-..."
  std::string ticket;  // "t-..." or empty
  std::vector<OutcomeColumn> columns;
  std::vector<Row> rows;
  std::int64_t affected = 0;
  bool truncated = false;  // a row or byte limit cut the answer
  std::string result;      // tool: masked text
  int risk = 0;
  std::vector<std::string> deciding;  // policy ids
  std::vector<std::string> warnings;
  std::string sqlstate;

  [[nodiscard]] bool completed() const noexcept { return state == OutcomeState::completed; }
};

[[nodiscard]] LIBGUARD_API const char* to_string(OutcomeState state) noexcept;

}  // namespace libguard
