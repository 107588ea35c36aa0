#include "identity/key_file.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/crypto.h"
#include "identity/authenticator.h"
#include "libguard/error.h"

namespace libguard::identity {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

[[noreturn]] void refuse(const char* code, const std::string& path, const std::string& why) {
  throw Error(ErrorKind::configuration, code, "key file " + path + ": " + why);
}

// Closes what it holds; key files are opened for a moment only.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// What is checked is the opened file itself, so that nobody can swap it between the check and the reading.
// O_NONBLOCK: a FIFO in place of a key must not make the guard hang.
void check_safe(int descriptor, const std::string& path, mode_t forbidden) {
  struct stat info {};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    refuse("identity.unsafe_key_file", path, "is not a plain file");
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    refuse("identity.unsafe_key_file", path,
           "belongs to another user; it must be owned by the user that runs the guard");
  }
  if ((info.st_mode & forbidden) != 0) {
    refuse(
        "identity.unsafe_key_file", path,
        (forbidden & 0044) != 0 ? "can be read by others; run: chmod 600" : "can be written by others; run: chmod 644");
  }
}

std::string read_file(const std::string& path, mode_t forbidden) {
  if (path.find('\0') != std::string::npos)
    refuse("identity.missing_key_file", "(a path with a NUL)", "cannot be opened");
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0)
    refuse("identity.missing_key_file", path, std::string("cannot be opened: ") + std::strerror(errno));
  check_safe(file.get(), path, forbidden);
  std::string bytes(kKeyFileBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse("identity.missing_key_file", path, "cannot be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  if (size > kKeyFileBytesMax) refuse("identity.malformed_key", path, "is too long for a key file");
  return bytes;
}

std::string trimmed(const std::string& text) {
  auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

// An encrypted key would make OpenSSL ask the terminal; a guard never waits for one.
int no_password(char*, int, int, void*) { return 0; }

BioPtr bio_of(const std::string& bytes) {
  return {BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), &BIO_free_all};
}

std::string seed_from_pem(const std::string& pem) {
  BioPtr bio = bio_of(pem);
  KeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr) : nullptr, &EVP_PKEY_free);
  ERR_clear_error();
  std::string seed(32, '\0');
  std::size_t size = seed.size();
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(seed.data()), &size) != 1 ||
      size != 32) {
    ERR_clear_error();
    return {};
  }
  return seed;
}

std::vector<std::string> public_from_pem(const std::string& pem) {
  std::vector<std::string> keys;
  BioPtr bio = bio_of(pem);
  while (bio && keys.size() <= kPublicKeysMax) {
    KeyPtr key(PEM_read_bio_PUBKEY(bio.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
    if (!key) break;
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size) != 1 ||
        size != 32) {
      ERR_clear_error();
      return {};
    }
    keys.push_back(std::move(raw));
  }
  ERR_clear_error();
  return keys;
}

std::vector<std::string> public_from_hex(const std::string& text) {
  std::vector<std::string> keys;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = trimmed(text.substr(at, end - at));
    at = end + 1;
    if (line.empty()) continue;
    auto raw = crypto::from_hex(line);
    if (!raw || raw->size() != 32) return {};
    keys.push_back(std::move(*raw));
  }
  return keys;
}

void write_new(const std::string& path, const std::string& bytes, mode_t mode) {
  File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.get() < 0) {
    bool exists = errno == EEXIST;
    refuse(exists ? "identity.key_file_exists" : "identity.key_file_unwritable", path,
           exists ? "exists already and is never overwritten" : std::string("cannot be made: ") + std::strerror(errno));
  }
  // The process's umask may have narrowed a public key's mode; a private one is exact from its first byte.
  bool good = ::fchmod(file.get(), mode) == 0;
  for (std::size_t at = 0; good && at < bytes.size();) {
    ssize_t put = ::write(file.get(), bytes.data() + at, bytes.size() - at);
    if (put < 0 && errno == EINTR) continue;
    good = put > 0;
    if (good) at += static_cast<std::size_t>(put);
  }
  if (good && ::fsync(file.get()) == 0) return;
  ::unlink(path.c_str());
  refuse("identity.key_file_unwritable", path, "cannot be written whole");
}

}  // namespace

Seed read_seed(const std::string& path) {
  std::string bytes = read_file(path, 0077);
  std::string text = trimmed(bytes);
  wipe(bytes);
  std::string seed =
      text.starts_with("-----BEGIN") ? seed_from_pem(text) : crypto::from_hex(text).value_or(std::string());
  wipe(text);
  if (seed.size() != 32) {
    wipe(seed);
    refuse("identity.malformed_key", path,
           "is neither 64 hex digits (lower case) nor an unencrypted Ed25519 PEM PKCS#8 key");
  }
  return Seed(std::move(seed));
}

std::vector<std::string> read_public_keys(const std::string& path) {
  std::string text = trimmed(read_file(path, 0022));
  auto keys = text.starts_with("-----BEGIN") ? public_from_pem(text) : public_from_hex(text);
  if (keys.empty() || keys.size() > kPublicKeysMax) {
    refuse("identity.malformed_key", path,
           "holds no list of 1 to 8 Ed25519 public keys (64 hex digits a line, lower case, or PEM blocks)");
  }
  return keys;
}

void write_issuer_key(const std::string& private_path, const std::string& public_path) {
  if (private_path == public_path)
    refuse("identity.key_file_exists", private_path, "cannot be private and public at once");
  crypto::Ed25519Pair pair = crypto::ed25519_generate();
  std::string line = crypto::hex(pair.seed) + "\n";
  wipe(pair.seed);
  try {
    write_new(private_path, line, 0600);
  } catch (...) {
    wipe(line);
    throw;
  }
  wipe(line);
  try {
    write_new(public_path, crypto::hex(pair.public_key) + "\n", 0644);
  } catch (...) {
    // A private key without its public half is of no use, and would block the next attempt.
    ::unlink(private_path.c_str());
    throw;
  }
}

}  // namespace libguard::identity
