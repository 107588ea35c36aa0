#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>

#include "libguard/error.h"

namespace libguard::crypto {
namespace {

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorKind::internal, "crypto.failed", std::string("the cryptographic library failed in ") + what);
}

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

KeyPtr private_key(std::string_view seed) {
  KeyPtr key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()), &EVP_PKEY_free);
  if (!key) fail("reading an Ed25519 key");
  return key;
}

std::string encode(std::string_view bytes, const char* alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (unsigned char c : bytes) {
    buffer = (buffer << 8) | c;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out.push_back(alphabet[(buffer >> bits) & 63]);
    }
  }
  if (bits > 0) out.push_back(alphabet[(buffer << (6 - bits)) & 63]);
  while (pad && out.size() % 4 != 0) out.push_back('=');
  return out;
}

int digit_of(char c, bool url) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == (url ? '-' : '+')) return 62;
  if (c == (url ? '_' : '/')) return 63;
  return -1;
}

std::optional<std::string> decode(std::string_view text, bool url) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (char c : text) {
    int digit = digit_of(c, url);
    if (digit < 0) return std::nullopt;
    buffer = (buffer << 6) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<char>((buffer >> bits) & 255));
  }
  if ((buffer & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

constexpr const char* kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr const char* kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

// Fetching an algorithm and making a context cost more than hashing a record, so both are kept: the one for the
// process, the other for the thread.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (algorithm == nullptr) fail("SHA-256");
  return algorithm;
}

Digest sha256(std::string_view bytes) { return sha256(bytes, {}); }

Digest sha256(std::string_view first, std::string_view second) {
  thread_local const ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Digest digest;
  if (!context || EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), first.data(), first.size()) != 1 ||
      (!second.empty() && EVP_DigestUpdate(context.get(), second.data(), second.size()) != 1) ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    fail("SHA-256");
  }
  return digest;
}

namespace {

ContextPtr started(const char* block, std::size_t size) {
  ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), block, size) != 1) {
    fail("HMAC");
  }
  return context;
}

// The two halves of RFC 2104 after they have taken in the key; the guard has one key, so the last one is kept.
struct Keyed {
  explicit Keyed(std::string_view of) : key(of) {
    constexpr std::size_t kBlock = 64;
    std::string block(of.size() > kBlock ? std::string_view() : of);
    if (of.size() > kBlock) {
      const Digest shorter = sha256(of);
      block.assign(shorter.begin(), shorter.end());
    }
    block.resize(kBlock, '\0');
    for (char& c : block) c = static_cast<char>(c ^ 0x36);
    inner = started(block.data(), kBlock);
    for (char& c : block) c = static_cast<char>(c ^ 0x36 ^ 0x5c);
    outer = started(block.data(), kBlock);
    OPENSSL_cleanse(block.data(), kBlock);
  }
  ~Keyed() { OPENSSL_cleanse(key.data(), key.size()); }
  Keyed(const Keyed&) = delete;
  Keyed& operator=(const Keyed&) = delete;

  std::string key;
  ContextPtr inner{nullptr, &EVP_MD_CTX_free};
  ContextPtr outer{nullptr, &EVP_MD_CTX_free};
};

void finish_from(const EVP_MD_CTX* half, std::string_view bytes, Digest& out) {
  thread_local const ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_MD_CTX_copy_ex(context.get(), half) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), out.data(), nullptr) != 1) {
    fail("HMAC");
  }
}

}  // namespace

// OpenSSL's one-shot call fetches and keys a MAC each time (1.0 us against 0.3).
Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  thread_local std::unique_ptr<Keyed> keyed;
  if (!keyed || !equal(keyed->key, key)) keyed = std::make_unique<Keyed>(key);
  Digest first;
  Digest out;
  finish_from(keyed->inner.get(), bytes, first);
  finish_from(keyed->outer.get(), {reinterpret_cast<const char*>(first.data()), first.size()}, out);
  return out;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) fail("the random source");
  return out;
}

bool equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// The fields are gathered and hashed at once: they are short and many, and a call of the library for each costs more.
struct FieldHash::State {
  State() : bytes(std::move(spare())) {
    bytes.clear();
    bytes.reserve(kSpare);
  }
  ~State() {
    if (bytes.capacity() <= 4 * kSpare) spare() = std::move(bytes);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  static constexpr std::size_t kSpare = 2048;
  // Memory that a thread gathers fields in, one hash after the other.
  static std::string& spare() {
    thread_local std::string memory;
    return memory;
  }
  std::string bytes;
};

FieldHash::FieldHash() : state_(std::make_unique<State>()) {}
FieldHash::~FieldHash() = default;
FieldHash::FieldHash(FieldHash&&) noexcept = default;
FieldHash& FieldHash::operator=(FieldHash&&) noexcept = default;

FieldHash& FieldHash::field(std::string_view bytes) {
  std::array<char, 8> length;
  auto size = static_cast<std::uint64_t>(bytes.size());
  for (int i = 7; i >= 0; --i, size >>= 8) length[static_cast<std::size_t>(i)] = static_cast<char>(size & 255);
  state_->bytes.append(length.data(), length.size()).append(bytes);
  return *this;
}

FieldHash& FieldHash::field(std::int64_t number) {
  char digits[24];
  return field(std::string_view(
      digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)));
}

Digest FieldHash::finish() { return sha256(state_->bytes); }

Ed25519Pair ed25519_generate() {
  Ed25519Pair pair;
  pair.seed = random_bytes(32);
  pair.public_key = ed25519_public(pair.seed);
  return pair;
}

std::string ed25519_public(std::string_view seed) {
  KeyPtr key = private_key(seed);
  std::string out(32, '\0');
  std::size_t length = out.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(out.data()), &length) != 1 ||
      length != 32) {
    fail("deriving an Ed25519 public key");
  }
  return out;
}

std::string ed25519_sign(std::string_view seed, std::string_view message) {
  KeyPtr key = private_key(seed);
  ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string out(64, '\0');
  std::size_t length = out.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length, bytes_of(message),
                     message.size()) != 1 ||
      length != 64) {
    fail("signing");
  }
  return out;
}

bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature) {
  if (public_key.size() != 32 || signature.size() != 64) return false;
  KeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(public_key), 32), &EVP_PKEY_free);
  ContextPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!key || !context) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), 64, bytes_of(message), message.size()) == 1;
}

void hex_into(std::span<const std::uint8_t> bytes, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out.resize(bytes.size() * 2);
  char* at = out.data();
  for (std::uint8_t c : bytes) {
    *at++ = kDigits[c >> 4];
    *at++ = kDigits[c & 15];
  }
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  hex_into(bytes, out);
  return out;
}

std::string hex(std::string_view bytes) { return hex(std::span(bytes_of(bytes), bytes.size())); }

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = digit(text[i]);
    int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

std::string base64url(std::string_view bytes) { return encode(bytes, kUrlAlphabet, false); }
std::optional<std::string> from_base64url(std::string_view text) { return decode(text, true); }
std::string base64(std::string_view bytes) { return encode(bytes, kAlphabet, true); }
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  return decode(text.substr(0, text.size() - padding), false);
}

}  // namespace libguard::crypto
