#pragma once
// The one place where a secret's bytes can be read (promise 3). Included by drivers only; a test checks that no file
// outside backend/ includes it.

#include <string_view>

#include "base/secret.h"

namespace libguard::backend {

class SecretDoor {
 public:
  [[nodiscard]] static std::string_view read(const Secret& secret) noexcept { return secret.reveal(); }
};

}  // namespace libguard::backend
