#include "guard/config_parts.h"

namespace libguard {
namespace {

// "https://host..." or, on this machine only, "http://127.0.0.1...": an answer that anybody on the way could have
// written decides nothing.
bool trustworthy(const std::string& url) {
  if (url.find_first_of("@ \t\r\n\\?#") != std::string::npos) return false;
  if (url.starts_with("https://")) return url.size() > 8 && url[8] != '/';
  for (const std::string local : {"http://127.0.0.1", "http://[::1]", "http://localhost"}) {
    if (url.starts_with(local) && (url.size() == local.size() || url[local.size()] == ':' || url[local.size()] == '/'))
      return true;
  }
  return false;
}

}  // namespace

void read_external_decision(const Section& root, Config& config) {
  if (!root.has("external_decision")) return;
  Section section = root.section("external_decision");
  section.only({"url", "timeout_ms", "ca_file", "credential"});
  config.external.url = section.text("url");
  if (!trustworthy(config.external.url))
    section.fail("url", "config.url", "use https://host[:port][/path], or http:// on this machine's loopback");
  config.external.timeout_ms = section.number("timeout_ms", 500, 1, 10'000);
  if (section.has("ca_file")) config.external.ca_file = absolute_path(config.directory, section.text("ca_file"));
  if (section.has("credential"))
    config.external.token = read_credential(section.section("credential"), config.directory);
}

}  // namespace libguard
