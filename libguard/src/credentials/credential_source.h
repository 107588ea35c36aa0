#pragma once
// Where the secrets of backends come from. `acquire` is the only door, and it asks for a Grant.

#include <memory>
#include <string>

#include "base/secret.h"
#include "model/permit.h"

namespace libguard::credentials {

// A secret for as long as it is good. Move-only.
struct Lease {
  Secret secret;
  std::int64_t expires_at_us = 0;  // 0: until the source changes
  std::string warning;             // "read from an environment variable, which the process can read" or ""
};

// Thread-safe. Throws Error(configuration, "credential.unsafe_file" | "credential.missing") and
// Error(unavailable, "credential.unavailable"); no sentence ever holds the secret.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual Lease acquire(const Grant& grant) = 0;
  // Checks what can be checked without reading the secret (file mode, variable set). For `config check`.
  virtual std::string check() = 0;  // "" or a warning; throws as acquire does
};

// kind: file { path }; the file must be owned by us or root and have mode 0600 or 0400; one trailing newline is
// dropped.
[[nodiscard]] std::unique_ptr<CredentialSource> file_source(std::string path);
// kind: env { variable }; works, with a warning.
[[nodiscard]] std::unique_ptr<CredentialSource> env_source(std::string variable);

}  // namespace libguard::credentials
