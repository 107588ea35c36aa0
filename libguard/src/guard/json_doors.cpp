// The JSON doors over the typed interface; no rule of the guard lives here.

#include "libguard/doors.h"

#include <algorithm>

#include "audit/reader.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/system_clock.h"
#include "command/understander.h"
#include "guard/config.h"
#include "guard/line.h"
#include "guard/snapshot.h"
#include "identity/authenticator.h"
#include "masking/masker.h"
#include "model/request_json.h"
#include "policy/decider.h"
#include "policy/packs/packs.h"
#include "policy/policy_lines.h"

namespace libguard {
namespace {

Json read_object(std::string_view text, const std::vector<std::string_view>& members) {
  JsonResult result = read_json(text);
  if (!result.value || !result.value->is_object()) {
    throw Error(ErrorKind::invalid, "request.malformed", "a JSON object is expected here");
  }
  for (const auto& [name, value] : result.value->items()) {
    if (std::find(members.begin(), members.end(), name) == members.end()) {
      throw Error(ErrorKind::invalid, "request.malformed", "the object has a member that is not known here");
    }
  }
  return std::move(*result.value);
}

std::string text_of(const Json& json, const char* name, const std::string& fallback = {}) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return fallback;
  if (!found->is_string()) throw Error(ErrorKind::invalid, "request.malformed", std::string(name) + " must be text");
  return found->get<std::string>();
}

std::int64_t number_of(const Json& json, const char* name, std::int64_t fallback) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return fallback;
  if (!found->is_number_integer())
    throw Error(ErrorKind::invalid, "request.malformed", std::string(name) + " must be a whole number");
  return found->get<std::int64_t>();
}

void append_user(JsonWriter& json, const ActsFor& user) {
  json.begin_object("user").text("subject", user.subject).text_if("account", user.account);
  json.boolean("verified", user.verified).end_object();
}

Dialect dialect_of(std::string_view name) {
  if (name == "sqlite") return Dialect::sqlite;
  if (name == "postgres") return Dialect::postgres;
  throw Error(ErrorKind::invalid, "catalogue.dialect", "the dialect is sqlite or postgres");
}

}  // namespace

std::string run_json(const Session& session, std::string_view request, const CancelToken& cancel,
                     const ToolBody* body) {
  Request parsed;
  try {
    parsed = request_from_json_text(request);
    if ((parsed.kind == RequestKind::tool) != (body != nullptr)) {
      throw Error(ErrorKind::invalid, "request.body",
                  "a request of kind tool comes with a body, and only such a request");
    }
  } catch (const Error& malformed) {
    return to_json_text(session.refuse(malformed));
  }
  parsed.cancel = cancel;
  return to_json_text(body != nullptr ? session.use(std::move(parsed), *body) : session.run(std::move(parsed)));
}

Session session_json(const Guard& guard, std::string_view spec, std::function<std::string()> renew) {
  Json json = read_object(spec, {"token", "key", "account", "user", "purpose"});
  SessionSpec parsed;
  parsed.token = text_of(json, "token");
  parsed.key = text_of(json, "key");
  parsed.account = text_of(json, "account");
  parsed.user = text_of(json, "user");
  parsed.purpose = text_of(json, "purpose");
  parsed.renew = std::move(renew);
  return guard.session(std::move(parsed));
}

std::string info_json(const Session& session) {
  const Identity& identity = session.identity();
  std::string out;
  JsonWriter json(out);
  json.begin_object().text("session", session.id()).text("tenant", identity.tenant).text("account", identity.account);
  json.text("provider", identity.provider).text("subject", identity.subject).texts("groups", identity.groups);
  json.boolean("verified", identity.verified).boolean("human", identity.human);
  json.number("expires_at_us", identity.expires_at_us);
  if (identity.user) append_user(json, *identity.user);
  json.begin_array("chain");
  for (const Hop& hop : identity.chain) {
    json.begin_object().text("kind", hop.kind).text("name", hop.name).boolean("verified", hop.verified).end_object();
  }
  json.end_array().texts("warnings", identity.warnings).end_object();
  return out;
}

std::string stats_json(const Guard& guard) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  for (const auto& [name, value] : guard.stats()) json.name(name).number(value);
  json.end_object();
  return out;
}

struct Explainer::State {
  std::unique_ptr<command::Understander> understander;
};

