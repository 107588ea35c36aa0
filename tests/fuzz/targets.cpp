#include "fuzz/targets.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "audit/reader.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/system_clock.h"
#include "command/understander.h"
#include "guard/yaml.h"
#include "identity/authenticator.h"
#include "libguard/doors.h"
#include "libguard/error.h"
#include "model/request_json.h"

namespace libguard::fuzz {
namespace {

// Error is the one exception that may leave a reader; anything else is a finding.
template <typename Call>
void allow_errors(Call call) {
  try {
    call();
  } catch (const Error&) {
  }
}

std::string quoted(std::string_view text) { return dump(Json(std::string(text))); }

std::string folder() {
  static const std::string path = [] {
    std::string made =
        (std::filesystem::temp_directory_path() / ("lgfuzz-" + crypto::hex(crypto::random_bytes(6)))).string();
    std::filesystem::create_directories(made);
    return made;
  }();
  return path;
}

const identity::Authenticator& authenticator() {
  static const std::unique_ptr<identity::Authenticator> made = [] {
    identity::write_issuer_key(folder() + "/issuer", folder() + "/issuer.pub");
    identity::IdentityConfig config;
    identity::ProviderConfig provider;
    provider.name = "local";
    provider.kind = "local";
    provider.key_path = folder() + "/issuer";
    provider.issuer = "libguard:local";
    config.providers = {provider};
    identity::AccountConfig account;
    account.name = "crew";
    account.provider = "local";
    account.subject = "crew";
    config.accounts = {account};
    auto clock = system_clock();
    return std::make_unique<identity::Authenticator>(config, clock, random_ids(clock));
  }();
  return *made;
}

}  // namespace

void json(std::string_view text) {
  JsonResult result = read_json(text);
  if (result.value) (void)dump(*result.value);
}

void request(std::string_view text) {
  allow_errors([&] { (void)to_json_text(request_from_json_text(text)); });
  allow_errors([&] { (void)outcome_from_json_text(text); });
}

void policy_eval(std::string_view text) {
  (void)policy_eval_json(text, true);
  (void)policy_eval_json(
      "{\"id\":1,\"policies\":" + quoted(text) +
          ",\"entities\":[],\"cases\":[{\"request\":{\"principal\":{\"type\":\"A\",\"id\":\"a\"},"
          "\"action\":{\"type\":\"Action\",\"id\":\"x\"},\"resource\":{\"type\":\"R\",\"id\":\"r\"},\"context\":{}}}]}",
      true);
}

namespace {

// Policies in their JSON form; null when the line is refused.
Json policies_as_json(const std::string& policies) {
  Json line = Json::parse(policy_convert_json("{\"policies\":" + policies + "}"));
  return line.contains("json") ? line["json"]["staticPolicies"] : Json();
}

}  // namespace

// To lay a text out changes nothing, and to do it twice changes nothing more.
void policy_text(std::string_view text) {
  const std::string line = quoted(text);
  const bool ok = Json::parse(policy_parse_json("{\"policies\":" + line + "}"))["ok"] == true;
  for (const char* width : {"40", "100"}) {
    const std::string tail = ",\"width\":" + std::string(width) + "}";
    Json once = Json::parse(policy_format_json("{\"policies\":" + line + tail));
    if (once.contains("policies") != ok) __builtin_trap();
    if (!ok) return;
    const std::string laid_out = dump(once["policies"]);
    if (Json::parse(policy_format_json("{\"policies\":" + laid_out + tail))["policies"] != once["policies"])
      __builtin_trap();
    if (policies_as_json(laid_out) != policies_as_json(line)) __builtin_trap();
  }
}

// A policy set in JSON form, written as text, reads as the same conditions.
void policy_json(std::string_view text) {
  JsonResult read = read_json(text, 1'000);
  if (!read.value) return;
  Json written = Json::parse(policy_convert_json("{\"json\":" + dump(*read.value) + "}"));
  if (!written.contains("policies")) return;
  Json back = policies_as_json(dump(written["policies"]));
  if (back.is_null()) __builtin_trap();
}

// What one form says, the other form must be able to say, and both must mean the same.
void policy_schema(std::string_view text) {
  Json json = Json::parse(policy_schema_convert_json(text, true));
  if (json["ok"] == true) {
    std::string once = dump(json["schema"]);
    Json back = Json::parse(policy_schema_convert_json(once, true));
    if (back["ok"] != true || dump(back["schema"]) != once) __builtin_trap();
    (void)policy_schema_convert_json(once, false);
  }
  (void)policy_schema_convert_json(text, false);
}

// Up to a NUL byte the schema, behind it the policies; with a schema of its own when there is no NUL.
void policy_validate(std::string_view text) {
  (void)policy_validate_json(text);
  auto cut = text.find('\0');
  std::string_view schema =
      "entity G; entity U in [G] = {a?: Long, r: {b?: Set<String>}, u?: U} tags String; action x, y appliesTo "
      "{principal: "
      "[U, G], resource: [U], context: {i: ipaddr, d?: decimal, t?: datetime}};";
  if (cut != std::string_view::npos) schema = text.substr(0, cut);
  std::string_view policies = cut == std::string_view::npos ? text : text.substr(cut + 1);
  (void)policy_validate_json("{\"id\":1,\"schema\":" + quoted(schema) + ",\"policies\":" + quoted(policies) + "}");
}

void postgres(std::string_view text) {
  static const auto understander = command::understander_without_catalogue(Dialect::postgres);
  (void)explain_json_text(*understander->understand(text, {}));
}

void sqlite(std::string_view text) {
  static const auto understander = command::understander_without_catalogue(Dialect::sqlite);
  (void)explain_json_text(*understander->understand(text, {}));
}

void mask(std::string_view text) {
  (void)mask_json(text, "label");
  (void)mask_json("{\"id\":1,\"text\":" + quoted(text) + "}", "label");
}

void token(std::string_view text) {
  if (authenticator().with_token(text).identity) __builtin_trap();
  if (authenticator().with_key(text).identity) __builtin_trap();
}

void catalogue(std::string_view text) {
  allow_errors([&] {
    Catalogue read = catalogue_from_json_text(text);
    (void)to_json_text(read);
  });
}

void configuration(std::string_view text) {
  allow_errors([&] { (void)read_yaml("guard.yaml", std::string(text)); });
}

void log_line(std::string_view text) {
  const std::string path = folder() + "/audit";
  std::filesystem::create_directories(path);
  std::ofstream(path + "/20260101T000000Z-1-fuzz.jsonl", std::ios::binary) << text;
  (void)audit::to_json_text(audit::verify(path));
  (void)audit::sessions_json(path);
  (void)audit::session_json(path, "s-1");
}

}  // namespace libguard::fuzz
