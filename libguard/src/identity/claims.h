#pragma once
// The claims layer of a token: RFC 7519 names, RFC 8693 `act`, and our `acts_for`. Reads untrusted bytes whose
// signature was verified; returns values, and its reasons show nothing of the token.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "identity/authenticator.h"

namespace libguard::identity {

// Room for a URL or a distinguished name; more would only make records long.
inline constexpr std::size_t kNameBytesMax = 1'024;

// What a token must say to count. `iss` and `aud` are compared byte for byte; `aud` may be an array that contains
// exactly the audience. exp (required) is strict: a token is dead at its exp, whatever the clocks. nbf and iat have
// limits::kClockLeewayS, or a fresh token of a machine whose clock is ahead would be refused.
//
// {sub: account}                              the account itself
// {sub: account, acts_for: user}              the account, for a user
// {sub: user, act: {sub: account, act: ...}}  RFC 8693 section 4.1: the outermost actor is the one who asks; the ones
//                                             nested in it are earlier links of the chain, and `sub` is the user
// act together with acts_for says two things about the user, and is refused.
[[nodiscard]] std::optional<VerifiedClaims> read_claims(std::string_view payload, const std::string& issuer,
                                                        const std::string& audience, std::int64_t now_us,
                                                        std::string& why_not);

// The issuer that a payload claims, or "": only for choosing whose keys to check it with.
[[nodiscard]] std::string claimed_issuer(std::string_view payload);

// The payload of a token of ours.
[[nodiscard]] std::string claims_text(const std::string& issuer, const std::string& audience,
                                      const std::string& subject, const std::string& acts_for, std::int64_t lifetime_s,
                                      std::int64_t now_us, const std::string& token_id);

// A strict JSON object: the only form of a token's header and claims.
[[nodiscard]] JsonResult read_object(std::string_view text);

// A name that may stand in records and on the approver's screen: not empty, not "*", no control characters, bounded.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

}  // namespace libguard::identity
