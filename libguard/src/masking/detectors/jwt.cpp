#include <algorithm>

#include "base/crypto.h"
#include "base/limits.h"
#include "masking/detectors/detectors.h"

// JSON Web Tokens (RFC 7515, 7516): parts of base64url with dots between, of which the first decodes to a JSON object
// that names its algorithm. Also without a signature, and with the five parts of an encrypted one: a token is a
// credential, and the middle of it is personal data.

namespace libguard::masking {
namespace {

constexpr std::size_t kJwtBytesMin = 24;

bool is_base64url(char c) noexcept { return is_alnum(c) || c == '-' || c == '_'; }

std::size_t part_end(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_base64url(text[at])) ++at;
  return at;
}

// Is this the base64url of "{..."alg"..."? Lenient on purpose: a token that a strict reader refuses is still one.
bool is_header(std::string_view part) {
  // A header longer than any token is allowed to be is not decoded to find out.
  if (part.size() > limits::kTokenBytesMax) return true;
  auto decoded = crypto::from_base64url(part.substr(0, part.size() / 4 * 4));
  return decoded && decoded->starts_with('{') && decoded->find("\"alg\"") != std::string::npos;
}

// A word may run into the token ("token_eyJ..."), so the header may start inside the part. '{' followed by '"' or white
// space encodes to one of these.
std::size_t header_start(std::string_view text, std::size_t from, std::size_t to) {
  constexpr int kTries = 4;
  int tries = 0;
  for (std::size_t at = from; at + 8 <= to && tries < kTries; ++at) {
    if (text[at] != 'e' || (text[at + 1] != 'y' && text[at + 1] != 'w')) continue;
    ++tries;
    if (is_header(text.substr(at, to - at))) return at;
  }
  return to;
}

class Jwt final : public Detector {
 public:
  [[nodiscard]] std::string_view entity() const override { return "JWT"; }

  void find(std::string_view text, std::vector<Span>& spans) const override {
    if (text.size() < kJwtBytesMin || text.find('.') == std::string_view::npos) return;
    // The starts that header_start knows; hardly any other text holds one.
    if (text.find("ey") == std::string_view::npos && text.find("ew") == std::string_view::npos) return;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = part_end(text, at);
      if (end == at) {
        ++at;
        continue;
      }
      std::size_t found = end;
      // The first part may be preceded by other words with dots between ("jwt.eyJ..."), so every part may be a header.
      std::size_t last = token_end(text, end);
      if (std::size_t start = last > end ? header_start(text, at, end) : end; start < end) {
        found = last;
        spans.push_back({start, found, "JWT"});
      }
      at = found;
    }
  }

 private:
  // Up to four more parts: payload and signature, or the key, vector, text and tag of an encrypted token.
  static std::size_t token_end(std::string_view text, std::size_t header_end) noexcept {
    std::size_t end = header_end;
    for (int part = 0; part < 4 && end < text.size() && text[end] == '.'; ++part) {
      std::size_t next = part_end(text, end + 1);
      // An empty part ends the token here, except the empty key of direct encryption.
      if (next == end + 1 && !(part == 0 && next < text.size() && text[next] == '.')) return end;
      end = next;
    }
    return end;
  }
};

}  // namespace

std::shared_ptr<const Detector> jwt_detector() { return std::make_shared<Jwt>(); }

}  // namespace libguard::masking
