// Opening, using and closing sessions.

#include "base/json_writer.h"
#include "guard/carried_user.h"
#include "guard/guard_state.h"
#include "guard/passage.h"
#include "libguard/error.h"
#include "libguard/guard.h"

namespace libguard {
namespace {

identity::Authenticated authenticate(const identity::Authenticator& authenticator, const SessionSpec& spec) {
  if (!spec.token.empty()) return authenticator.with_token(spec.token);
  if (!spec.key.empty()) return authenticator.with_key(spec.key);
  return authenticator.with_account(spec.account);
}

const char* proof_kind(const SessionSpec& spec) {
  return !spec.token.empty() ? "token" : !spec.key.empty() ? "key" : "account";
}

std::string opened_json(const SessionState& session) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().text("session", session.id).text("account", session.opened_as.account);
  json.text("provider", session.opened_as.provider).boolean("verified", session.opened_as.verified);
  json.text("proof", session.proof_kind).text_if("user", session.asserted_user).text_if("purpose", session.purpose);
  if (session.parent) json.text("of_session", session.parent->id);
  json.texts_if("warnings", session.opened_as.warnings);
  json.end_object();
  return out;
}

std::string refused_json(const SessionSpec& spec, const identity::Authenticated& answer) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .text("proof", proof_kind(spec))
      .text("code", answer.code)
      .text("reason", answer.reason)
      .end_object();
  return out;
}

}  // namespace

Session Guard::session(SessionSpec spec) const {
  int proofs = (spec.token.empty() ? 0 : 1) + (spec.key.empty() ? 0 : 1) + (spec.account.empty() ? 0 : 1);
  if (proofs != 1) throw Error(ErrorKind::invalid, "identity.proof", "give exactly one of token, key and account");
  if (state_->forked)
    throw Error(ErrorKind::unavailable, "guard.forked", "this process is a fork of the one that opened the guard");
  auto snapshot = state_->snapshot();
  identity::Authenticated answer = authenticate(*snapshot->authenticator, spec);
  if (!answer.identity) {
    state_->journal->record_event("session_refused", refused_json(spec, answer), true);
    throw Error(ErrorKind::invalid, answer.code, answer.reason);
  }
  auto session = std::make_shared<SessionState>();
  session->guard = state_;
  session->id = state_->ids->make("s");
  session->purpose = std::move(spec.purpose);
  session->proof_kind = proof_kind(spec);
  session->renew = std::move(spec.renew);
  session->asserted_user = std::move(spec.user);
  session->opened_as = std::move(*answer.identity);
  if (!session->asserted_user.empty())
    snapshot->authenticator->attach_asserted_user(session->opened_as, session->asserted_user);
  session->identity = std::make_shared<const Identity>(session->opened_as);
  state_->journal->record_event("session", opened_json(*session), false);
  state_->counters.sessions.fetch_add(1, std::memory_order_relaxed);
  return Session(std::move(session));
}

Outcome Session::query(const std::string& connection, const std::string& sql, std::vector<Value> params) const {
  Request request;
  request.connection = connection;
  request.text = sql;
  request.params = std::move(params);
  return run(std::move(request));
}

Outcome Session::run(Request request) const {
  if (request.kind == RequestKind::tool)
    throw Error(ErrorKind::invalid, "request.body", "a tool needs its body: call use()");
  return Guard::run(*state_, std::move(request), nullptr);
}

Outcome Session::use(Request request, const ToolBody& body) const {
  if (request.kind != RequestKind::tool || request.tool.empty() || !body) {
    throw Error(ErrorKind::invalid, "request.body", "use() runs a request of kind tool with a tool name and a body");
  }
  return Guard::run(*state_, std::move(request), &body);
}

Outcome Session::refuse(const Error& malformed) const {
  Request nothing;
  nothing.purpose = state_->purpose;
  Passage passage(*state_, nothing, nullptr);
  try {
    return passage.stopped({OutcomeState::refused, malformed.code(), malformed.what(), {}});
  } catch (const Error& unwritable) {
    return passage.broken(unwritable);
  }
}

const std::string& Session::id() const noexcept { return state_->id; }
const Identity& Session::identity() const noexcept { return state_->opened_as; }
Session Session::as_account(const std::string& account) const {
  GuardState& guard = *state_->guard;
  auto snapshot = guard.snapshot();
  identity::Authenticated answer = snapshot->authenticator->with_account(account);
  std::shared_ptr<const Identity> parent;
  {
    std::lock_guard lock(state_->mutex);
    parent = state_->identity;
  }
  if (answer.identity && answer.identity->tenant != parent->tenant)
    answer = {std::nullopt, "identity.unknown_account", "there is no account of this name"};
  if (!answer.identity) {
    guard.journal->record_event("session_refused", refused_json({.account = account}, answer), true);
    throw Error(ErrorKind::invalid, answer.code, answer.reason);
  }
  auto session = std::make_shared<SessionState>();
  session->guard = state_->guard;
  session->id = guard.ids->make("s");
  session->purpose = state_->purpose;
  session->proof_kind = "account";
  session->parent = state_;
  session->opened_as = with_user_of(*parent, std::move(*answer.identity));
  session->identity = std::make_shared<const Identity>(session->opened_as);
  guard.journal->record_event("session", opened_json(*session), false);
  guard.counters.sessions.fetch_add(1, std::memory_order_relaxed);
  return Session(std::move(session));
}

void Session::close() const { state_->closed.store(true); }

}  // namespace libguard
