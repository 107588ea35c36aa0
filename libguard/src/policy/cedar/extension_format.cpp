// Extension values as text that reads back as the same value.
#include <cstdio>

#include "policy/cedar/extension.h"

namespace libguard::policy::cedar {

std::string decimal_text(std::int64_t number) {
  std::uint64_t magnitude =
      number < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  std::string fraction = std::to_string(magnitude % 10'000 + 10'000).substr(1);
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  return (number < 0 ? "-" : "") + std::to_string(magnitude / 10'000) + "." + fraction;
}

std::string duration_text(std::int64_t ms) { return std::to_string(ms) + "ms"; }

std::string ip_text(const Ip& ip) {
  std::string out;
  char group[8];
  for (std::size_t i = 0; i < (ip.v6 ? 16U : 4U); i += ip.v6 ? 2 : 1) {
    if (i > 0) out += ip.v6 ? ':' : '.';
    if (ip.v6)
      std::snprintf(group, sizeof group, "%x", ip.bytes[i] * 256 + ip.bytes[i + 1]);
    else
      std::snprintf(group, sizeof group, "%d", ip.bytes[i]);
    out += group;
  }
  return ip.prefix == (ip.v6 ? 128 : 32) ? out : out + "/" + std::to_string(ip.prefix);
}

}  // namespace libguard::policy::cedar
