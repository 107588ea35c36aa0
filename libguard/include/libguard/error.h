#pragma once
// Breakage, as opposed to a verdict. A verdict (refused, pending ...) is an Outcome, a value; an Error
// means that something is broken or was called wrongly. Inside the pipeline every Error becomes an
// Outcome; only set-up calls (Guard::open, reload, session) let one through to the caller.

#include <stdexcept>
#include <string>

#include "libguard/api.h"

namespace libguard {

// What a caller can do about it, and nothing finer: the stable `code` carries the detail.
enum class ErrorKind {
  internal,       // a promise of ours was broken: report it
  configuration,  // guard.yaml, a policy or a key file must be changed
  invalid,        // the caller passed something malformed (a token, a parameter, a batch line)
  unavailable,    // a backend, store or disk cannot be reached in time; trying again may work
  in_doubt,       // the action may or may not have happened; the record says how to find out
};

// Thread-safe to copy and throw. `what()` is a sentence for its reader and never holds data, a
// credential or text of a server. `code` is stable, dotted and lower case ("backend.unreachable").
class LIBGUARD_API Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string code, const std::string& sentence)
      : std::runtime_error(sentence), kind_(kind), code_(std::move(code)) {}

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& code() const noexcept { return code_; }

  // Five characters when a PostgreSQL server (or the SQLite result class) said why; else empty.
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }
  Error& with_sqlstate(std::string state) {
    sqlstate_ = std::move(state);
    return *this;
  }

 private:
  ErrorKind kind_;
  std::string code_;
  std::string sqlstate_;
};

}  // namespace libguard
