#pragma once
// The explicit table of drivers: one row for each (CONTRIBUTING.md, "a backend").

#include <functional>
#include <memory>

#include "backend/backend.h"
#include "credentials/credential_source.h"
#include "guard/config.h"
#include "libguard/clock.h"

namespace libguard {

// What tests and benchmarks may put in the place of `make_backend`.
using BackendMaker = std::function<std::unique_ptr<backend::Backend>(const ConnectionConfig&, std::shared_ptr<Clock>)>;

// Throws Error(configuration, "config.driver") for a driver that is not in the table.
[[nodiscard]] std::unique_ptr<backend::Backend> make_backend(const ConnectionConfig& config,
                                                             const std::shared_ptr<Clock>& clock);
[[nodiscard]] std::unique_ptr<credentials::CredentialSource> make_credential_source(const CredentialConfig& config);

}  // namespace libguard
