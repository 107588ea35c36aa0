#include "model/hops.h"

namespace libguard {

std::string_view hop_of(const Identity& identity, const Request& request, std::string_view kind) {
  std::string_view asserted;
  std::string_view verified;
  for (const std::vector<Hop>* hops : {&identity.chain, &request.hops}) {
    for (const Hop& one : *hops) {
      if (one.kind != kind) continue;
      // Hops of a request come from the process, whatever they say of themselves.
      if (one.verified && hops == &identity.chain)
        verified = one.name;
      else
        asserted = one.name;
    }
  }
  return verified.empty() ? asserted : verified;
}

}  // namespace libguard
