#pragma once
// What the identity tests share: a directory of its own, key files, a manual clock and a small configuration.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "base/crypto.h"
#include "base/json.h"
#include "base/system_clock.h"
#include "identity/authenticator.h"
#include "identity/jws.h"
#include "libguard/error.h"

namespace libguard::identity::test {

inline constexpr std::int64_t kNow = 1'800'000'000LL * 1'000'000;
inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr std::int64_t kDay = 86'400LL * kSecond;

class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lgidXXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text, mode_t mode) const {
    std::ofstream(file(name), std::ios::binary) << text;
    ::chmod(file(name).c_str(), mode);
    return file(name);
  }

 private:
  std::string path_;
};

// The code of the Error that `call` throws, or "".
template <typename Call>
std::string code_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

struct Setup {
  Directory directory;
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(kNow);
  NewKey key = make_key();
  IdentityConfig config;

  Setup() {
    write_issuer_key(directory.file("local.key"), directory.file("local.pub"));
    write_issuer_key(directory.file("people.key"), directory.file("people.pub"));
    config.providers = {local(), people()};
    config.accounts = {support(), dana(), reporter()};
  }
  [[nodiscard]] ProviderConfig local() const {
    return {"local", "local", directory.file("local.key"), "", "", "libguard"};
  }
  [[nodiscard]] ProviderConfig people() const {
    return {"people", "local", "", directory.file("people.pub"), "", "libguard"};
  }
  [[nodiscard]] static AccountConfig support() {
    return {"support-crew", "default", "local", "support-crew", {"support", "agents", "support"}, {}, true, false};
  }
  [[nodiscard]] static AccountConfig dana() {
    return {"dana", "default", "people", "dana@example.com", {"finance"}, {}, false, true};
  }
  [[nodiscard]] AccountConfig reporter() const {
    return {"reporter", "default",   "",
            "",         {"reports"}, {{key.id, key.secret_sha256_hex, kNow - kDay, kNow + 30 * kDay}},
            false,      false};
  }
  Authenticator open() const { return Authenticator(config, clock, std::make_shared<CountingIds>()); }
  // A token of provider `local` with these claims laid over good ones; null removes a claim.
  [[nodiscard]] std::string token(const Json& changes = Json::object()) const {
    Json claims{{"iss", "libguard:local"}, {"aud", "libguard"}, {"sub", "support-crew"}, {"jti", "t-1"}};
    claims["iat"] = kNow / kSecond;
    claims["exp"] = kNow / kSecond + 900;
    claims.merge_patch(changes);
    return signed_text(dump(claims));
  }
  [[nodiscard]] std::string signed_text(const std::string& payload) const { return sign_token(seed(), payload); }
  [[nodiscard]] std::string signed_with_header(const std::string& header, const std::string& payload) const {
    std::string text = crypto::base64url(header) + "." + crypto::base64url(payload);
    return text + "." + crypto::base64url(crypto::ed25519_sign(seed(), text));
  }
  [[nodiscard]] std::string seed() const {
    std::ifstream in(directory.file("local.key"));
    std::string line;
    std::getline(in, line);
    return crypto::from_hex(line).value();
  }
};

}  // namespace libguard::identity::test
