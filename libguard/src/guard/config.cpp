#include "guard/config.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/crypto.h"
#include "base/limits.h"
#include "guard/config_parts.h"
#include "guard/policy_files.h"
#include "guard/yaml.h"
#include "libguard/error.h"

namespace libguard {
namespace {

std::string read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw Error(ErrorKind::configuration, "config.missing",
                path + ": no such file; `libguard init` writes a working set, or name one with --config");
  }
  if (std::filesystem::file_size(path, error) > limits::kConfigBytesMax) {
    throw Error(ErrorKind::configuration, "config.too_large", path + ": longer than 1 MiB");
  }
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) throw Error(ErrorKind::configuration, "config.unreadable", path + ": cannot be read");
  return bytes;
}

void read_approvals(const Section& root, Config& config) {
  Section approvals = root.section("approvals");
  approvals.only({"store", "wait_s"});
  config.approvals_store = absolute_path(config.directory, approvals.text("store", "state/approvals.db"));
  config.approvals_wait_ms = approvals.number("wait_s", 0, 0, 86'400) * 1'000;
}

void read_audit(const Section& root, Config& config) {
  Section audit = root.section("audit");
  audit.only({"directory", "responses"});
  config.audit_directory = absolute_path(config.directory, audit.text("directory", "state/audit"));
  std::string responses = audit.text("responses", "masked");
  if (responses != "masked" && responses != "digest") audit.fail("responses", "config.choice", "use masked or digest");
  config.record_responses = responses == "masked";
}

}  // namespace

std::string absolute_path(const std::string& directory, const std::string& path) {
  return (std::filesystem::path(directory) / path).lexically_normal().string();
}

Config read_config(const std::string& path) {
  std::string bytes = read_file(path);
  Config config;
  config.file = path;
  config.directory = std::filesystem::absolute(path).parent_path().string();
  config.digest = crypto::hex(crypto::sha256(bytes));
  Section root = read_yaml(path, bytes);
  root.only({"version", "identity", "connections", "data", "facts", "policies", "roles", "external_decision",
             "approvals", "audit", "timezone", "budgets", "tools"});
  if (root.text("version") != "1") root.fail("version", "config.version", "this guard reads version 1");

  read_identity(root, config);
  auto frame = std::make_shared<Frame>();
  read_connections(root, config, *frame);
  read_data(root, config, *frame);
  read_facts(root, *frame);
  read_frame_accounts(config, *frame);
  frame->timezone = root.text("timezone", "UTC");
  if (!known_timezone(frame->timezone))
    root.fail("timezone", "config.timezone", "unknown time zone; use a name such as Europe/Vienna");
  config.frame = std::move(frame);
  config.policies = read_policies(root, config.directory);
  read_external_decision(root, config);
  read_approvals(root, config);
  read_budgets(root, config);
  read_audit(root, config);
  return config;
}

}  // namespace libguard
