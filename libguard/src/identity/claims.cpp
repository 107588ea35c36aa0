#include "identity/claims.h"

#include <algorithm>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

namespace libguard::identity {
namespace {

// 9999-12-31: past it the multiplication to microseconds would stop being safe.
constexpr std::int64_t kTimeMaxS = 253'402'300'799;
constexpr std::int64_t kMicros = 1'000'000;

// The text of a claim that is there and is a name; else nullptr.
const std::string* name_claim(const Json& claims, const char* name) {
  auto at = claims.find(name);
  if (at == claims.end() || !at->is_string()) return nullptr;
  const auto& text = at->get_ref<const std::string&>();
  return is_name(text) ? &text : nullptr;
}

bool audience_fits(const Json& claims, const std::string& audience) {
  auto at = claims.find("aud");
  if (at == claims.end()) return false;
  if (at->is_string()) return at->get_ref<const std::string&>() == audience;
  if (!at->is_array()) return false;
  bool found = false;
  for (const Json& one : *at) {
    if (!one.is_string()) return false;
    found = found || one.get_ref<const std::string&>() == audience;
  }
  return found;
}

// Seconds since 1970 as a JSON integer. RFC 7519 allows fractions; no issuer needs them, and a float that rounds is
// a claim that two readers read differently.
std::optional<std::int64_t> time_claim(const Json& claims, const char* name) {
  auto at = claims.find(name);
  if (at == claims.end() || !at->is_number_integer()) return std::nullopt;
  if (at->is_number_unsigned() && at->get<std::uint64_t>() > static_cast<std::uint64_t>(kTimeMaxS)) return std::nullopt;
  auto seconds = at->get<std::int64_t>();
  if (seconds < 0 || seconds > kTimeMaxS) return std::nullopt;
  return seconds;
}

bool times_fit(const Json& claims, std::int64_t now_us, VerifiedClaims& out, std::string& why_not) {
  auto expires = time_claim(claims, "exp");
  if (!expires) {
    why_not = "the token's exp is absent or not a whole number of seconds";
    return false;
  }
  out.expires_at_us = *expires * kMicros;
  if (out.expires_at_us <= now_us) {
    why_not = "the token has expired";
    return false;
  }
  for (const char* name : {"nbf", "iat"}) {
    if (!claims.contains(name)) continue;
    auto from = time_claim(claims, name);
    if (!from) {
      why_not = "a time in the token is not a whole number of seconds";
      return false;
    }
    if (*from * kMicros > now_us + limits::kClockLeewayS * kMicros) {
      why_not = "the token is not valid yet";
      return false;
    }
  }
  return true;
}

std::string hop_kind(const Json& actor) {
  auto at = actor.find("kind");
  if (at == actor.end()) return "agent";
  if (!at->is_string()) return {};
  const auto& kind = at->get_ref<const std::string&>();
  for (const char* known : {"crew", "agent", "task", "tool"}) {
    if (kind == known) return kind;
  }
  return {};
}

// Walks act.act.act...; false when a link is malformed, of another issuer, or one too many.
bool read_actors(const Json& first, const std::string& issuer, std::vector<Hop>& actors) {
  const Json* actor = &first;
  while (true) {
    if (!actor->is_object() || actors.size() >= limits::kHopsMax) return false;
    const std::string* name = name_claim(*actor, "sub");
    std::string kind = hop_kind(*actor);
    if (name == nullptr || kind.empty()) return false;
    if (actor->contains("iss") && (!(*actor)["iss"].is_string() || (*actor)["iss"] != issuer)) return false;
    actors.push_back({kind, *name, true});
    auto next = actor->find("act");
    if (next == actor->end()) return true;
    actor = &*next;
  }
}

bool read_delegation(const Json& claims, VerifiedClaims& out, std::string& why_not) {
  if (claims.contains("act")) {
    std::vector<Hop> actors;
    if (claims.contains("acts_for") || claims.contains("may_act") || !read_actors(claims["act"], out.issuer, actors)) {
      why_not = "the token's chain of actors (act) is malformed, ambiguous or too long";
      return false;
    }
    out.acts_for = std::move(out.subject);
    out.subject = actors.front().name;
    actors.erase(actors.begin());
    std::reverse(actors.begin(), actors.end());  // outermost (oldest) first
    out.chain = std::move(actors);
  } else if (claims.contains("acts_for")) {
    const std::string* user = name_claim(claims, "acts_for");
    if (user == nullptr) {
      why_not = "the token's acts_for is not a name";
      return false;
    }
    out.acts_for = *user;
  }
  if (!out.acts_for.empty()) out.chain.insert(out.chain.begin(), {"user", out.acts_for, true});
  return true;
}

bool read_names(const Json& claims, const std::string& issuer, const std::string& audience, VerifiedClaims& out,
                std::string& why_not) {
  auto iss = claims.find("iss");
  if (iss == claims.end() || !iss->is_string() || iss->get_ref<const std::string&>() != issuer) {
    why_not = "the token is of another issuer";
    return false;
  }
  if (!audience_fits(claims, audience)) {
    why_not = "the token is for another audience";
    return false;
  }
  const std::string* subject = name_claim(claims, "sub");
  const std::string* id = name_claim(claims, "jti");
  if (subject == nullptr || id == nullptr) {
    why_not =
        subject == nullptr ? "the token's sub is absent or not a name" : "the token's jti is absent or not a name";
    return false;
  }
  out.issuer = issuer;
  out.subject = *subject;
  out.id = *id;
  return true;
}

}  // namespace

JsonResult read_object(std::string_view text) {
  // RFC 8259 lets a reader skip a byte order mark, and ours does; two readers of one token must not differ in that.
  if (text.starts_with("\xEF\xBB\xBF")) return {std::nullopt, "starts with a byte order mark"};
  JsonResult json = read_json(text);
  if (json.value && !json.value->is_object()) return {std::nullopt, "is not an object"};
  return json;
}

bool is_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > kNameBytesMax || text == "*" || !text::is_utf8(text)) return false;
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::optional<VerifiedClaims> read_claims(std::string_view payload, const std::string& issuer,
                                          const std::string& audience, std::int64_t now_us, std::string& why_not) {
  JsonResult json = read_object(payload);
  if (!json.value) {
    why_not = "the token's claims are not a strict JSON object";
    return std::nullopt;
  }
  VerifiedClaims out;
  if (!read_names(*json.value, issuer, audience, out, why_not)) return std::nullopt;
  if (!times_fit(*json.value, now_us, out, why_not)) return std::nullopt;
  if (!read_delegation(*json.value, out, why_not)) return std::nullopt;
  return out;
}

std::string claimed_issuer(std::string_view payload) {
  JsonResult json = read_object(payload);
  if (!json.value) return {};
  auto at = json.value->find("iss");
  return at != json.value->end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string claims_text(const std::string& issuer, const std::string& audience, const std::string& subject,
                        const std::string& acts_for, std::int64_t lifetime_s, std::int64_t now_us,
                        const std::string& token_id) {
  std::int64_t now_s = now_us / kMicros;
  Json claims{{"iss", issuer}, {"aud", audience},           {"sub", subject},
              {"iat", now_s},  {"exp", now_s + lifetime_s}, {"jti", token_id}};
  if (!acts_for.empty()) claims["acts_for"] = acts_for;
  return dump(claims);
}

}  // namespace libguard::identity
