#pragma once
// The few primitives the guard needs, over OpenSSL EVP. Every function throws Error(internal,
// "crypto.failed") when OpenSSL does; none returns a partial answer.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace libguard::crypto {

using Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest sha256(std::string_view bytes);
// Of both, one behind the other.
[[nodiscard]] Digest sha256(std::string_view first, std::string_view second);
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view bytes);
[[nodiscard]] std::string random_bytes(std::size_t count);
// Constant in time for equal lengths.
[[nodiscard]] bool equal(std::string_view a, std::string_view b) noexcept;

// Incremental SHA-256 over length-prefixed fields (8 bytes big endian + bytes), so that no two different
// lists of fields have the same input.
class FieldHash {
 public:
  FieldHash();
  ~FieldHash();
  FieldHash(FieldHash&&) noexcept;
  FieldHash& operator=(FieldHash&&) noexcept;
  FieldHash& field(std::string_view bytes);
  FieldHash& field(std::int64_t number);
  [[nodiscard]] Digest finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Ed25519 (RFC 8032). Raw forms: 32-byte seed, 32-byte public key, 64-byte signature.
struct Ed25519Pair {
  std::string seed;
  std::string public_key;
};
[[nodiscard]] Ed25519Pair ed25519_generate();
[[nodiscard]] std::string ed25519_public(std::string_view seed);
[[nodiscard]] std::string ed25519_sign(std::string_view seed, std::string_view message);
// False for any malformed key or signature; never throws for bad input.
[[nodiscard]] bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature);

[[nodiscard]] std::string hex(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string hex(std::string_view bytes);
// The same into a text whose memory is used again.
void hex_into(std::span<const std::uint8_t> bytes, std::string& out);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

// RFC 4648 section 5 without padding; decoding refuses padding, foreign characters and non-canonical
// trailing bits.
[[nodiscard]] std::string base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);
// RFC 4648 section 4 with padding, equally strict.
[[nodiscard]] std::string base64(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace libguard::crypto
