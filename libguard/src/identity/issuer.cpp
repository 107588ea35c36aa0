#include "identity/authenticator.h"
#include "identity/claims.h"
#include "identity/jws.h"
#include "identity/key_file.h"
#include "libguard/error.h"

namespace libguard::identity {
namespace {

// An operator may hand out a token for a working day; whoever needs more wants a static key with an expiry.
constexpr std::int64_t kOperatorLifetimeS = 86'400;

void require(bool good, const char* code, const char* sentence) {
  if (!good) throw Error(ErrorKind::invalid, code, sentence);
}

}  // namespace

std::string issue_with_key_file(const std::string& private_path, const std::string& issuer, const std::string& audience,
                                const std::string& subject, const std::string& acts_for, std::int64_t lifetime_s,
                                std::int64_t now_us, const std::string& token_id) {
  require(lifetime_s > 0 && lifetime_s <= kOperatorLifetimeS, "identity.lifetime", "a token lives 1 to 86400 seconds");
  require(is_name(issuer) && is_name(audience) && is_name(subject) && is_name(token_id), "identity.token_names",
          "issuer, audience, subject and token id must be plain names");
  require(acts_for.empty() || is_name(acts_for), "identity.user", "acts_for is too long or not a plain name");
  Seed seed = read_seed(private_path);
  return sign_token(seed.bytes(), claims_text(issuer, audience, subject, acts_for, lifetime_s, now_us, token_id));
}

}  // namespace libguard::identity
