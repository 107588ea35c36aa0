// The first step: what is refused before anybody is looked at, and who is asking.

#include "base/limits.h"
#include "guard/carried_user.h"
#include "guard/passage.h"

namespace libguard {

std::optional<Stop> Passage::refused_at_the_door() const {
  if (guard_.forked)
    return refuse("guard.forked",
                  "this process is a fork of the one that opened the guard; open a new guard after exec");
  if (guard_.closed) return refuse("guard.closed", "the guard was closed; open it again");
  if (session_.closed) return refuse("session.closed", "this session was closed; open a new one");
  if (request_.text.size() > limits::kCommandBytesMax)
    return refuse("command.too_large", "the command is longer than 64 KiB; send less at once");
  if (request_.params.size() > limits::kParamsMax)
    return refuse("command.parameters", "more than 1,000 parameters; send fewer at once");
  if (request_.hops.size() > limits::kHopsMax) return refuse("request.chain", "the chain of hops is longer than 16");
  for (const Hop& hop : request_.hops) {
    if (hop.name.size() > limits::kHopBytesMax) return refuse("request.chain", "a hop's name is longer than 4 KiB");
  }
  return std::nullopt;
}

Checked<Known<Identity>> Passage::authenticate() {
  if (auto stop = refused_at_the_door()) return *stop;
  Checked<SharedIdentity> identity = session_.parent ? carried_identity(session_) : renewed_identity(session_);
  if (!identity) return identity.stop();
  identity_ = std::move(*identity);
  if (!request_.hops.empty()) {
    auto named = std::make_shared<Identity>(*identity_);
    for (Hop hop : request_.hops) {
      hop.verified = false;  // named by the process: recorded as such, and only ever able to narrow
      named->chain.push_back(std::move(hop));
    }
    identity_ = std::move(named);
  }
  return std::cref(*identity_);
}

// The session's identity, if its proof is still good and its account still exists; else one more proof is asked for.
Checked<SharedIdentity> Passage::renewed_identity(SessionState& session) {
  std::lock_guard lock(session.mutex);
  std::string why_not;
  if (snapshot_->authenticator->still_valid(*session.identity, why_not)) return session.identity;
  if (!session.renew) return refuse("identity.expired", why_not);
  std::string proof = session.renew();
  auto renewed = session.proof_kind == "key" ? snapshot_->authenticator->with_key(proof)
                                             : snapshot_->authenticator->with_token(proof);
  if (!renewed.identity) return refuse(renewed.code, renewed.reason);
  if (renewed.identity->account != session.identity->account ||
      renewed.identity->subject != session.identity->subject) {
    return refuse("identity.changed", "the renewed proof is of someone else; open a new session");
  }
  if (!session.asserted_user.empty())
    snapshot_->authenticator->attach_asserted_user(*renewed.identity, session.asserted_user);
  session.identity = std::make_shared<const Identity>(std::move(*renewed.identity));
  return session.identity;
}

// A session of another account lives on the proof of the one that it was made from, and acts for its user of now.
Checked<SharedIdentity> Passage::carried_identity(SessionState& session) {
  SessionState& parent = *session.parent;
  if (parent.closed)
    return refuse("session.closed", "the session that this one was made from was closed; open a new one");
  Checked<SharedIdentity> proven = parent.parent ? carried_identity(parent) : renewed_identity(parent);
  if (!proven) return proven.stop();
  SharedIdentity account;
  {
    std::lock_guard lock(session.mutex);
    account = session.identity;
  }
  std::string why_not;
  if (!snapshot_->authenticator->still_valid(*account, why_not)) return refuse("identity.expired", why_not);
  return SharedIdentity(std::make_shared<Identity>(with_user_of(**proven, *account)));
}

}  // namespace libguard
