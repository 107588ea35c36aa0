#include "guard/snapshot.h"

#include <atomic>
#include <filesystem>

#include "base/crypto.h"
#include "base/log.h"
#include "libguard/error.h"

namespace libguard {
namespace {

// What an operator should hear at start-up of each credential: a wrong mode refuses, an environment variable warns.
void check_credentials(Config& config) {
  for (const ConnectionConfig& connection : config.connections) {
    for (const LoginConfig* login : {&connection.read, &connection.write}) {
      if (login->role.empty()) continue;
      std::string warning = make_credential_source(login->credential)->check();
      if (!warning.empty()) config.warnings.push_back("connections." + connection.name + ": " + warning);
    }
  }
}

std::string hash_of(const Config& config, const policy::Decider& decider) {
  crypto::FieldHash hash;
  hash.field("libguard snapshot 1").field(config.digest).field(decider.version());
  return crypto::hex(hash.finish());
}

void ensure_folder_of(const std::string& file) {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (std::filesystem::is_directory(folder, error)) return;
  std::filesystem::create_directories(folder, error);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
}

std::unique_ptr<masking::Masker> make_masker(const Config& config, const Detectors& own_detectors) {
  Detectors detectors;
  if (config.detect) detectors = masking::builtin_detectors();
  detectors.insert(detectors.end(), own_detectors.begin(), own_detectors.end());
  return std::make_unique<masking::Masker>(config.frame, std::move(detectors), config.detect_show);
}

std::unique_ptr<backend::ExternalDecision> make_external(Config& config) {
  if (config.external.url.empty()) return nullptr;
  std::unique_ptr<credentials::CredentialSource> token;
  if (!config.external.token.kind.empty()) {
    token = make_credential_source(config.external.token);
    const std::string warning = token->check();
    if (!warning.empty()) config.warnings.push_back("external_decision: " + warning);
  }
  backend::ExternalDecisionConfig out{config.external.url, config.external.ca_file, config.external.timeout_ms};
  return std::make_unique<backend::ExternalDecision>(std::move(out), std::move(token));
}

}  // namespace

std::shared_ptr<Snapshot> build_snapshot(const std::string& path, const Ingredients& ingredients) {
  static std::atomic<std::uint64_t> last{0};
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->number = ++last;
  snapshot->config = read_config(path);
  Config& config = snapshot->config;
  snapshot->authenticator =
      std::make_unique<identity::Authenticator>(config.identity, ingredients.clock, ingredients.ids);
  snapshot->decider = std::make_unique<policy::Decider>(config.policies, config.frame);
  const std::vector<std::string>& doubtful = snapshot->decider->warnings();
  config.warnings.insert(config.warnings.end(), doubtful.begin(), doubtful.end());
  snapshot->masker = make_masker(config, ingredients.own_detectors);
  check_credentials(config);
  snapshot->external = make_external(config);
  for (const ConnectionConfig& connection : config.connections) {
    auto backend = ingredients.backend(connection, ingredients.clock);
    snapshot->connections[connection.name] = std::make_shared<Connection>(connection, config.frame, std::move(backend));
  }
  snapshot->hash = hash_of(config, *snapshot->decider);
  return snapshot;
}

void start_snapshot(Snapshot& snapshot, const Ingredients& ingredients) {
  ensure_folder_of(snapshot.config.approvals_store);
  std::shared_ptr<approval::TicketStore> store = approval::sqlite_ticket_store(snapshot.config.approvals_store);
  snapshot.approver = std::make_unique<approval::Approver>(std::move(store), ingredients.clock, ingredients.ids);
  if (!snapshot.config.budgets.path.empty()) ensure_folder_of(snapshot.config.budgets.path);
  snapshot.budgets = open_budgets(snapshot.config, snapshot.decider->budget_needs());
  for (const auto& [name, connection] : snapshot.connections) {
    try {
      (void)connection->meaning(connection->limits(Request{}));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::configuration) throw;
      log(LogLevel::warning, "connection " + name + " is not reachable yet: " + error.what());
    }
  }
}

}  // namespace libguard
