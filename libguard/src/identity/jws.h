#pragma once
// The signature layer of a token: JWS compact serialisation (RFC 7515) signed with Ed25519 (RFC 8037), and nothing
// more. Reads untrusted bytes: returns values, never throws for bad input, and its reasons show nothing of the token.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libguard::identity {

// A public key and the name that a token's `kid` may call it by.
struct VerifyKey {
  std::string kid;         // RFC 7638 thumbprint for our own keys; "" = the issuer's naming is unknown
  std::string public_key;  // 32 bytes
};

// RFC 7638 thumbprint of an Ed25519 public key (RFC 8037, appendix A.3).
[[nodiscard]] std::string thumbprint(std::string_view public_key);

// The payload bytes of a token that one of `keys` signed, else nullopt and `why_not`. The header must be a strict JSON
// object with alg EdDSA; crit, b64, zip, jwk, jku, x5u, x5c and any other member that could change the meaning of the
// signature are refused, typ must be absent or JWT, and kid is required when there are several keys.
[[nodiscard]] std::optional<std::string> verified_payload(std::string_view token, const std::vector<VerifyKey>& keys,
                                                          std::string& why_not);

// The payload's bytes without any check of the signature: only for choosing whose keys to check it with.
[[nodiscard]] std::optional<std::string> unverified_payload(std::string_view token);

// Signs {alg: EdDSA, typ: JWT, kid} . payload.
[[nodiscard]] std::string sign_token(std::string_view seed, std::string_view payload);

}  // namespace libguard::identity
