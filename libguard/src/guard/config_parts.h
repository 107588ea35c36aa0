#pragma once
// The parts of guard.yaml, one reader each; `read_config` orders them.

#include <string>

#include "guard/config.h"
#include "guard/yaml.h"

namespace libguard {

void read_identity(const Section& root, Config& config);
void read_connections(const Section& root, Config& config, Frame& frame);
void read_data(const Section& root, Config& config, Frame& frame);
void read_facts(const Section& root, Frame& frame);
void read_frame_accounts(const Config& config, Frame& frame);
void read_budgets(const Section& root, Config& config);
[[nodiscard]] LoginConfig read_login(const Section& section, const std::string& directory);
[[nodiscard]] std::string read_tls(const Section& section, const std::string& host);
void read_external_decision(const Section& root, Config& config);
[[nodiscard]] CredentialConfig read_credential(const Section& credential, const std::string& directory);
[[nodiscard]] std::string absolute_path(const std::string& directory, const std::string& path);
[[nodiscard]] bool known_timezone(const std::string& name);

}  // namespace libguard
