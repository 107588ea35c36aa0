#pragma once
// Ed25519 key files: a private one is a 32-byte seed as 64 hex digits or PEM PKCS#8, readable by its owner alone; a
// public one holds up to kPublicKeysMax keys (64 hex digits a line, or PEM blocks), so that an issuer can rotate.
// Every function throws Error(configuration, "identity.*"); no sentence holds a byte of a key.

#include <cstddef>
#include <string>
#include <vector>

#include "base/secret.h"

namespace libguard::identity {

// A key file is some hundred bytes; anything longer is not one.
inline constexpr std::size_t kKeyFileBytesMax = 16 * 1024;
// The key in use, the one that replaces it, and slack for a slow roll-out.
inline constexpr std::size_t kPublicKeysMax = 8;

// A private seed, wiped when it goes. Move-only.
class Seed {
 public:
  explicit Seed(std::string&& bytes) noexcept : bytes_(std::move(bytes)) { wipe(bytes); }
  ~Seed() { wipe(bytes_); }
  Seed(Seed&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }
  Seed& operator=(Seed&&) = delete;
  Seed(const Seed&) = delete;
  Seed& operator=(const Seed&) = delete;
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

// "identity.unsafe_key_file" (mode, owner, not a plain file), "identity.missing_key_file", "identity.malformed_key".
[[nodiscard]] Seed read_seed(const std::string& path);
[[nodiscard]] std::vector<std::string> read_public_keys(const std::string& path);

}  // namespace libguard::identity
