#pragma once
// JSON text in, JSON text out: the doors that bindings, the CLI and a side-car use. Forms: docs/RECORD_FORMAT.md and
// `libguard --help`. Thread-safe.

#include <memory>
#include <string>
#include <string_view>

#include "libguard/guard.h"

namespace libguard {

// Runs one Request given as JSON; answers the Outcome as JSON. A malformed request is a refused Outcome, recorded like
// any other. `body` may be null unless the request is of kind tool.
[[nodiscard]] LIBGUARD_API std::string run_json(const Session& session, std::string_view request,
                                                const CancelToken& cancel, const ToolBody* body);
// {"token" | "key" | "account", "user", "purpose"}; throws as Guard::session does.
[[nodiscard]] LIBGUARD_API Session session_json(const Guard& guard, std::string_view spec,
                                                std::function<std::string()> renew);
// The session's identity: {session, account, provider, subject, groups, verified, human, user, chain, warnings, ...}.
[[nodiscard]] LIBGUARD_API std::string info_json(const Session& session);
[[nodiscard]] LIBGUARD_API std::string stats_json(const Guard& guard);

// {id, sql, params?} -> facts, without a guard. `catalogue` is the FILE of `libguard catalogue dump` or "".
class LIBGUARD_API Explainer {
 public:
  // `dialect`: "sqlite" | "postgres". Throws Error(invalid, "catalogue.*").
  Explainer(std::string_view dialect, std::string_view catalogue);
  ~Explainer();
  Explainer(Explainer&&) noexcept;
  [[nodiscard]] std::string explain(std::string_view line) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] LIBGUARD_API std::string policy_eval_json(std::string_view line, bool cedar_compat);
// {id, schema, policies, links?} -> {id, valid, findings: [{policy, id?, code, severity, line, column, message, help,
// excerpt}]}, or {id, error}. The schema is Cedar's, a text or an object; the verdict is that of Cedar's strict
// validator.
[[nodiscard]] LIBGUARD_API std::string policy_validate_json(std::string_view line);
// A Cedar schema as the other of its two forms: {ok, schema} or {ok, error: {code, message, line?, column?, excerpt?}}.
[[nodiscard]] LIBGUARD_API std::string policy_schema_convert_json(std::string_view source, bool to_json);
// The schema of libguard's own vocabulary, as Cedar schema text.
[[nodiscard]] LIBGUARD_API std::string policy_schema_text();
// `{id, policies}` -> `{id, ok, policies, templates, error?}`; Cedar's meaning of ok.
[[nodiscard]] LIBGUARD_API std::string policy_parse_json(std::string_view line);
// `{id, policies}` (text) -> `{id, json}`; `{id, json}` (Cedar's JSON form) -> `{id, policies}`.
[[nodiscard]] LIBGUARD_API std::string policy_convert_json(std::string_view line);
// `{id, policies, width?}` -> `{id, policies}`: the text laid out, its tokens and comments as they were; or `{id,
// error}`.
[[nodiscard]] LIBGUARD_API std::string policy_format_json(std::string_view line);
// [{role, version, approvers, summary, text}]: the policies that ship with libguard, `baseline` first.
[[nodiscard]] LIBGUARD_API std::string role_packs_json();
[[nodiscard]] LIBGUARD_API std::string mask_json(std::string_view line, std::string_view show);
[[nodiscard]] LIBGUARD_API std::string audit_verify_json(const std::string& directory);
[[nodiscard]] LIBGUARD_API std::string audit_sessions_json(const std::string& directory);
[[nodiscard]] LIBGUARD_API std::string audit_session_json(const std::string& directory, std::string_view session);
// {ok, warnings, audit, approvals}; throws Error(configuration) for the first thing that is wrong.
[[nodiscard]] LIBGUARD_API std::string config_check_json(const std::string& path);
// Makes an Ed25519 issuer: private file 0600, public file 0644; never overwrites.
LIBGUARD_API void write_issuer_key_files(const std::string& private_path, const std::string& public_path);
// {key, id, secret_sha256}: the key is shown here once and stored nowhere.
[[nodiscard]] LIBGUARD_API std::string make_key_json();
// {config, account, acts_for?, lifetime_s?} or {key_path, issuer, audience, subject, acts_for?, lifetime_s?} -> token.
[[nodiscard]] LIBGUARD_API std::string issue_token_json(std::string_view request);

}  // namespace libguard
