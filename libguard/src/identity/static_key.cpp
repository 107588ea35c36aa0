#include "identity/static_key.h"

#include <algorithm>

#include "base/crypto.h"

namespace libguard::identity {
namespace {

constexpr std::string_view kPrefix = "lgk_";
constexpr std::int64_t kDayUs = 86'400LL * 1'000'000;
constexpr std::int64_t kExpiryWarnUs = 7 * kDayUs;

bool is_alnum(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool is_key_id(std::string_view id) noexcept {
  return !id.empty() && id.size() <= kKeyIdBytesMax &&
         std::all_of(id.begin(), id.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

std::optional<KeyParts> split_key(std::string_view key) noexcept {
  if (!key.starts_with(kPrefix)) return std::nullopt;
  key.remove_prefix(kPrefix.size());
  auto bar = key.find('_');
  if (bar == std::string_view::npos) return std::nullopt;
  KeyParts parts{key.substr(0, bar), key.substr(bar + 1)};
  if (!is_key_id(parts.id)) return std::nullopt;
  if (parts.secret.size() < kKeySecretBytesMin || parts.secret.size() > kKeySecretBytesMax) return std::nullopt;
  bool plain =
      std::all_of(parts.secret.begin(), parts.secret.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  if (!plain) return std::nullopt;
  return parts;
}

bool secret_matches(std::string_view secret, const KeyConfig* key) {
  static const std::string kNobody(64, '0');
  std::string found = crypto::hex(crypto::sha256(secret));
  bool equal = crypto::equal(found, key != nullptr ? key->secret_sha256_hex : kNobody);
  return equal && key != nullptr;
}

bool key_expired(const KeyConfig& key, std::int64_t now_us) noexcept {
  return key.expires_at_us != 0 && key.expires_at_us <= now_us;
}

std::vector<std::string> key_warnings(const KeyConfig& key, std::int64_t now_us) {
  std::vector<std::string> out;
  if (key.created_at_us <= 0) {
    out.push_back("key " + key.id + " has no date of making, so its age is unknown");
  } else if (now_us - key.created_at_us > kKeyAgeWarnUs) {
    auto days = (now_us - key.created_at_us) / kDayUs;
    out.push_back("key " + key.id + " is " + std::to_string(days) + " days old; replace keys after 90");
  }
  if (key.expires_at_us == 0) {
    out.push_back("key " + key.id + " never expires; give it an expiry");
  } else if (key.expires_at_us - now_us < kExpiryWarnUs) {
    out.push_back("key " + key.id + " expires within 7 days");
  }
  return out;
}

NewKey make_key() {
  NewKey made;
  made.id = crypto::hex(crypto::random_bytes(6));
  std::string secret = crypto::base64url(crypto::random_bytes(32));
  made.secret_sha256_hex = crypto::hex(crypto::sha256(secret));
  made.key = std::string(kPrefix) + made.id + "_" + secret;
  return made;
}

}  // namespace libguard::identity