Explainer::Explainer(std::string_view dialect, std::string_view catalogue) : state_(std::make_unique<State>()) {
  if (catalogue.empty()) {
    state_->understander = command::understander_without_catalogue(dialect_of(dialect));
    return;
  }
  auto parsed = std::make_shared<Catalogue>(catalogue_from_json_text(catalogue));
  if (parsed->dialect != dialect_of(dialect)) {
    throw Error(ErrorKind::invalid, "catalogue.dialect", "the catalogue is of another dialect than was asked for");
  }
  state_->understander = command::make_understander(std::move(parsed));
}

Explainer::~Explainer() = default;
Explainer::Explainer(Explainer&&) noexcept = default;

std::string Explainer::explain(std::string_view line) const {
  return answer_line(line, [&](const Line& parsed) {
    return explain_json_text(*state_->understander->understand(parsed.sql, parsed.params));
  });
}

std::string policy_parse_json(std::string_view line) { return policy::parse_line(line); }
std::string policy_convert_json(std::string_view line) { return policy::convert_line(line); }
std::string policy_format_json(std::string_view line) { return policy::format_line(line); }

std::string role_packs_json() {
  std::string out;
  JsonWriter json(out);
  json.begin_array().begin_object().text("role", "baseline").number("version", 1).boolean("approvers", false);
  json.text("summary", "vetted functions may be called; no structure, no writes without a WHERE; lets nobody in");
  json.text("text", policy::baseline_text()).end_object();
  for (const policy::RolePack& pack : policy::role_packs()) {
    json.begin_object().text("role", pack.name).number("version", pack.version);
    json.boolean("approvers", pack.needs_approvers).text("summary", pack.summary).text("text", pack.text).end_object();
  }
  json.end_array();
  return out;
}

std::string policy_eval_json(std::string_view line, bool cedar_compat) { return policy::eval_line(line, cedar_compat); }
std::string policy_validate_json(std::string_view line) { return policy::validate_line(line); }
std::string policy_schema_convert_json(std::string_view source, bool to_json) {
  return policy::convert_schema(source, to_json);
}
std::string policy_schema_text() { return std::string(policy::schema_text()); }
std::string mask_json(std::string_view line, std::string_view show) { return masking::mask_line(line, show); }
std::string audit_verify_json(const std::string& directory) { return audit::to_json_text(audit::verify(directory)); }
std::string audit_sessions_json(const std::string& directory) { return audit::sessions_json(directory); }
std::string audit_session_json(const std::string& directory, std::string_view session) {
  return audit::session_json(directory, session);
}

std::string config_check_json(const std::string& path) {
  auto clock = system_clock();
  const auto snapshot = build_snapshot(path, {clock, random_ids(clock), {}, &make_backend});
  std::string out;
  JsonWriter json(out);
  json.begin_object().boolean("ok", true).texts("warnings", snapshot->config.warnings);
  json.text("audit", snapshot->config.audit_directory).text("approvals", snapshot->config.approvals_store);
  json.text("snapshot", snapshot->hash).begin_array("connections");
  for (const ConnectionConfig& connection : snapshot->config.connections) {
    json.begin_object().text("name", connection.name).text("driver", connection.driver).end_object();
  }
  json.end_array().end_object();
  return out;
}

void write_issuer_key_files(const std::string& private_path, const std::string& public_path) {
  identity::write_issuer_key(private_path, public_path);
}

std::string make_key_json() {
  identity::NewKey key = identity::make_key();
  std::string out;
  JsonWriter(out)
      .begin_object()
      .text("key", key.key)
      .text("id", key.id)
      .text("secret_sha256", key.secret_sha256_hex)
      .end_object();
  return out;
}

std::string issue_token_json(std::string_view request) {
  Json json = read_object(request,
                          {"config", "account", "acts_for", "lifetime_s", "key_path", "issuer", "audience", "subject"});
  auto clock = system_clock();
  auto ids = random_ids(clock);
  std::int64_t lifetime_s = number_of(json, "lifetime_s", 900);
  if (json.contains("key_path")) {
    return identity::issue_with_key_file(text_of(json, "key_path"), text_of(json, "issuer"),
                                         text_of(json, "audience", "libguard"), text_of(json, "subject"),
                                         text_of(json, "acts_for"), lifetime_s, clock->now_us(), ids->make("j"));
  }
  Config config = read_config(text_of(json, "config", "guard.yaml"));
  identity::Authenticator authenticator(config.identity, clock, ids);
  return authenticator.issue(text_of(json, "account"), text_of(json, "acts_for"), lifetime_s);
}

}  // namespace libguard
