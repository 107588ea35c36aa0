#pragma once
// Static service keys, "lgk_<id>_<secret>". Stored as the plain SHA-256 of the secret: the secret is 256 bits of chance
// that make_key drew, so there is nothing to guess, and a slow password hash would only let a caller burn our time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/authenticator.h"

namespace libguard::identity {

inline constexpr std::int64_t kKeyAgeWarnUs = 90LL * 86'400 * 1'000'000;
// Two live keys are a rotation; a third is one that somebody forgot to remove.
inline constexpr std::size_t kLiveKeysMax = 2;
inline constexpr std::size_t kKeyIdBytesMax = 64;
// 128 bits in base64url; a shorter secret could be guessed from its stored hash.
inline constexpr std::size_t kKeySecretBytesMin = 22;
inline constexpr std::size_t kKeySecretBytesMax = 256;

struct KeyParts {
  std::string_view id;
  std::string_view secret;
};
[[nodiscard]] std::optional<KeyParts> split_key(std::string_view key) noexcept;
[[nodiscard]] bool is_key_id(std::string_view id) noexcept;
// Constant in time for the stored hash of a known id and for that of an unknown one (pass nullptr).
[[nodiscard]] bool secret_matches(std::string_view secret, const KeyConfig* key);
[[nodiscard]] bool key_expired(const KeyConfig& key, std::int64_t now_us) noexcept;
// "key k1 is 120 days old ...", "key k1 never expires ..."
[[nodiscard]] std::vector<std::string> key_warnings(const KeyConfig& key, std::int64_t now_us);

}  // namespace libguard::identity
