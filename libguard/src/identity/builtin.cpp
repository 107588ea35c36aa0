#include "identity/provider.h"
#include "libguard/error.h"

namespace libguard::identity {

const std::vector<ProviderKind>& builtin_providers() {
  static const std::vector<ProviderKind> kKinds = {
      {"local", &make_local_provider},
  };
  return kKinds;
}

Provider make_provider(const ProviderConfig& config) {
  std::string known;
  for (const ProviderKind& row : builtin_providers()) {
    if (row.kind == config.kind) return row.make(config);
    known += (known.empty() ? "" : ", ") + std::string(row.kind);
  }
  throw Error(ErrorKind::configuration, "identity.provider_kind",
              "identity.providers." + config.name + ".kind: this kind is not supported; supported: " + known);
}

}  // namespace libguard::identity
