#include "identity/jws.h"

#include <array>

#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "identity/claims.h"

namespace libguard::identity {
namespace {

// A key's name is a word; a longer one is an attempt at something else.
constexpr std::size_t kKidBytesMax = 256;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header '.' payload
};

std::optional<Parts> split(std::string_view token, std::string& why_not) {
  if (token.empty() || token.size() > limits::kTokenBytesMax) {
    why_not = token.empty() ? "the token is empty" : "the token is longer than 16 KiB";
    return std::nullopt;
  }
  auto first = token.find('.');
  auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    why_not = "the token does not have exactly three parts";
    return std::nullopt;
  }
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

// An allow-list: what a verifier does not know, it must not let pass (RFC 7515 section 4.1.11 asks this of `crit`
// only; every published header attack used a member that the verifier tolerated).
bool header_fits(const Json& header, std::string& why_not) {
  for (const auto& [name, value] : header.items()) {
    if (name != "alg" && name != "typ" && name != "kid") {
      why_not = "the token's header has a member other than alg, typ and kid";
      return false;
    }
    if (!value.is_string()) {
      why_not = "a member of the token's header is not text";
      return false;
    }
  }
  if (!header.contains("alg") || header["alg"].get_ref<const std::string&>() != "EdDSA") {
    why_not = "the token's algorithm is not EdDSA, the only one accepted of this provider";
    return false;
  }
  if (header.contains("typ") && header["typ"].get_ref<const std::string&>() != "JWT") {
    why_not = "the token's typ is not JWT";
    return false;
  }
  if (header.contains("kid")) {
    const auto& kid = header["kid"].get_ref<const std::string&>();
    if (kid.empty() || kid.size() > kKidBytesMax) {
      why_not = "the token's kid is empty or too long";
      return false;
    }
  }
  return true;
}

const VerifyKey* key_for(const Json& header, const std::vector<VerifyKey>& keys, std::string& why_not) {
  if (!header.contains("kid")) {
    if (keys.size() == 1) return &keys.front();
    why_not = "the provider has several keys and the token does not name one (kid)";
    return nullptr;
  }
  const auto& kid = header["kid"].get_ref<const std::string&>();
  for (const VerifyKey& key : keys) {
    if (key.kid == kid) return &key;
  }
  // A single key whose issuer uses names of its own: the signature alone decides.
  if (keys.size() == 1 && keys.front().kid.empty()) return &keys.front();
  why_not = "the token names a key (kid) that the provider does not have";
  return nullptr;
}

}  // namespace

std::string thumbprint(std::string_view public_key) {
  // The members in lexicographic order and without white space, as RFC 7638 section 3 asks.
  std::string canonical = R"({"crv":"Ed25519","kty":"OKP","x":")" + crypto::base64url(public_key) + R"("})";
  crypto::Digest digest = crypto::sha256(canonical);
  return crypto::base64url(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::optional<std::string> verified_payload(std::string_view token, const std::vector<VerifyKey>& keys,
                                            std::string& why_not) {
  auto parts = split(token, why_not);
  if (!parts) return std::nullopt;
  auto header_text = crypto::from_base64url(parts->header);
  auto payload = crypto::from_base64url(parts->payload);
  auto signature = crypto::from_base64url(parts->signature);
  if (!header_text || !payload || !signature) {
    why_not = "a part of the token is not canonical base64url";
    return std::nullopt;
  }
  JsonResult header = read_object(*header_text);
  if (!header.value) {
    why_not = "the token's header is not a strict JSON object";
    return std::nullopt;
  }
  if (!header_fits(*header.value, why_not)) return std::nullopt;
  const VerifyKey* key = key_for(*header.value, keys, why_not);
  if (key == nullptr) return std::nullopt;
  if (!crypto::ed25519_verify(key->public_key, parts->signed_text, *signature)) {
    why_not = "the token's signature is not the provider's";
    return std::nullopt;
  }
  return payload;
}

std::optional<std::string> unverified_payload(std::string_view token) {
  std::string why_not;
  auto parts = split(token, why_not);
  if (!parts) return std::nullopt;
  return crypto::from_base64url(parts->payload);
}

std::string sign_token(std::string_view seed, std::string_view payload) {
  Json header{{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", thumbprint(crypto::ed25519_public(seed))}};
  std::string text = crypto::base64url(dump(header)) + "." + crypto::base64url(payload);
  return text + "." + crypto::base64url(crypto::ed25519_sign(seed, text));
}

}  // namespace libguard::identity
