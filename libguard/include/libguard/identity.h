#pragma once
// Who is asking: an authenticated account, the person it acts for, and the chain of hops between.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace libguard {

// One link of user -> crew -> agent -> task -> tool. `verified` = proven by a token or key that the guard
// checked; otherwise *asserted* by the process: recorded as such, and only ever able to narrow.
struct Hop {
  std::string kind;  // "user" | "crew" | "agent" | "task" | "tool"
  std::string name;
  bool verified = false;
  bool operator==(const Hop&) const = default;
};

// The person an account acts for.
struct ActsFor {
  std::string subject;              // as the token says, or as the process asserted
  std::string account;              // the account this subject is bound to, or empty
  std::vector<std::string> groups;  // of that account
  bool verified = false;
  bool operator==(const ActsFor&) const = default;
};

// Plain value; only the identity module makes one that is authenticated. A default one is nobody.
struct Identity {
  std::string tenant = "default";
  std::string account;              // name in guard.yaml
  std::string provider;             // name in guard.yaml, or "key"
  std::string subject;              // as the provider says
  std::vector<std::string> groups;  // sorted, unique
  bool human = false;
  bool verified = false;           // false: `account=`, asserted by the process
  std::string credential_id;       // jti or key id: which proof it was
  std::int64_t expires_at_us = 0;  // 0: the proof does not expire (and a warning says so)
  std::optional<ActsFor> user;
  std::vector<Hop> chain;             // outermost first
  std::vector<std::string> warnings;  // "key older than 90 days" ...; shown in session and record
  bool operator==(const Identity&) const = default;
};

}  // namespace libguard
