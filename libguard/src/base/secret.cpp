#include "base/secret.h"

#include <openssl/crypto.h>

namespace libguard {

void wipe(std::string& bytes) noexcept {
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

// A short string lives inside the object, so a move leaves a copy behind: wipe it by hand.
Secret::Secret(std::string&& bytes) noexcept : bytes_(bytes) { libguard::wipe(bytes); }
// NOLINTNEXTLINE(performance-move-constructor-init): copied on purpose, as said above
Secret::Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }
Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_ = other.bytes_;
  other.wipe();
  return *this;
}
Secret::~Secret() { wipe(); }
void Secret::wipe() noexcept { libguard::wipe(bytes_); }

}  // namespace libguard
